// bench: what an operation costs on this machine, beside a call that does nothing. Starts servers
// of its own; a mesh that is running is left alone, but shares the processors.
import { readFileSync, writeFileSync } from 'node:fs';
import { type Command, InvalidArgumentError } from 'commander';
import { paintFor } from '../audit/paint.js';
import type { BenchHead, WholeBenchResult } from '../bench/bench-result.js';
import { writeDocs } from '../bench/docs/write-docs.js';
import { runInventoryBench } from '../bench/inventory/run-inventory-bench.js';
import { renderInventoryBench } from '../bench/inventory/table.js';
import { runOrderBench } from '../bench/order/run-order-bench.js';
import { renderOrderBench } from '../bench/order/table.js';
import { WHOLE_PARTS, type WholePart } from '../bench/whole/parts.js';
import { runWholeBench } from '../bench/whole/run-whole-bench.js';
import { renderWholeBench } from '../bench/whole/table.js';
import { Steps, toStderr } from '../steps.js';
import { registerTraceBench } from './bench-traces.js';

/** Long enough for processor times in ticks of 10 ms; a narrow part has the time for more. */
const SECONDS_DEFAULT = { whole: 2, narrow: 3 };
const SECONDS_MAX = 600;
const ROUNDS_DEFAULT = 3;
const ROUNDS_MAX = 100;
const LIVE_RESERVATIONS = 50_000;
const GROWTH_ROWS_DEFAULT = 5_000_000;
const GROWTH_ROWS_MAX = 100_000_000;

type NarrowPart = 'inventory' | 'order';

interface BenchFlags {
  seconds?: number;
  rounds: number;
  quick?: true;
  only?: WholePart[];
  growth?: true;
  growthRows: number;
  json?: string;
  docs?: true;
  from?: string;
}

export function registerBench(program: Command): void {
  const all = program
    .command('bench')
    .description('what an operation costs here, as a multiple of an empty call')
    .argument('[part]', 'inventory or order: more about one service', narrowPart)
    .option('--seconds <n>', 'of each measurement (default: 2, of a part 3)', whole(1, SECONDS_MAX))
    .option('--rounds <n>', 'medians are over these', whole(1, ROUNDS_MAX), ROUNDS_DEFAULT)
    .option('--quick', 'one round of a second: a first look')
    .option('--only <names>', `some of ${WHOLE_PARTS.join(', ')}`, wholeParts)
    .option('--growth', 'also beside up to millions of SKUs, past reservations or past orders')
    .option(
      '--growth-rows <n>',
      'at most so many of a kind',
      whole(1, GROWTH_ROWS_MAX),
      GROWTH_ROWS_DEFAULT,
    )
    .option('--json <file>', 'write the result as JSON too')
    .option('--docs', 'write docs/benchmarks.md, docs/capacity.md and docs/charts from the result')
    .option('--from <file>', 'measure nothing: take the result from such a JSON file')
    .addHelpText(
      'after',
      `
Examples:
  ./spillway bench                                some six minutes, on servers of its own
  ./spillway bench --quick --only create_order,sold_out    a first look at two of them
  ./spillway bench order                          orders through the mesh, latency at an open rate
  ./spillway bench --from result.json --docs      documents of a run that was made before
  ./spillway bench --growth --json growth.json    many minutes, and about 4 GB of disk meanwhile`,
    )
    .action(async (part: NarrowPart | undefined, flags: BenchFlags, command: Command) => {
      const wholeOnly = flags.docs ?? flags.from ?? flags.only;
      if (part !== undefined && wholeOnly !== undefined) {
        command.error('error: --only, --docs and --from are of the whole benchmark');
      }
      await bench(part, flags);
    });
  registerTraceBench(all);
}

async function bench(part: NarrowPart | undefined, flags: BenchFlags): Promise<void> {
  const { result, text } = part === undefined ? await wholeBench(flags) : await narrow(part, flags);
  process.stdout.write(`${text}\n`);
  if (flags.json !== undefined) {
    writeFileSync(flags.json, `${JSON.stringify(result, null, 2)}\n`);
  }
}

interface Measured {
  readonly result: BenchHead;
  readonly text: string;
}

async function wholeBench(flags: BenchFlags): Promise<Measured> {
  const wanted = new Set<WholePart>(flags.only ?? WHOLE_PARTS);
  const result =
    flags.from === undefined
      ? await runWholeBench({ ...optionsOf(flags, SECONDS_DEFAULT.whole), wanted }, starting())
      : (JSON.parse(readFileSync(flags.from, 'utf8')) as WholeBenchResult);
  let text = renderWholeBench(result, paintFor(process.stdout));
  if (flags.docs === true) text += `\n\n${writeDocs(result).join('\n')}`;
  return { result, text };
}

async function narrow(part: NarrowPart, flags: BenchFlags): Promise<Measured> {
  const options = optionsOf(flags, SECONDS_DEFAULT.narrow);
  const paint = paintFor(process.stdout);
  if (part === 'order') {
    const result = await runOrderBench(options, starting());
    return { result, text: renderOrderBench(result, paint) };
  }
  const liveReservations = LIVE_RESERVATIONS;
  const result = await runInventoryBench({ ...options, liveReservations }, starting());
  return { result, text: renderInventoryBench(result, paint) };
}

function starting(): Steps {
  const steps = new Steps(toStderr);
  steps.line('Starting:');
  return steps;
}

function optionsOf(flags: BenchFlags, secondsDefault: number) {
  const quick = flags.quick === true;
  return {
    command: commandLine(process.argv.slice(2)),
    seconds: flags.seconds ?? (quick ? 1 : secondsDefault),
    rounds: quick ? 1 : flags.rounds,
    growthRowsMax: flags.growth === true ? flags.growthRows : 0,
  };
}

/** As it was typed, without where the result went: that is nobody else's. */
export function commandLine(args: readonly string[]): string {
  return ['./spillway', ...args].join(' ').replace(/ --json[ =]\S+| --docs/g, '');
}

function narrowPart(text: string): NarrowPart {
  if (text === 'inventory' || text === 'order') return text;
  throw new InvalidArgumentError('There are: inventory, order; without one it is the whole.');
}

function wholeParts(text: string): WholePart[] {
  const names = text.split(',');
  const known = WHOLE_PARTS.filter((part) => names.includes(part));
  if (known.length === names.length) return known;
  throw new InvalidArgumentError(`There are: ${WHOLE_PARTS.join(', ')}.`);
}

function whole(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (Number.isInteger(value) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`Give a whole number from ${min} to ${max}.`);
  };
}
