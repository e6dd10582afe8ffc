// A statement as providers write it, cut into pieces wherever the network likes.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { csvRows } from './csv-rows.js';
import type { Movement } from './movement.js';
import { ShardFiles } from './shard-files.js';
import { readStatement } from './statement.js';

const dir = mkdtempSync(path.join(tmpdir(), 'spillway-statement-test-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

async function rowsOf(...texts: string[]): Promise<string[][]> {
  async function* pieces() {
    yield* texts;
  }
  return await all(csvRows(pieces()));
}

describe('rows', () => {
  test.each<[string, string[], string[][]]>([
    ['none', [''], []],
    ['a head alone', ['a,b\r\n'], [['a', 'b']]],
    [
      'no last line end',
      ['a,b\r\nc,d'],
      [
        ['a', 'b'],
        ['c', 'd'],
      ],
    ],
    ['plain line ends', ['a\nb\n'], [['a'], ['b']]],
    ['empty fields', [',a,,\n'], [['', 'a', '', '']]],
    ['quotes', ['"a,b","say ""no""","two\r\nlines"\r\n'], [['a,b', 'say "no"', 'two\r\nlines']]],
    ['cut inside quotes', ['"a\r', '\nb",', 'c\r\nd'], [['a\r\nb', 'c'], ['d']]],
    ['cut inside a line end', ['a\r', '\nb'], [['a'], ['b']]],
  ])('%s', async (_name, texts, rows) => {
    expect(await rowsOf(...texts)).toEqual(rows);
  });

  test('a row without an end is refused before it fills the memory', async () => {
    await expect(rowsOf('"', 'x'.repeat(70_000))).rejects.toThrow('does not end');
  });
});

describe('movements', () => {
  const read = async (text: string) => {
    const file = path.join(dir, 'statement.csv');
    writeFileSync(file, text);
    return await all(readStatement(file));
  };
  const HEAD = 'date,number,kind,reference,key,currency,amount_minor\r\n';
  const LINE = '2026-01-01T00:00:00.000Z,ch_1,charge,p-7,p-7-1,EUR,500\r\n';

  test('are read by the names of their columns', async () => {
    const movement = { number: 'ch_1', kind: 'charge', reference: 'p-7', key: 'p-7-1' };
    const expected = [{ ...movement, currency: 'EUR', amountMinor: 500n }];
    expect(await read(HEAD + LINE)).toEqual(expected);
    const swapped =
      'amount_minor,currency,key,reference,kind,number\n500,EUR,p-7-1,p-7,charge,ch_1';
    expect(await read(swapped)).toEqual(expected);
  });

  test.each([
    ['nothing at all', '', 'is empty'],
    ['a missing column', 'number,kind\n', 'no column reference, key'],
    ['an odd kind', HEAD + LINE.replace('charge', 'fee'), 'line 2 .* kind fee'],
    ['an amount with a point', HEAD + LINE.replace('500', '5.00'), 'amount 5.00'],
    ['a negative amount', HEAD + LINE.replace('500', '-5'), 'amount -5'],
    ['a small currency', HEAD + LINE.replace('EUR', 'eur'), 'currency eur'],
  ])('%s: not a statement', async (_name, text, problem) => {
    await expect(read(text)).rejects.toThrow(new RegExp(problem));
  });
});

test('movements are sorted by shard, exactly as they were', () => {
  const files = new ShardFiles();
  try {
    const amountMinor = 9_007_199_254_740_993n;
    const of = (reference: string, number: string): Movement => {
      return { number, kind: 'charge', reference, key: 'k', currency: 'EUR', amountMinor };
    };
    // The gene is bits 16 to 21.
    const inShard = (shard: number) => `p-${(1n << 22n) + (BigInt(shard) << 16n)}`;
    for (let i = 0; i < 1_000; i += 1) files.add(of(inShard(5), `ch_${i}`));
    files.add(of(`${inShard(6)}-balance`, 'b'));
    for (const strange of ['p-0', 'shop', 'p-99999999999999999999', '']) {
      files.add(of(strange, strange));
    }
    expect(files.count).toBe(1_005);
    expect(files.read(5)).toHaveLength(1_000);
    expect(files.read(5)[7]).toEqual(of(inShard(5), 'ch_7'));
    expect(files.read(6).map(({ number }) => number)).toEqual(['b']);
    expect(files.read('strange')).toHaveLength(4);
    expect(files.read(7)).toEqual([]);
  } finally {
    files.remove();
  }
});
