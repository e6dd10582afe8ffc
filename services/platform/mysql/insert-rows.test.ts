// Promise: a column is left out when all rows have its default, and only then.
import { expect, test } from '@jest/globals';
import { insertRows } from './insert-rows.js';
import type { Tx } from './transaction.js';

const TABLE = { name: 't', columns: [['a'], ['b', 1], ['c', null], ['d', 0n]] } as const;

test.each<[string, (string | number | bigint | null)[][], string, unknown[][]]>([
  [
    'all defaults',
    [
      ['x', 1, null, 0n],
      ['y', 1, null, 0n],
    ],
    'a',
    [['x'], ['y']],
  ],
  [
    'one row without',
    [
      ['x', 1, null, 0n],
      ['y', 2, null, 0n],
    ],
    'a, b',
    [
      ['x', 1],
      ['y', 2],
    ],
  ],
  ['a null that is none', [['x', 1, 'z', 0n]], 'a, c', [['x', 'z']]],
  ['a zero of another type', [['x', 1, null, 0]], 'a, d', [['x', 0]]],
  ['no default at all', [['x', 3, 'z', 4n]], 'a, b, c, d', [['x', 3, 'z', 4n]]],
])('%s', async (_name, rows, names, values) => {
  const said: unknown[] = [];
  const change = async (sql: string, parameters: unknown) => {
    said.push(sql, parameters);
    return rows.length;
  };
  expect(await insertRows({ change } as unknown as Tx, TABLE, rows)).toBe(rows.length);
  expect(said).toEqual([`INSERT INTO t (${names}) VALUES ?`, [values]]);
});
