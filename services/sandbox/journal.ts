// The ledger's file: one JSON line per entry, appended before the entry counts. A line that was cut short, by
// a crash or by a full disk, never counted and is dropped.

import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import type { Entry } from './records.js';

export interface Journal {
  readonly entries: readonly Entry[];
  write(entry: Entry): void;
  close(): void;
}

/** Without a path nothing is kept. */
export function openJournal(path: string | undefined): Journal {
  if (path === undefined) return { entries: [], write: () => undefined, close: () => undefined };
  const file = openSync(path, 'a+');
  const bytes = readFileSync(file);
  const whole = bytes.subarray(0, bytes.lastIndexOf('\n') + 1);
  if (whole.length < bytes.length) ftruncateSync(file, whole.length);
  const lines = whole.toString('utf8').split('\n');
  let length = whole.length;
  return {
    entries: lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Entry),
    write: (entry) => {
      const line = Buffer.from(`${JSON.stringify(entry)}\n`);
      writeWhole(file, line, length);
      length += line.length;
    },
    close: () => closeSync(file),
  };
}

/** The whole line, or none of it and an error. */
function writeWhole(file: number, line: Buffer, length: number): void {
  try {
    for (let done = 0; done < line.length; ) done += writeSync(file, line, done);
  } catch (error) {
    ftruncateSync(file, length);
    throw error;
  }
}
