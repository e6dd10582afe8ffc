// Promise: a request over several partitions is refused for certain, whichever part is refused, and
// then nothing of it is held. The orders of two copies are in reserve-stock.test.ts.

import { expect, test } from '@jest/globals';
import { systemClock as clock } from '../../platform/clock.js';
import { createLog } from '../../platform/log.js';
import { partitionOf } from '../domain/split.js';
import { MemoryGate } from '../infra/memory/memory-gate.js';
import { MemoryStockBook } from '../infra/memory/memory-stock-book.js';
import { HoldParts } from './hold-parts.js';
import { Rebase } from './rebase.js';
import { Refunds } from './refunds.js';
import { ReserveStock } from './reserve-stock.js';

const log = createLog({ service: 'test', level: 'silent' });
/** In the order of their partitions, in which their parts are reserved. */
const SKUS = ['sku-1', 'sku-2', 'sku-3', 'sku-4'].sort((a, b) => partitionOf(a) - partitionOf(b));

test('the SKUs of this test lie in partitions of their own', () => {
  expect(new Set(SKUS.map(partitionOf)).size).toBe(SKUS.length);
});

test.each(SKUS.map((skuId, i) => [i + 1, skuId]))('part %i is sold out', async (_, soldOut) => {
  const gate = new MemoryGate();
  const book = new MemoryStockBook({ holdMs: 60_000, nowMs: Date.now });
  const rebase = new Rebase({ gate, book, clock, log });
  const refunds = new Refunds({ gate, rebase, clock, log });
  const parts = new HoldParts({ gate, book, rebase, refunds, clock });
  const reserve = new ReserveStock({ parts, book });
  for (const skuId of SKUS) {
    await book.restock({ requestId: skuId, skuId, delta: 1, reason: '' });
    if (skuId === soldOut) {
      await book.restock({ requestId: `${skuId} off`, skuId, delta: -1, reason: '' });
    }
  }
  const lines = SKUS.map((skuId) => ({ skuId, quantity: 1, userLimit: 0 }));
  const request = { reservationId: 'r1', orderId: 'o1', userId: 'ann', lines };
  const [result] = await reserve.reserve([request], Date.now() + 10_000);
  expect(result).toEqual({ outcome: 'SOLD_OUT', skuId: soldOut, available: 0 });
  const stocks = await book.stocks(SKUS);
  expect(stocks.map((stock) => stock.reserved)).toEqual([0, 0, 0, 0]);
});
