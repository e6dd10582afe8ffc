// bench: what an operation costs on this machine, beside a call that does nothing. Starts servers of its
// own; a mesh that is running is left alone, but shares the processors.
import { writeFileSync } from 'node:fs';
import { type Command, InvalidArgumentError } from 'commander';
import { paintFor } from '../audit/paint.js';
import { type BenchOptions, runBench } from '../bench/run-bench.js';
import { renderBench } from '../bench/table.js';
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
    .argument('[part]', 'inventory, the only part so far', part, 'inventory')
    .option('--seconds <n>', 'of each measurement', whole(1, SECONDS_MAX), SECONDS_DEFAULT)
    .option('--rounds <n>', 'medians are over these', whole(1, ROUNDS_MAX), ROUNDS_DEFAULT)
    .option('--growth', 'also beside up to a million SKUs and millions of past reservations')
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
  ./spillway bench inventory --seconds 1 --rounds 1    a first look
  ./spillway bench --growth --json growth.json    some minutes more, and about 4 GB of disk meanwhile`,
    )
    .action(async (_part: string, flags: BenchFlags) => {
      await bench(flags);
    });
}

async function bench(flags: BenchFlags): Promise<void> {
  const steps = new Steps(toStderr);
  steps.line('Starting:');
  const options: BenchOptions = {
    seconds: flags.seconds,
    rounds: flags.rounds,
    liveReservations: LIVE_RESERVATIONS,
    growthRowsMax: flags.growth === true ? flags.growthRows : 0,
  };
  const result = await runBench(options, steps);
  process.stdout.write(`${renderBench(result, paintFor(process.stdout))}\n`);
  if (flags.json !== undefined) {
    writeFileSync(flags.json, `${JSON.stringify(result, null, 2)}\n`);
  }
}

function part(text: string): string {
  if (text === 'inventory') return text;
  throw new InvalidArgumentError('There is only: inventory.');
}

function whole(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (Number.isInteger(value) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`Give a whole number from ${min} to ${max}.`);
  };
}
