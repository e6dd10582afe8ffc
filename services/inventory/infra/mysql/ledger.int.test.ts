// Promise: a SKU's ledger reads the same however its entries were cut into chunks, whatever the page's
// size and wherever it begins; and a batch of any size fits into it.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { transact } from '../../../platform/mysql/transaction.js';
import { partitionOf, split } from '../../domain/split.js';
import { type LedgerEntry, LedgerReason } from '../../domain/stock.js';
import { readLedger } from './ledger.js';
import { CHUNK_ENTRIES_MAX } from './ledger-chunk.js';
import { insertLedger } from './rows.js';
import { openStockDatabase, soon } from './stock-database.fixture.js';

/** The lane's: what one transaction settles at the most. */
const GRANTS_MAX = 512;
const NEWEST = Number.MAX_SAFE_INTEGER;

let under: Awaited<ReturnType<typeof openStockDatabase>>;

beforeAll(async () => {
  under = await openStockDatabase();
});

afterAll(() => under.close());

describe.each([
  { cut: [12] },
  { cut: [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1] },
  { cut: [1, 5, 2, 3, 1] },
  { cut: [3, 3, 3, 3] },
  // More than are looked at in the first place.
  { cut: [9, ...new Array<number>(20).fill(1)] },
])('chunks of $cut', ({ cut }) => {
  const skuId = `sku-${cut.join('-')}`.slice(0, 60);
  const written: (LedgerEntry & { atMs: number })[] = [];

  beforeAll(async () => {
    for (const [i, count] of cut.entries()) {
      const atMs = 1_000 + i;
      const entries = history(skuId, count, written.length + 1);
      await write(entries, atMs);
      written.push(...entries.map((entry) => ({ ...entry, atMs })));
    }
    // Neighbours in the table, whose entries are nobody else's.
    const partition = partitionOf(skuId);
    for (const name of [`${skuId}-a`, skuId.slice(0, -1)]) {
      const entries = history(name, 3, 1);
      await write(
        entries.map((entry) => ({ ...entry, partition })),
        1,
      );
    }
  });

  test.each([1, 2, 3, 4, 5, 7, 11, 12, 13, 1_000])('in pages of %i', async (limit) => {
    const pages: LedgerEntry[][] = [];
    for (let before = NEWEST; before > 1; ) {
      const page = await read(skuId, before, limit);
      pages.push(page);
      before = page.at(-1)?.entry ?? 0;
    }
    expect(pages.flat()).toEqual([...written].reverse());
    expect(pages.slice(0, -1).every((page) => page.length === limit)).toBe(true);
  });

  test('from every entry', async () => {
    for (let before = 0; before <= written.length + 2; before++) {
      const expected = written.filter(({ entry }) => entry < before).reverse();
      expect(await read(skuId, before, 4)).toEqual(expected.slice(0, 4));
    }
  });
});

test('a ledger with a hole is told on both sides of it', async () => {
  for (const first of [1, 4, 9]) await write(history('holed', 3, first), 1);
  const page = await read('holed', NEWEST, 5);
  expect(page.map(({ entry }) => entry)).toEqual([11, 10, 9, 6, 5]);
  expect((await read('holed', 8, 5)).map(({ entry }) => entry)).toEqual([6, 5, 4, 3, 2]);
});

test('of nobody there is nothing', async () => {
  expect(await read('nobody', NEWEST, 5)).toEqual([]);
});

test('the largest batch of the longest ids, of one SKU and closed again', async () => {
  const skuId = 'S'.repeat(64);
  const book = under.book();
  await book.restock({ requestId: 'fill', skuId, delta: 10_000, reason: '' }, soon());
  const requests = Array.from({ length: GRANTS_MAX }, (_, i) => {
    const [reservationId, orderId] = [`r${i}`.padEnd(64, '.'), `${i}`.padEnd(64, ':')];
    const lines = [{ skuId, quantity: 1 + (i % 3), userLimit: 0 }];
    return { reservationId, orderId, userId: 'ann', lines };
  });
  const parts = requests.flatMap((request) => split(request));
  const grants = parts.map((part) => ({ ...part, epochs: [1], fresh: [true] }));
  const results = await book.settle(grants, soon());
  expect(results.every((result) => result?.outcome === 'RESERVED')).toBe(true);
  const closed = await Promise.all(
    parts.map((part) => book.close({ verb: 'confirm', ...part, skuIds: [skuId] }, soon())),
  );
  expect(new Set(closed)).toEqual(new Set(['DONE']));

  const entries = [];
  for (let before = NEWEST; before > 1; before = entries.at(-1)?.entry ?? 0) {
    entries.push(...(await book.ledger(skuId, before, 1_000, soon())));
  }
  entries.reverse();
  expect(entries.map(({ entry }) => entry)).toEqual(entries.map((_, i) => i + 1));
  expect(entries.map(({ before }) => before)).toEqual(
    [0, ...entries.map((e) => e.after)].slice(0, -1),
  );
  const reserved = entries.filter(({ reason }) => reason === LedgerReason.RESERVE);
  const told = reserved.map((e) => [e.causeId, e.orderId, e.before - e.after]);
  expect(told).toEqual(grants.map((g) => [g.reservationId, g.orderId, g.lines[0]?.quantity]));
  expect(entries.filter(({ reason }) => reason === LedgerReason.CONFIRM)).toHaveLength(GRANTS_MAX);
});

test.each([0, CHUNK_ENTRIES_MAX + 1])(
  'the table refuses a chunk of %i entries',
  async (entries) => {
    const insert = `INSERT INTO ledger_chunk
    (shard_no, sku_id, entry, entries, before_units, after_units, at_ms, moves)
    VALUES (0, 'bound', 1, ?, 0, 0, 1, '812 a')`;
    await expect(under.first.pool.query(insert, [entries])).rejects.toThrow('ledger_chunk_entries');
  },
);

function read(skuId: string, before: number, limit: number) {
  const server = under.shards.serverOf(partitionOf(skuId));
  return readLedger(server, { skuId, before, limit }, { deadlineMs: soon() });
}

async function write(entries: readonly LedgerEntry[], atMs: number): Promise<void> {
  const server = under.shards.serverOf(entries[0]?.partition ?? 0);
  await transact(server, { name: 'write', deadlineMs: soon() }, async (tx) => {
    insertLedger(tx, entries, atMs);
  });
}

/** Of all reasons in turn. */
function history(skuId: string, count: number, first: number): LedgerEntry[] {
  const partition = partitionOf(skuId);
  return Array.from({ length: count }, (_, i) => {
    const entry = first + i;
    const reason = ((entry % 5) + 1) as LedgerReason;
    // Of n entries the first n changes are summed up, so that each chunk continues the one before.
    const units = (n: number) => 100 + ((n * n) % 7);
    const ids = { orderId: `${800 + entry}`, causeId: `r-${entry}` };
    return {
      partition,
      skuId,
      entry,
      before: units(entry - 1),
      after: units(entry),
      reason,
      ...ids,
    };
  });
}
