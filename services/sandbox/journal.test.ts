// What was written is read back; what was cut short, in whatever byte, is not there and spoils nothing.

import { mkdtempSync, readFileSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { openJournal } from './journal.js';
import type { Entry } from './records.js';

let dir: string;
let file: string;
beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'journal-'));
  file = path.join(dir, 'ledger.jsonl');
});
afterEach(() => rmSync(dir, { recursive: true }));

const taken = (number: string): Entry => ({ entry: 'taken', number });

function write(...numbers: string[]): void {
  const journal = openJournal(file);
  for (const number of numbers) journal.write(taken(number));
  journal.close();
}

function read(): string[] {
  const journal = openJournal(file);
  journal.close();
  return journal.entries.map((entry) => ('number' in entry ? entry.number : ''));
}

test('cut short at any byte of its last line, it goes on after the line before', () => {
  write('a', 'é');
  const whole = readFileSync(file);
  const first = whole.indexOf('\n') + 1;
  for (let bytes = first; bytes < whole.length; bytes += 1) {
    write('é');
    truncateSync(file, bytes);
    expect(read()).toEqual(['a']);
    write('b');
    expect(read()).toEqual(['a', 'b']);
    truncateSync(file, first);
  }
});

test('without a file nothing is kept, and nothing fails', () => {
  const journal = openJournal(undefined);
  journal.write(taken('a'));
  expect(journal.entries).toEqual([]);
  journal.close();
});
