// Promise: nothing of an order is written before the gate of its shard is locked. Each transaction of this
// folder is marked, and so throws when it forgets that; single statements, which have no gate, only read.

import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';

const folder = new URL('./', import.meta.url);
const sources = readdirSync(folder)
  .filter((name) => /^[a-z-]+\.ts$/.test(name))
  .map((name) => ({ name, text: readFileSync(new URL(name, folder), 'utf8') }));

const times = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].length;

test('every transaction is gated', () => {
  const writers = sources.filter(({ text }) => /\btransact\(/.test(text));
  expect(writers.length).toBeGreaterThan(4);
  const ungated = writers.filter(
    ({ text }) => times(text, /\btransact\(/g) !== times(text, /\bgated: true\b/g),
  );
  expect(ungated.map(({ name }) => name)).toEqual([]);
});

test('no statement writes on its own', () => {
  const lonely = sources.filter(({ text }) => /import \{[^}]*\bchange\b[^}]*\} from/.test(text));
  expect(lonely.map(({ name }) => name)).toEqual([]);
});
