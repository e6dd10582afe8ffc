// Promise: the pages of a SKU's past, put together, are what it has granted within the retry horizon,
// each once and whatever else is in the ledger.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '../../../platform/mysql/database.fixture.js';
import { migrate } from '../../../platform/mysql/migrate.js';
import { transact } from '../../../platform/mysql/transaction.js';
import { silent as log } from '../../../platform/real-servers.fixture.js';
import { RETRY_HORIZON_MS } from '../../domain/reservation.js';
import { partitionOf } from '../../domain/split.js';
import { LedgerReason } from '../../domain/stock.js';
import { CHUNK_ENTRIES_MAX } from './ledger-chunk.js';
import { type LedgerWindow, readPastGrants } from './past-grants.js';
import { insertLedger, readNowMs } from './rows.js';

const SKU = 'sku-1';
const OTHER = 'sku-of-the-same-server';
const MINUTE_MS = 60_000;

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
  const directory = new URL('./sql/', import.meta.url);
  await migrate(database.shards, { directory, database: database.name, log });
}, 30_000);

beforeEach(() => database.first.pool.query('DELETE FROM ledger_chunk'));

afterAll(() => database.drop());

// However the entries were cut into transactions.
describe.each([{ perChunk: 1 }, { perChunk: 2 }, { perChunk: 4 }, { perChunk: 6 }])(
  '$perChunk to a chunk',
  ({ perChunk }) => {
    test.each([
      { what: 'all at once', entriesMax: 100, pages: [['r5', 'r3', 'r2']] },
      { what: 'in pages of two', entriesMax: 2, pages: [['r5'], ['r3'], ['r2']] },
      { what: 'one by one', entriesMax: 1, pages: [[], ['r5'], [], ['r3'], ['r2'], []] },
      { what: 'from the middle', entriesMax: 2, below: 4, pages: [['r3', 'r2'], []] },
      { what: 'from the beginning', entriesMax: 2, below: 1, pages: [[]] },
    ])('$what', async ({ entriesMax, below = 7, pages }) => {
      const { RESTOCK, RESERVE, CONFIRM, RELEASE } = LedgerReason;
      await write(SKU, [RESTOCK, RESERVE, RESERVE, CONFIRM, RESERVE, RELEASE], { perChunk });
      expect(await readAll(entriesMax, below)).toEqual(pages);
    });
  },
);

test('what is older than the retry horizon is not read', async () => {
  const { RESERVE } = LedgerReason;
  const minutes = RETRY_HORIZON_MS / MINUTE_MS;
  await write(SKU, [RESERVE, RESERVE, RESERVE, RESERVE, RESERVE, RESERVE], {
    ages: [minutes + 9, minutes + 8, minutes + 1, minutes - 1, 1, 0],
  });
  // The page that reaches over the horizon is the last one.
  expect(await readAll(2, 7)).toEqual([
    ['r6', 'r5'],
    ['r4', 'r3'],
  ]);
});

test('of the longest chunk there is, each end is found', async () => {
  await write(SKU, new Array(CHUNK_ENTRIES_MAX).fill(LedgerReason.RESERVE), {
    perChunk: CHUNK_ENTRIES_MAX,
  });
  // Windows of one entry, the last and the first of the chunk.
  for (const entry of [CHUNK_ENTRIES_MAX, 1]) {
    const window = windowOf(SKU, entry + 1, 1);
    const [page] = await readPastGrants(database.first, [window], { deadlineMs: soon() });
    expect(page?.grants.map((grant) => grant.reservationId)).toEqual([`r${entry}`]);
  }
});

test('a ledger that was cut below the horizon ends where it was cut', async () => {
  await write(SKU, [LedgerReason.RESERVE, LedgerReason.RESERVE, LedgerReason.RESERVE]);
  await database.first.pool.query('DELETE FROM ledger_chunk WHERE entry < 3');
  expect(await readAll(2, 4)).toEqual([['r3']]);
});

test('several SKUs are read in one statement, each in its own window', async () => {
  await write(SKU, [LedgerReason.RESERVE, LedgerReason.RESERVE]);
  await write(OTHER, [LedgerReason.RESERVE, LedgerReason.RESTOCK, LedgerReason.RESERVE]);
  const windows = [
    windowOf('sku-without-entries', 1, 5),
    windowOf(OTHER, 4, 2),
    windowOf(SKU, 3, 5),
  ];
  const pages = await readPastGrants(database.first, windows, { deadlineMs: soon() });
  expect(pages.map((page) => page.grants.map((grant) => grant.reservationId))).toEqual([
    [],
    ['r3'],
    expect.arrayContaining(['r1', 'r2']),
  ]);
  expect(pages.map((page) => page.nextEntry)).toEqual([undefined, 2, undefined]);
});

/** Reads to the end, as a fill does. */
async function readAll(entriesMax: number, below: number): Promise<string[][]> {
  const pages: string[][] = [];
  let next: number | undefined = below;
  while (next !== undefined) {
    const window = windowOf(SKU, next, entriesMax);
    const [page] = await readPastGrants(database.first, [window], { deadlineMs: soon() });
    const ids = page?.grants.map((grant) => grant.reservationId) ?? [];
    pages.push(ids.sort().reverse());
    next = page?.nextEntry;
  }
  return pages;
}

function windowOf(skuId: string, belowEntry: number, entriesMax: number): LedgerWindow {
  return { partition: partitionOf(skuId), skuId, belowEntry, entriesMax };
}

/** Entry n is about reservation rn; ages in minutes by the database's clock. */
async function write(
  skuId: string,
  reasons: readonly LedgerReason[],
  { perChunk = 1, ages = [] as readonly number[] } = {},
): Promise<void> {
  const partition = partitionOf(skuId);
  for (let first = 0; first < reasons.length; first += perChunk) {
    const entries = reasons.slice(first, first + perChunk).map((reason, i) => {
      const entry = first + i + 1;
      const ids = { orderId: 'o', causeId: `r${entry}` };
      return { partition, skuId, entry, before: 0, after: 0, reason, ...ids };
    });
    const age = (ages[first] ?? 0) * MINUTE_MS;
    await transact(database.first, { name: 'write', deadlineMs: soon() }, async (tx) => {
      insertLedger(tx, entries, (await readNowMs(tx)) - age);
    });
  }
}

function soon(): number {
  return Date.now() + 5_000;
}
