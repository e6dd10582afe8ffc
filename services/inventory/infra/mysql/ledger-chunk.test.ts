// Promise: entries that were put into chunks come out of them unchanged, every text fits into its column,
// and damaged text is never taken for entries.

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type LedgerEntry, LedgerReason } from '../../domain/stock.js';
import { CHUNK_ENTRIES_MAX, chunksOf, entriesOf } from './ledger-chunk.js';

/** TEXT, in ascii. */
const TEXT_BYTES_MAX = 65_535;
const { RESTOCK, RESERVE, RELEASE, CONFIRM, RETURN } = LedgerReason;

// launcher/audit/ledger-walk.test.ts reads the same sample with the auditor's own code.
test('the sample', () => {
  const entries = history('hat', [
    [RESTOCK, 100, '', 'restock-7'],
    [RESERVE, -1, '812', 'r-a'],
    [RESERVE, -3, '813', 'r-b'],
    [CONFIRM, 0, '812', 'r-a'],
    [RELEASE, 3, '813', 'r-b'],
    [RETURN, 1, '812', 'r-a'],
  ]);
  expect(chunksOf(entries)).toEqual([
    {
      partition: 7,
      skuId: 'hat',
      entry: 1,
      entries: 6,
      before: 0,
      after: 100,
      moves: '1+100  restock-7,812 r-a,2-3 813 r-b,4 812 r-a,3+3 813 r-b,5+1 812 r-a',
    },
  ]);
});

test('each SKU of a transaction has a chunk of its own, however they alternate', () => {
  const hats = history('hat', [
    [RESERVE, -1, '1', 'a'],
    [RESERVE, -1, '2', 'b'],
  ]);
  const caps = history('cap', [
    [RESERVE, -2, '1', 'a'],
    [RESERVE, -1, '2', 'b'],
  ]);
  const mixed = [hats[0], caps[0], caps[1], hats[1]] as LedgerEntry[];
  expect(chunksOf(mixed).map(({ skuId, moves }) => [skuId, moves])).toEqual([
    ['hat', '1 a,2 b'],
    ['cap', '2-2 1 a,2 b'],
  ]);
});

test('what is not consecutive is refused', () => {
  const moves: Planned[] = [
    [RESTOCK, 9, '', 'r'],
    [RESERVE, -1, '1', 'a'],
    [RESERVE, -1, '2', 'b'],
  ];
  const [first, second, third] = history('hat', moves) as [LedgerEntry, LedgerEntry, LedgerEntry];
  expect(() => chunksOf([first, third])).toThrow('does not follow');
  expect(() => chunksOf([first, { ...second, before: 8 }])).toThrow('does not follow');
});

test.each(['a b', 'a,b', 'a/b', 'a\nb', 'é', 'a'.repeat(65)])('no id: %j', (id) => {
  const [good] = history('hat', [[RESERVE, -2, '1', 'a']]) as [LedgerEntry];
  expect(() => chunksOf([{ ...good, orderId: id }])).toThrow('cannot hold this id');
  expect(() => chunksOf([{ ...good, causeId: id }])).toThrow('cannot hold this id');
});

test('the longest entries fit, and one more than a chunk may hold begins the next', () => {
  const id = 'x'.repeat(64);
  const most = Number.MAX_SAFE_INTEGER;
  const longest = Array.from({ length: CHUNK_ENTRIES_MAX + 1 }, (_, i): Planned => {
    return [RESTOCK, i % 2 === 0 ? most : -most, id, id];
  });
  const entries = history('hat', longest);
  const chunks = chunksOf(entries);
  expect(chunks.map((chunk) => chunk.entries)).toEqual([CHUNK_ENTRIES_MAX, 1]);
  expect(chunks.every(({ moves }) => moves.length <= TEXT_BYTES_MAX)).toBe(true);
  expect(chunks.flatMap(entriesOf)).toEqual(entries);
});

// A failure prints the seed and the shortest transaction.
test('whatever a transaction wrote is read again', () => {
  const id = fc.stringMatching(/^[A-Za-z0-9_.:-]{0,64}$/);
  const reason = fc.constantFrom(RESTOCK, RESERVE, RELEASE, CONFIRM, RETURN);
  const change = fc.oneof(fc.integer({ min: -3, max: 3 }), fc.integer());
  const move = fc.tuple(reason, change, id, id);
  const sku = fc.tuple(fc.array(move, { minLength: 1 }), fc.nat(), fc.nat());
  fc.assert(
    fc.property(fc.array(sku, { minLength: 1, maxLength: 3 }), (skus) => {
      const written = skus.map(([moves, first, before], i) =>
        history(`sku-${i}`, moves, { first, before }),
      );
      const chunks = chunksOf(interleaved(written));
      const read = written.map((_, i) =>
        chunks.filter(({ skuId }) => skuId === `sku-${i}`).flatMap(entriesOf),
      );
      expect(read).toEqual(written);
      for (const chunk of chunks) expect(entriesOf(chunk).at(-1)?.after).toBe(chunk.after);
    }),
  );
});

describe('damaged text is no entry', () => {
  test.each([
    ['', 1],
    ['812', 1],
    ['812 r-a,', 2],
    ['812 r-a 813 r-b', 1],
    ['2-1 812 r-a x', 1],
    ['6 812 r-a', 1],
    ['2-0 812 r-a', 1],
    ['2+ 812 r-a', 1],
    ['23 812 r-a', 1],
    ['812 r/a', 1],
    ['812 r-a\n813 r-b', 2],
    ['812 r-a', 2],
    ['812 r-a,813 r-b', 1],
  ])('%j as %i', (moves, entries) => {
    const chunk = { partition: 7, skuId: 'hat', entry: 5, entries, before: 9, moves };
    expect(() => entriesOf(chunk)).toThrow('the ledger of hat is damaged at entry 5');
  });
});

type Planned = [reason: LedgerReason, change: number, orderId: string, causeId: string];

function history(
  skuId: string,
  moves: readonly Planned[],
  from: { first: number; before: number } = { first: 1, before: 0 },
): LedgerEntry[] {
  let { before } = from;
  return moves.map(([reason, change, orderId, causeId], i) => {
    const after = before + change;
    const entry = { partition: 7, skuId, entry: from.first + i, before, after };
    before = after;
    return { ...entry, reason, orderId, causeId };
  });
}

/** One entry of each in turn. */
function interleaved(lists: readonly LedgerEntry[][]): LedgerEntry[] {
  const longest = Math.max(...lists.map((list) => list.length));
  return Array.from({ length: longest }, (_, i) => lists.flatMap((list) => list[i] ?? [])).flat();
}
