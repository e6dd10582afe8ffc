// The table of planted bugs (scripts/mutants/) must fit the tree: each names a text that stands in its
// file exactly once, and a test file that is there. Whether the tests find the bugs is seen by
// `npm run mutants`, which needs servers.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { REPOSITORY } from './tidy/source-files.js';

interface Mutant {
  name: string;
  why: string;
  edits: { file: string; find: string; replace: string }[];
  killedBy: { file: string; test: string };
  needs: 'unit' | 'servers';
}

type EditProblems = (mutants: readonly Mutant[]) => string[];

const { MUTANTS } = await load<{ MUTANTS: Mutant[] }>('table.mjs');
const { editProblems } = await load<{ editProblems: EditProblems }>('workspace.mjs');

test('every bug can be planted', () => {
  expect(editProblems(MUTANTS)).toEqual([]);
});

test('every bug has a name of its own, a reason, and a test of the right kind', () => {
  expect(new Set(MUTANTS.map((mutant) => mutant.name)).size).toBe(MUTANTS.length);
  for (const { name, why, killedBy, needs } of MUTANTS) {
    expect([name, why === '', killedBy.test === '']).toEqual([name, false, false]);
    expect([name, existsSync(join(REPOSITORY, killedBy.file))]).toEqual([name, true]);
    expect([name, needs]).toEqual([name, killedBy.file.includes('.int.') ? 'servers' : 'unit']);
  }
});

test.each([
  ['a text that is gone', { find: 'no such text' }],
  ['a text that stands there often', { find: 'const' }],
  ['a bug that changes nothing', { find: 'assertDurable(map', replace: 'assertDurable(map' }],
  ['a file that is gone', { file: 'services/none.ts' }],
])('%s is caught', (_, edit) => {
  const file = 'services/platform/mysql/connect.ts';
  const edits = [{ file, find: 'assertDurable(map', replace: '', ...edit }];
  const killedBy = { file, test: 'x' };
  expect(editProblems([{ name: 'bug', why: 'x', edits, killedBy, needs: 'unit' }])).toHaveLength(1);
});

async function load<T>(file: string): Promise<T> {
  return (await import(join(REPOSITORY, 'scripts', 'mutants', file))) as T;
}
