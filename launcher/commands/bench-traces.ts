// bench traces: what recording costs.
import { writeFileSync } from 'node:fs';
import { type Command, InvalidArgumentError } from 'commander';
import { renderTraceBench, runTraceBench } from '../bench/traces/run-trace-bench.js';
import { Steps, toStderr } from '../steps.js';

const SECONDS_DEFAULT = 5;
const ROUNDS_DEFAULT = 3;
const COUNT_MAX = 600;

interface Flags {
  seconds: number;
  rounds: number;
  json?: string;
}

export function registerTraceBench(bench: Command): void {
  bench
    .command('traces')
    .description('what recording costs: CreateOrder with tracing off, at 1 % and at 100 %')
    .option('--seconds <n>', 'of each measurement', count, SECONDS_DEFAULT)
    .option('--rounds <n>', 'medians are over these', count, ROUNDS_DEFAULT)
    .option('--json <file>', 'write the result as JSON too')
    .action(async (flags: Flags) => {
      const result = await runTraceBench(flags, new Steps(toStderr));
      process.stdout.write(`${renderTraceBench(result)}\n`);
      if (flags.json !== undefined) {
        writeFileSync(flags.json, `${JSON.stringify(result, null, 2)}\n`);
      }
    });
}

function count(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= COUNT_MAX) return value;
  throw new InvalidArgumentError(`Give a whole number from 1 to ${COUNT_MAX}.`);
}
