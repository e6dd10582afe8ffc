// bench: what an operation costs on this machine, beside a call that does nothing. Starts servers of its
// own; a mesh that is running is left alone, but shares the processors.
import { writeFileSync } from 'node:fs';
import { type Command, InvalidArgumentError } from 'commander';
import { paintFor } from '../audit/paint.js';
import type { BenchPart } from '../bench/lab.js';
import { runOrderBench } from '../bench/order/run-order-bench.js';
import { type BenchOptions, runBench } from '../bench/run-bench.js';
import { renderBench, renderOrderBench } from '../bench/table.js';
import { Steps, toStderr } from '../steps.js';

const SECONDS_DEFAULT = 3;
const SECONDS_MAX = 600;
const ROUNDS_DEFAULT = 3;
const ROUNDS_MAX = 100;
const LIVE_RESERVATIONS = 50_000;
const GROWTH_ROWS_DEFAULT = 5_000_000;
const GROWTH_ROWS_MAX = 100_000_000;

interface BenchFlags {
  seconds: number;
  rounds: number;
  growth?: true;
  growthRows: number;
  json?: string;
}

export function registerBench(program: Command): void {
  program
    .command('bench')
    .description('what an operation costs here, as a multiple of an empty call')
    .argument('[part]', 'inventory or order', part, 'inventory')
    .option('--seconds <n>', 'of each measurement', whole(1, SECONDS_MAX), SECONDS_DEFAULT)
    .option('--rounds <n>', 'medians are over these', whole(1, ROUNDS_MAX), ROUNDS_DEFAULT)
    .option('--growth', 'also beside up to millions of SKUs, past reservations or past orders')
    .option(
      '--growth-rows <n>',
      'at most so many of a kind',
      whole(1, GROWTH_ROWS_MAX),
      GROWTH_ROWS_DEFAULT,
    )
    .option('--json <file>', 'write the result as JSON too')
    .addHelpText(
      'after',
      `
Examples:
  ./spillway bench                                about two minutes, on servers of its own
  ./spillway bench order                          orders through the whole mesh
  ./spillway bench inventory --seconds 1 --rounds 1    a first look
  ./spillway bench --growth --json growth.json    some minutes more, and about 4 GB of disk meanwhile`,
    )
    .action(async (which: BenchPart, flags: BenchFlags) => {
      await bench(which, flags);
    });
}

async function bench(which: BenchPart, flags: BenchFlags): Promise<void> {
  const steps = new Steps(toStderr);
  steps.line('Starting:');
  const options: BenchOptions = {
    seconds: flags.seconds,
    rounds: flags.rounds,
    liveReservations: LIVE_RESERVATIONS,
    growthRowsMax: flags.growth === true ? flags.growthRows : 0,
  };
  const { result, text } = await measured(which, options, steps);
  process.stdout.write(`${text}\n`);
  if (flags.json !== undefined) {
    writeFileSync(flags.json, `${JSON.stringify(result, null, 2)}\n`);
  }
}

async function measured(which: BenchPart, options: BenchOptions, steps: Steps) {
  const paint = paintFor(process.stdout);
  if (which === 'order') {
    const result = await runOrderBench(options, steps);
    return { result, text: renderOrderBench(result, paint) };
  }
  const result = await runBench(options, steps);
  return { result, text: renderBench(result, paint) };
}

function part(text: string): BenchPart {
  if (text === 'inventory' || text === 'order') return text;
  throw new InvalidArgumentError('There are: inventory, order.');
}

function whole(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (Number.isInteger(value) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`Give a whole number from ${min} to ${max}.`);
  };
}
