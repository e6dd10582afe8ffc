// `./spillway load`: real k6 against the mesh, then the verdict of the books. Uses a mesh that is
// up, else brings up one for the run. Exit code 1 when a promise was not kept.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import {
  isScenarioName,
  SCENARIO_NAMES,
  SCENARIOS,
  type ScenarioName,
} from '../../loadtest/plan/scenario-table.js';
import { targetsOf } from '../audit/audit.js';
import { paintFor } from '../audit/paint.js';
import { ensureK6 } from '../load/k6-program.js';
import type { LoadResult } from '../load/load-result.js';
import { buildProtosets } from '../load/protoset.js';
import { renderLine, renderLoad } from '../load/render-load.js';
import { runLoad } from '../load/run-load.js';
import { sizeOf } from '../load/run-size.js';
import { currentStatus, withMesh } from '../mesh.js';
import { defaultHome } from '../paths.js';
import { Steps, toStderr } from '../steps.js';

const RATE_MAX = 100_000;
const SECONDS_MAX = 7 * 24 * 3600;
const SEED_MAX = 2 ** 31 - 1;
const SCENARIO_DEFAULT: ScenarioName = 'flash-sale';

interface LoadFlags {
  list?: true;
  duration?: number;
  rate?: number;
  seed?: number;
  short?: true;
  json?: string;
}

export function registerLoad(program: Command): void {
  program
    .command('load')
    .description('put the mesh under load with k6, then ask the books')
    .argument('[scenario...]', '--list tells them; `all` is all but soak', scenarios)
    .option('--list', 'say which scenarios there are')
    .option('--duration <time>', 'of each scenario, such as 90s, 15m or 2h', duration)
    .option('--rate <n>', 'arrivals per second at the height', whole(1, RATE_MAX))
    .option(
      '--seed <n>',
      'who wants what; repeats the arrivals of an earlier run',
      whole(0, SEED_MAX),
    )
    .option('--short', 'the small form that runs in CI; latency is held only roughly')
    .option('--json <file>', 'write { ok, runs } as JSON too')
    .addHelpText(
      'after',
      `
Examples:
  ./spillway load                        a flash sale on a private mesh, two cores' worth
  ./spillway load all --short            every scenario but soak, some seconds each
  ./spillway load steady --rate 3000     more, on a machine with more cores
  ./spillway load soak --duration 2h     until something grows

Needs k6; without one it is built once with Go. docs/load-testing.md explains the scenarios.`,
    )
    .action(async (chosen: ScenarioName[], flags: LoadFlags) => {
      if (flags.list === true) process.stdout.write(`${listText()}\n`);
      else process.exitCode = await load(chosen.length === 0 ? [SCENARIO_DEFAULT] : chosen, flags);
    });
}

async function load(names: readonly ScenarioName[], flags: LoadFlags): Promise<number> {
  const steps = new Steps(toStderr);
  const paint = paintFor(process.stdout);
  const work = mkdtempSync(path.join(tmpdir(), 'spillway-load-'));
  try {
    if (currentStatus().state !== 'up') steps.line('Starting:');
    const k6 = await ensureK6(steps);
    const protosets = await buildProtosets(work);
    const results = await withMesh({ steps }, async (mesh, signal) => {
      const done: LoadResult[] = [];
      for (const scenario of names) {
        const short = flags.short === true;
        const size = sizeOf(scenario, { short, rate: flags.rate, seconds: flags.duration });
        const seed = flags.seed ?? Date.now() % 1_000_000;
        steps.line(`\n${scenario}: ${size.rate}/s for ${size.seconds} s (--seed ${seed})`);
        const run = { k6, protosets, scenario, size, short, seed };
        const result = await runLoad(defaultHome(), mesh, targetsOf(mesh), run, signal);
        process.stdout.write(`${renderLoad(result, paint)}\n`);
        done.push(result);
      }
      return done;
    });
    if (results.length > 1) {
      process.stdout.write(`\n${results.map((one) => renderLine(one, paint)).join('\n')}\n`);
    }
    const ok = results.every((result) => result.ok);
    if (flags.json !== undefined) {
      writeFileSync(flags.json, `${JSON.stringify({ ok, runs: results }, null, 2)}\n`);
    }
    return ok ? 0 : 1;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function listText(): string {
  return SCENARIO_NAMES.map((name) => {
    const { shows, full } = SCENARIOS[name];
    return `${name.padEnd(18)} ${shows}\n${' '.repeat(18)} ${full.rate}/s for ${full.seconds} s`;
  }).join('\n');
}

/** Commander hands over one argument at a time, with what came before it. */
function scenarios(text: string, before: ScenarioName[] | undefined): ScenarioName[] {
  const chosen = before ?? [];
  if (text === 'all') return [...chosen, ...SCENARIO_NAMES.filter((name) => name !== 'soak')];
  if (isScenarioName(text)) return [...chosen, text];
  throw new InvalidArgumentError(`There are: ${SCENARIO_NAMES.join(', ')}, all.`);
}

function duration(text: string): number {
  const match = /^(\d+)(s|m|h)?$/.exec(text);
  const [, count = '', unit = 's'] = match ?? [];
  const seconds = Number(count) * { s: 1, m: 60, h: 3600 }[unit as 's' | 'm' | 'h'];
  if (match !== null && seconds >= 1 && seconds <= SECONDS_MAX) return seconds;
  throw new InvalidArgumentError('Give a time such as 90s, 15m or 2h, at most a week.');
}

function whole(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text !== '' && Number.isInteger(value) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`Give a whole number from ${min} to ${max}.`);
  };
}
