// `./spillway demo`: a flash sale against real servers, from a fresh checkout, with a report at the
// end. Exit code 1 when a promise was not kept.
import { writeFileSync } from 'node:fs';
import { type Command, InvalidArgumentError } from 'commander';
import { targetsOf } from '../audit/audit.js';
import { paintFor } from '../audit/paint.js';
import {
  readTopology,
  redisClusterOption,
  redisSentinelOption,
  type TopologyFlags,
} from '../commands/mesh-options.js';
import { howToCall } from '../how-to-call.js';
import { interruptible } from '../interrupt.js';
import { acquireLock } from '../lock.js';
import { currentStatus, type MeshStatus, startMesh, withMesh } from '../mesh.js';
import { createHome, defaultHome } from '../paths.js';
import type { RedisTopology } from '../servers/redis-topology.js';
import { Steps, toStderr } from '../steps.js';
import { renderDemo } from './report.js';
import { type DemoOptions, runDemo } from './run-demo.js';

interface DemoFlags extends Omit<DemoOptions, 'seed'>, TopologyFlags {
  seed?: number;
  json?: string;
  keep?: true;
}

export function registerDemo(program: Command): void {
  program
    .command('demo')
    .description('sell out a flash sale on real servers, then audit it')
    .option('--units <n>', 'units of the hot SKU; ordinary ones have 30 % of it', whole(1), 1_000)
    .option('--buyers <n>', 'how many come', whole(1), 20_000)
    .option('--skus <n>', 'ordinary SKUs', whole(0), 20)
    .option('--concurrency <n>', 'calls in flight at a time', whole(1), 400)
    .option('--seed <n>', 'who wants what; repeats the crowd of an earlier run', whole(0))
    .option('--json <file>', 'write the result as JSON too')
    .option('--keep', 'leave the mesh up afterwards')
    .addOption(redisClusterOption().conflicts('redisSentinel'))
    .addOption(redisSentinelOption().conflicts('redisCluster'))
    .addHelpText(
      'after',
      `
Examples:
  ./spillway demo                               about 30 s, leaves nothing running
  ./spillway demo --keep                        then call it yourself; end it with: ./spillway down
  ./spillway demo --units 50 --buyers 500       a small one`,
    )
    .action(async (flags: DemoFlags) => {
      process.exitCode = await demo(flags);
    });
}

async function demo(flags: DemoFlags): Promise<number> {
  const steps = new Steps(toStderr);
  const options = { ...flags, seed: flags.seed ?? Date.now() % 1_000_000 };
  const wasUp = currentStatus().state === 'up';
  if (!wasUp) steps.line('Starting:');
  const redis = readTopology(flags);
  if (!wasUp && flags.keep === true) await bringUpToStay(steps, redis);
  return withMesh({ steps, redis }, async (mesh, signal) => {
    const { buyers, units, seed } = options;
    steps.line(`\n${buyers} buyers for ${units} hot units (--seed ${seed})`);
    const { result, curve } = await runDemo(mesh, targetsOf(mesh), options, signal);
    const text = renderDemo(result, curve, paintFor(process.stdout));
    process.stdout.write(`${text}\n${outlook(mesh, result.hot.sku_id, wasUp || flags.keep)}\n`);
    if (flags.json !== undefined) {
      writeFileSync(flags.json, `${JSON.stringify(result, null, 2)}\n`);
    }
    return result.ok ? 0 : 1;
  });
}

/** Like `up --detach`: withMesh then finds it running and leaves it so. */
async function bringUpToStay(steps: Steps, redis: RedisTopology): Promise<void> {
  const home = defaultHome();
  createHome(home);
  const release = acquireLock(home, 'demo --keep');
  try {
    await interruptible(async (signal) => {
      const table = await startMesh({ home, redis, steps, signal });
      table.state.supervisor = null;
      table.save();
    });
  } finally {
    release();
  }
}

function outlook(mesh: MeshStatus, skuId: string, stays: boolean | undefined): string {
  const [gateway] = mesh.services.gateway;
  const stock =
    `  curl -H 'content-type: application/json' \\\n` +
    `    ${gateway}/spillway.inventory.v1.InventoryService/GetStock -d '{"skuId":"${skuId}"}'`;
  const head = stays
    ? '\nThe mesh is up; end it with: ./spillway down'
    : '\nThe mesh goes down now. To keep one and call it yourself: ./spillway demo --keep\n' +
      'It then answers, at addresses of its own that it prints:';
  return `${head}\n${howToCall(mesh)}\n\nWhat is left of the hot SKU:\n${stock}`;
}

function whole(min: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (Number.isInteger(value) && value >= min && value <= VALUE_MAX) return value;
    throw new InvalidArgumentError(`Give a whole number from ${min} to ${VALUE_MAX}.`);
  };
}

/** A crowd is planned in memory: ten million of them need about 4 GB. */
const VALUE_MAX = 10_000_000;
