// What the walk over a ledger says of one that is in order, and of each thing that can be wrong with it.
// Its reading of a chunk's text is held to the same sample as inventory's (ledger-chunk.test.ts).
import { describe, expect, test } from '@jest/globals';
import type { Book } from './books.js';
import { type ChunkRow, LedgerWalk, movesOf, readLedger } from './ledger-walk.js';

const SAMPLE = '1+100  restock-7,812 r-a,2-3 813 r-b,4 812 r-a,3+3 813 r-b,5+1 812 r-a';

test('the sample', () => {
  expect(movesOf(SAMPLE)?.map((move) => [move.reason, move.change, move.causeId])).toEqual([
    [1, 100, 'restock-7'],
    [2, -1, 'r-a'],
    [2, -3, 'r-b'],
    [4, 0, 'r-a'],
    [3, 3, 'r-b'],
    [5, 1, 'r-a'],
  ]);
});

test.each([
  '',
  '812',
  '812 r-a,',
  ',812 r-a',
  '812 r-a 813 r-b',
  '2-1 812 r-a x',
  '6 812 r-a',
  '2-0 812 r-a',
  '2+ 812 r-a',
  '23 812 r-a',
  '812 r/a',
  '812 r-a\n813 r-b',
  `812 ${'r'.repeat(65)}`,
])('damaged: %j', (text) => {
  expect(movesOf(text)).toBeUndefined();
});

// Entries 1 to 6: filled with 100, which shrink to 98, and grow to 99 again.
const SOUND: ChunkRow[] = [
  chunk(1, 1, 0, 100, '1+100  fill'),
  chunk(2, 3, 100, 98, '812 a,813 b,4 812 a'),
  chunk(5, 2, 98, 99, '4 813 b,3+1 812 a'),
];

describe('a ledger', () => {
  test.each<[string, (rows: ChunkRow[]) => ChunkRow[], Partial<Record<string, number>>]>([
    ['in order', (rows) => rows, {}],
    ['without its beginning', (rows) => rows.slice(1), { entries: 5, broken: 1 }],
    ['without its middle', ([a, , c]) => [a, c] as ChunkRow[], { entries: 3, broken: 1 }],
    ['without its end', (rows) => rows.slice(0, 2), { entries: 4, lastAfter: 98 }],
    ['with another before', but(1, { before_units: '101' }), { broken: 1, damaged: 1 }],
    ['with another after', but(1, { after_units: '97' }), { broken: 1, damaged: 1 }],
    ['with another number', but(1, { entry: '3' }), { broken: 2 }],
    ['with another count', but(1, { entries: 4 }), { entries: 7, broken: 1, damaged: 1 }],
    ['with another end', but(2, { after_units: 98 }), { lastAfter: 98, damaged: 1 }],
    ['with one entry less', but(1, { moves: '812 a,813 b' }), { damaged: 1 }],
    ['with other units', but(1, { moves: '2-2 812 a,813 b,4 812 a' }), { damaged: 1 }],
    ['that nobody can read', but(1, { moves: '812 a,813 b,4 812' }), { damaged: 1 }],
  ])('%s', (_what, damage, expected) => {
    const walk = new LedgerWalk();
    for (const row of damage(SOUND)) walk.add(row);
    const sound = { entries: 6, lastAfter: 99, broken: 0, damaged: 0 };
    expect(walk.sums).toEqual([{ shard_no: 7, sku_id: 'hat', ...sound, ...expected }]);
  });

  test('each SKU of each shard is judged by itself', () => {
    const walk = new LedgerWalk();
    const [first] = SOUND as [ChunkRow];
    const others = [{ sku_id: 'cap' }, { sku_id: 'hat' }, { shard_no: 8, sku_id: 'hat' }];
    for (const other of others) walk.add({ ...first, ...other });
    expect(walk.sums.map((sums) => [sums.shard_no, sums.sku_id, sums.broken])).toEqual([
      [7, 'cap', 0],
      [7, 'hat', 0],
      [8, 'hat', 0],
    ]);
  });
});

test('is read page by page, each from where the last one ended', async () => {
  const rows = Array.from({ length: 2_500 }, (_, i) => chunk(i + 1, 1, i, i + 1, '1+1  c'));
  const asked: unknown[] = [];
  const book: Book = {
    name: 'one',
    apart: [],
    database: () => 'inventory',
    rows: <T>(_sql: string, values: readonly unknown[] = []) => {
      const after = Number(values.at(-1));
      asked.push(values);
      return Promise.resolve(rows.slice(after, after + 1_000) as T[]);
    },
  };
  expect(await readLedger(book)).toMatchObject([{ entries: 2_500, broken: 0, damaged: 0 }]);
  expect(asked).toEqual([
    [-1, -1, '', '', 0],
    [7, 7, 'hat', 'hat', '1000'],
    [7, 7, 'hat', 'hat', '2000'],
  ]);
});

function chunk(
  entry: number,
  entries: number,
  before: number,
  after: number,
  moves: string,
): ChunkRow {
  // BIGINT arrives as text.
  const numbers = { entry: `${entry}`, before_units: `${before}`, after_units: `${after}` };
  return { shard_no: 7, sku_id: 'hat', entries, moves, ...numbers };
}

function but(at: number, change: Partial<ChunkRow>): (rows: ChunkRow[]) => ChunkRow[] {
  return (rows) => rows.map((row, i) => (i === at ? { ...row, ...change } : row));
}
