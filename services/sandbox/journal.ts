// The ledger's file: one JSON line per entry, appended before the entry counts. A last line that was cut
// short by a crash never counted and is dropped.

import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import type { Entry } from './ledger.js';

export interface Journal {
  readonly entries: readonly Entry[];
  write(entry: Entry): void;
  close(): void;
}

/** Without a path nothing is kept. */
export function openJournal(path: string | undefined): Journal {
  if (path === undefined) return { entries: [], write: () => undefined, close: () => undefined };
  const file = openSync(path, 'a+');
  const text = readFileSync(file, 'utf8');
  const whole = text.slice(0, text.lastIndexOf('\n') + 1);
  if (whole.length < text.length) ftruncateSync(file, Buffer.byteLength(whole));
  const lines = whole.split('\n').filter((line) => line !== '');
  return {
    entries: lines.map((line) => JSON.parse(line) as Entry),
    write: (entry) => {
      writeSync(file, `${JSON.stringify(entry)}\n`);
    },
    close: () => closeSync(file),
  };
}
