// `./spillway chaos`: breaks a private mesh on purpose while it sells, and judges it by what clients
// were told and what the databases hold. Exit code 1 when a promise was broken.

import { writeFileSync } from 'node:fs';
import { type Command, InvalidArgumentError } from 'commander';
import { paintFor } from '../audit/paint.js';
import { casesFor } from '../chaos/cases/all-cases.js';
import type { ChaosCase } from '../chaos/chaos-case.js';
import { renderCase, renderChaos } from '../chaos/report.js';
import { runChaos } from '../chaos/run-chaos.js';
import { interruptible } from '../interrupt.js';
import { createHome, defaultHome } from '../paths.js';
import { removeAbandoned } from './with-servers.js';

/** Long enough for a dozen faults, short enough that the whole table takes ten minutes. */
const SECONDS_DEFAULT = 20;
const SECONDS_MAX = 3_600;
const RATE_DEFAULT = 2_500;
const RATE_MAX = 20_000;
/** Holds that end while a case runs: what nobody confirms is sold again, so the sale never ends. */
const HOLD_MS = 3_000;
const SEEDS = 1_000_000;

interface ChaosFlags {
  case?: string[];
  redisCluster?: true;
  seed?: number;
  seconds: number;
  rate: number;
  json?: string;
  list?: true;
  keep?: true;
}

export function registerChaos(program: Command): void {
  program
    .command('chaos')
    .description('break a private mesh in every way while it sells; no promise may break')
    .option('--case <ids>', 'only these, as T-R1,T-M2', (text) => text.split(','))
    .option('--seed <n>', 'who wants what and what breaks; repeats an earlier run', whole(0, SEEDS))
    .option('--seconds <n>', 'load per case', whole(1, SECONDS_MAX), SECONDS_DEFAULT)
    .option('--rate <n>', 'operations per second', whole(1, RATE_MAX), RATE_DEFAULT)
    .option('--redis-cluster', 'on a Redis Cluster, with the cases that break one')
    .option('--json <file>', 'write the result as JSON too')
    .option('--list', 'tell the cases and run none')
    .option('--keep', 'keep histories, logs and data also of what went well')
    .addHelpText(
      'after',
      `
Examples:
  ./spillway chaos --list                      the case table
  ./spillway chaos                             all of it, some ten minutes
  ./spillway chaos --case T-R4 --seed 42       one case, as it was with that seed`,
    )
    .action(async (flags: ChaosFlags) => {
      if (flags.list === true) list(topologyOf(flags));
      else process.exitCode = await chaos(flags);
    });
}

type Topology = 'SERVER' | 'CLUSTER';

function topologyOf(flags: ChaosFlags): Topology {
  return flags.redisCluster === true ? 'CLUSTER' : 'SERVER';
}

function list(topology: Topology): void {
  for (const { id, story } of casesFor(topology)) {
    process.stdout.write(`${id.padEnd(6)}  ${story}\n`);
  }
}

async function chaos(flags: ChaosFlags): Promise<number> {
  const topology = topologyOf(flags);
  const cases = chosenCases(flags.case, topology);
  const home = defaultHome();
  createHome(home);
  await removeAbandoned(home);
  const seed = flags.seed ?? Date.now() % SEEDS;
  const paint = paintFor(process.stdout);
  const say = (text: string) => void process.stdout.write(`${text}\n`);
  say(`${flags.rate} operations/s for ${flags.seconds} s per case (--seed ${seed})`);
  return await interruptible(async (signal) => {
    const line = progressLine(flags.seconds);
    const result = await runChaos({
      cases,
      topology,
      home,
      seed,
      signal,
      seconds: flags.seconds,
      ratePerSecond: flags.rate,
      holdMs: HOLD_MS,
      keep: flags.keep === true,
      onCase: ({ id }) => line.begin(id),
      onProgress: (o) => line.show(o),
      onResult(one) {
        line.clear();
        say(renderCase(one, paint));
      },
    });
    say(renderChaos(result, paint));
    if (flags.json !== undefined) {
      writeFileSync(flags.json, `${JSON.stringify(result, null, 2)}\n`);
    }
    return result.ok ? 0 : 1;
  });
}

/** One line that a terminal overwrites; nothing elsewhere, because the results say it all. */
function progressLine(seconds: number) {
  const terminal = process.stderr.isTTY;
  let name = '';
  const write = (text: string) => {
    if (terminal) process.stderr.write(`\r\u001b[2K${text}`);
  };
  return {
    begin(id: string) {
      name = id;
      write(`  ${id}  starting`);
    },
    show(o: { elapsedMs: number; attempts: number; unsettled: number }) {
      const phase = o.elapsedMs < seconds * 1_000 ? `${seconds} s of load` : 'coming to rest';
      const elapsed = `${(o.elapsedMs / 1_000).toFixed(0)} s`;
      write(`  ${name}  ${elapsed} (${phase}), ${o.attempts} attempts, ${o.unsettled} open`);
    },
    clear: () => write(''),
  };
}

function chosenCases(ids: readonly string[] | undefined, topology: Topology): ChaosCase[] {
  const all = casesFor(topology);
  if (ids === undefined) return [...all];
  return ids.map((id) => {
    const found = all.find((one) => one.id === id.trim().toUpperCase());
    if (found !== undefined) return found;
    throw new Error(`There is no case ${id}. Cases: ${all.map((one) => one.id).join(', ')}.`);
  });
}

function whole(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (Number.isInteger(value) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`Give a whole number from ${min} to ${max}.`);
  };
}
