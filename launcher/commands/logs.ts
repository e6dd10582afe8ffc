// logs: what the processes wrote. `logs inventory` means every inventory process.
import { closeSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Command, InvalidArgumentError } from 'commander';
import { interruptible } from '../interrupt.js';
import { readableLine } from '../log-line.js';
import { lastLines } from '../log-tail.js';
import { defaultHome } from '../paths.js';

const LINES_DEFAULT = 40;
const LINES_MAX = 1_000;
const FOLLOW_MS = 250;
/** Read per file and poll; a faster writer is caught up with over several polls. */
const CHUNK_BYTES_MAX = 256 * 1024;

export function registerLogs(program: Command): void {
  program
    .command('logs')
    .description('the last lines of the logs, of one process or all; as JSON into a pipe')
    .argument('[name]', 'inventory-1, or inventory for all of them')
    .option('-f, --follow', 'go on until Ctrl-C')
    .option('-n, --lines <n>', 'lines of each log', lineCount, LINES_DEFAULT)
    .addHelpText(
      'after',
      '\nExamples:\n  ./spillway logs order-1\n  ./spillway logs inventory --follow',
    )
    .action(async (name: string | undefined, flags: { follow?: boolean; lines: number }) => {
      const files = chooseLogs(logFiles(defaultHome().logDir), name);
      for (const file of files) print(file, lastLines(file, flags.lines));
      if (flags.follow === true) await interruptible((signal) => follow(files, signal));
    });
}

/** Exact name, else every log whose process is of that service. */
export function chooseLogs(files: readonly string[], name: string | undefined): string[] {
  if (name === undefined) return [...files];
  const exact = files.filter((file) => processName(file) === name);
  const chosen = exact.length > 0 ? exact : files.filter((file) => ofService(file, name));
  if (chosen.length > 0) return chosen;
  const known = files.map(processName).join(', ');
  throw new Error(`No log of ${name}. There are: ${known === '' ? 'none yet' : known}`);
}

function ofService(file: string, service: string): boolean {
  return processName(file).replace(/-\d+$/, '') === service;
}

function logFiles(dir: string): string[] {
  try {
    const names = readdirSync(dir).filter((name) => name.endsWith('.log'));
    return names.sort().map((name) => path.join(dir, name));
  } catch {
    return [];
  }
}

async function follow(files: readonly string[], signal: AbortSignal): Promise<void> {
  const offsets = new Map(files.map((file) => [file, statSync(file).size]));
  while (!signal.aborted) {
    for (const file of files) {
      const { lines, next } = readFrom(file, offsets.get(file) ?? 0);
      offsets.set(file, next);
      print(file, lines);
    }
    await sleep(FOLLOW_MS);
  }
}

/** Whole lines only: the rest of a half-written one is read next time. */
function readFrom(file: string, offset: number): { lines: string[]; next: number } {
  const fd = openSync(file, 'r');
  try {
    const buffer = Buffer.alloc(CHUNK_BYTES_MAX);
    const size = readSync(fd, buffer, 0, CHUNK_BYTES_MAX, offset);
    const text = buffer.subarray(0, size);
    const end = text.lastIndexOf(0x0a);
    // A line longer than a chunk is shown in pieces rather than never.
    const taken = end >= 0 ? end + 1 : size === CHUNK_BYTES_MAX ? size : 0;
    const lines = taken === 0 ? [] : text.toString('utf8', 0, taken).trimEnd().split('\n');
    return { lines, next: offset + taken };
  } finally {
    closeSync(fd);
  }
}

function print(file: string, lines: readonly string[]): void {
  const { isTTY } = process.stdout;
  const colours = process.env.NO_COLOR === undefined;
  for (const line of lines) {
    // Into a pipe it goes as it was written: whoever reads it there wants the JSON.
    const text = isTTY ? readableLine(line, colours) : line;
    process.stdout.write(`${processName(file)} | ${text}\n`);
  }
}

function processName(file: string): string {
  return path.basename(file, '.log');
}

function lineCount(text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1 && count <= LINES_MAX) return count;
  throw new InvalidArgumentError(`Give a whole number from 1 to ${LINES_MAX}.`);
}
