// Promise: a column is left out when all rows have its default, and only then.
import { expect, test } from '@jest/globals';
import { format } from 'mysql2';
import { insertRows, type Table } from './insert-rows.js';
import type { Tx } from './transaction.js';

const TABLE: Table = {
  name: 't',
  columns: [['a'], ['b', 1], ['c', null], ['d', 0n], ['e', { sameAs: 'a' }]],
};

test.each<[string, (string | number | bigint | null)[][], string]>([
  [
    'all defaults',
    [
      ['x', 1, null, 0n, 'x'],
      ['y', 1, null, 0n, 'y'],
    ],
    "(a) VALUES ('x'), ('y')",
  ],
  [
    'one row without',
    [
      ['x', 1, null, 0n, 'x'],
      ['y', 2, null, 0n, 'y'],
    ],
    "(a, b) VALUES ('x', 1), ('y', 2)",
  ],
  ['a null that is none', [['x', 1, 'z', 0n, 'x']], "(a, c) VALUES ('x', 'z')"],
  ['a zero of another type', [['x', 1, null, 0, 'x']], "(a, d) VALUES ('x', 0)"],
  [
    'not the same as another column',
    [
      ['x', 1, null, 0n, 'x'],
      ['y', 1, null, 0n, 'x'],
    ],
    "(a, e) VALUES ('x', 'x'), ('y', 'x')",
  ],
  ['no default at all', [['x', 3, 'z', 4n, 'e']], "(a, b, c, d, e) VALUES ('x', 3, 'z', 4, 'e')"],
])('%s', async (_name, rows, statement) => {
  const said: string[] = [];
  const change = async (sql: string, parameters: never[]) => {
    said.push(format(sql, parameters));
    return rows.length;
  };
  expect(await insertRows({ change } as unknown as Tx, TABLE, rows)).toBe(rows.length);
  expect(said).toEqual([`INSERT INTO t ${statement}`]);
});
