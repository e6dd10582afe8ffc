// Promise: a filter that is handed out knows every grant that its row's version counts, however many
// pages of the ledger they fill; and where that costs too much there is none.

import { describe, expect, test } from '@jest/globals';
import { ManualClock } from '../../platform/clock.js';
import { LedgerReason, type StockRow } from '../domain/stock.js';
import type { StockBook } from './ports.js';
import { FILTER_GRANTS_MAX, SoldOutFilters } from './sold-out-filters.js';
import { openStock } from './stock.fixture.js';

describe('over the book', () => {
  test('every grant is known, those that were given back too', async () => {
    const { at, reserve, close } = await open(20);
    const ids = await reserve(20);
    await close('release', ids.slice(0, 5));
    await close('confirm', ids.slice(5, 9));
    await close('return', ids.slice(5, 7));
    const filter = await at();
    expect(ids.filter((id) => !filter?.ids.has(id))).toEqual([]);
  });

  test('later grants are added, with the entries between read once', async () => {
    const { at, reserve, close, pages, entries } = await open(30);
    const first = await reserve(20);
    await at();
    const pagesBefore = pages.length;
    const second = await reserve(3);
    const filter = await at();
    expect([...first, ...second].filter((id) => !filter?.ids.has(id))).toEqual([]);
    expect([pages.length - pagesBefore, entries]).toEqual([0, [3]]);
    await close('confirm', second);
    const confirmed = await at();
    expect(confirmed?.version).toBe(filter?.version);
    expect(entries).toEqual([3, 3]);
    await at();
    expect(entries).toHaveLength(2);
  });

  test('one that is outgrown is made anew', async () => {
    const { at, reserve } = await open(400);
    await reserve(10);
    const small = await at();
    const ids = await reserve(200);
    const large = await at();
    const bytes = (filter: typeof small) => filter?.ids.toBytes().length ?? 0;
    expect(bytes(large)).toBeGreaterThan(2 * bytes(small));
    expect(ids.filter((id) => !large?.ids.has(id))).toEqual([]);
    expect(large?.version).toBeGreaterThan(small?.version ?? 0);
  });

  test('a row of the past gets what is known by now', async () => {
    const { at, reserve, filters, row } = await open(9);
    await reserve(3);
    const past = await row();
    const ids = await reserve(3);
    await at();
    expect((await filters.at(past))?.ids.has(ids[0] ?? '')).toBe(true);
  });

  test('a filter whose reading failed is not handed out', async () => {
    const { at, reserve, fail } = await open(9);
    await reserve(3);
    await at();
    await reserve(1);
    fail(true);
    await expect(at()).rejects.toThrow('down');
    fail(false);
    expect((await at())?.version).toBe(5);
  });
});

describe('bounds', () => {
  test('a SKU with too many grants has no filter, and is not counted again for a minute', async () => {
    const ids = Array.from({ length: 5_000 }, (_, i) => ({ reservationId: `r${i}`, orderId: '1' }));
    const { filters, asked, clock } = scripted(ids);
    const big = rowOf('big', FILTER_GRANTS_MAX + 5_000);
    expect(await filters.at(big)).toBeUndefined();
    const counted = asked.length;
    expect(counted).toBe(FILTER_GRANTS_MAX / 5_000 + 1);
    await filters.at({ ...big, version: big.version + 7 });
    expect(asked).toHaveLength(counted);
    await clock.advance(60_000);
    await filters.at(big);
    expect(asked.length).toBeGreaterThan(counted);
    expect((await filters.at(rowOf('small', FILTER_GRANTS_MAX)))?.ids.toBytes()).toHaveLength(
      312_500,
    );
  });

  test('a ledger of more than a million recent entries is not read to its end', async () => {
    const { filters, asked } = scripted([]);
    expect(await filters.at(rowOf('busy', 1e9))).toBeUndefined();
    expect(asked).toHaveLength(201);
  });

  test('256 filters are kept; one that is idle makes room', async () => {
    const { filters, clock } = scripted([{ reservationId: 'r', orderId: '1' }]);
    const at = (n: number) => filters.at(rowOf(`sku-${n}`, 1));
    for (let n = 0; n < 256; n++) expect(await at(n)).toBeDefined();
    expect(await at(256)).toBeUndefined();
    await clock.advance(5_000);
    for (let n = 1; n < 256; n++) await at(n);
    expect(await at(256)).toBeDefined();
    expect(await at(0)).toBeUndefined();
  });
});

async function open(units: number) {
  const stock = await openStock(units);
  const pages: number[] = [];
  const entries: number[] = [];
  let failing = false;
  const { book } = stock;
  const filters = new SoldOutFilters({
    clock: stock.clock,
    book: {
      grantsPage: (skuId, below) => {
        pages.push(below);
        return book.grantsPage(skuId, below);
      },
      ledger: (skuId, before, limit) => {
        if (failing) return Promise.reject(new Error('down'));
        entries.push(limit);
        return book.ledger(skuId, before, limit);
      },
    },
  });
  const row = async () => (await book.stocks(['hat']))[0] as StockRow;
  const fail = (now: boolean) => {
    failing = now;
  };
  return { ...stock, pages, entries, filters, row, fail, at: async () => filters.at(await row()) };
}

/** A ledger of `reserve` entries without end: every page has the same grants. */
function scripted(grants: readonly { reservationId: string; orderId: string }[]) {
  const clock = new ManualClock();
  const asked: number[] = [];
  const book: Pick<StockBook, 'grantsPage' | 'ledger'> = {
    grantsPage: (_, below) => {
      asked.push(below);
      const next = below - 5_000;
      return Promise.resolve({ grants, nextEntry: next > 1 ? next : undefined });
    },
    ledger: (_skuId, before, limit) => {
      const same = { partition: 0, skuId: '', before: 0, after: 0, orderId: '', atMs: 0 };
      const entry = { ...same, reason: LedgerReason.CONFIRM, causeId: 'r' };
      return Promise.resolve(
        Array.from({ length: limit }, (_, i) => ({ ...entry, entry: before - 1 - i })),
      );
    },
  };
  return { filters: new SoldOutFilters({ book, clock }), asked, clock };
}

function rowOf(skuId: string, version: number): StockRow {
  return { partition: 0, skuId, epoch: 1, version, available: 0, reserved: 0, sold: 0, total: 0 };
}
