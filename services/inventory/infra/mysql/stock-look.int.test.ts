// What the look at the stock tells, on two servers: units by size of SKU, what runs low, and a SKU that
// does not agree with its own ledger.

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { change } from '../../../platform/mysql/transaction.js';
import { gauges } from '../../../platform/telemetry/metrics.js';
import { partitionOf } from '../../domain/split.js';
import { openStockDatabase, soon } from './stock-database.fixture.js';
import { stockLook } from './stock-look.js';

let under: Awaited<ReturnType<typeof openStockDatabase>>;

beforeAll(async () => {
  under = await openStockDatabase();
  const book = under.book();
  const totals = { a: 5, b: 3, c: 100, d: 5_000, e: 0 };
  for (const [skuId, delta] of Object.entries(totals)) {
    await book.restock({ requestId: `r-${skuId}`, skuId, delta, reason: '' }, soon());
  }
  // The ledger's last word counts, not its first.
  await book.restock({ requestId: 'r-b-again', skuId: 'b', delta: 5, reason: '' }, soon());
});
afterAll(() => under.close());

function told() {
  const units = (skuClass: string) =>
    gauges('spillway.stock.units').of(skuClass, 'available').read();
  return {
    units: ['to_10', 'to_100', 'to_1000', 'to_10000', 'more'].map(units),
    low: gauges('spillway.stock.low').of().read(),
    unbalanced: gauges('spillway.stock.unbalanced').of().read(),
  };
}

test('a sound stock', async () => {
  await stockLook(under.shards, { lowBelow: 10 }).run();
  expect(told()).toEqual({ units: [13, 100, 0, 5_000, 0], low: 2, unbalanced: 0 });
});

test('a unit that nobody has booked is found', async () => {
  const spoil = (units: number) =>
    change(
      under.shards.serverOf(partitionOf('c')),
      { deadlineMs: soon() },
      'UPDATE stock SET available = available + ?, total = total + ? WHERE sku_id = ?',
      [units, units, 'c'],
    );
  const look = stockLook(under.shards, { lowBelow: 10 });
  await spoil(-1);
  await look.run();
  expect(told().unbalanced).toBe(1);
  await spoil(1);
  await look.run();
  expect(told().unbalanced).toBe(0);
});
