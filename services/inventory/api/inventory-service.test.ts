// Promise: what the handlers add to the use cases: when nothing may be reserved, where a reservation
// is read back, and an answer for each item of a batch.

import { create } from '@bufbuild/protobuf';
import { expect, test } from '@jest/globals';
import {
  BatchReserveRequestSchema,
  CloseOutcome,
  ReserveOutcome,
  ReserveRequestSchema,
} from '../../../gen/spillway/inventory/v1/inventory_service_pb.js';
import { systemClock as clock } from '../../platform/clock.js';
import { createLog } from '../../platform/log.js';
import type { CallContext } from '../../platform/rpc/server.js';
import { CloseReservations } from '../app/close-reservations.js';
import { HoldParts } from '../app/hold-parts.js';
import { Rebase } from '../app/rebase.js';
import { Refunds } from '../app/refunds.js';
import { ReserveStock } from '../app/reserve-stock.js';
import { RestockSku } from '../app/restock-sku.js';
import { StockFeed } from '../app/stock-feed.js';
import { partitionOf } from '../domain/split.js';
import { MemoryGate } from '../infra/memory/memory-gate.js';
import { MemoryStockBook } from '../infra/memory/memory-stock-book.js';
import { inventoryHandlers } from './inventory-service.js';

const log = createLog({ service: 'test', level: 'silent' });
const SKUS = ['sku-1', 'sku-2', 'sku-3'];
const ctx = { deadlineMs: Date.now() + 60_000 } as CallContext;

test('an unsafe store: nothing is reserved, and what is reserved can be ended', async () => {
  const { handlers, guard } = await open();
  await handlers.batchReserve(batch(item('r1'), item('r2')), ctx);
  guard.safe = false;
  const refused = { reason: 'DEPENDENCY_UNAVAILABLE', message: expect.stringContaining('unsafe') };
  await expect(handlers.reserve(item('r3'), ctx)).rejects.toMatchObject(refused);
  await expect(handlers.batchReserve(batch(item('r4')), ctx)).rejects.toMatchObject(refused);
  const ref = (reservationId: string) => ({ reservationId, orderId: 'o', skuIds: ['sku-1'] });
  const one = (id: string) => ({ reservations: [ref(id)], traces: [] }) as never;
  const confirmed = await handlers.batchConfirm(one('r1'), ctx);
  const released = await handlers.batchRelease(one('r2'), ctx);
  expect([confirmed.outcomes, released.outcomes]).toEqual([
    [CloseOutcome.DONE],
    [CloseOutcome.DONE],
  ]);
  guard.safe = true;
  await expect(handlers.reserve(item('r3'), ctx)).resolves.toBeDefined();
});

test('a reservation is read back from the partitions of its SKUs alone', async () => {
  const { handlers, readFrom } = await open();
  const both = item('r1', ['sku-3', 'sku-1']);
  const { reservation } = await handlers.reserve(both, ctx);
  expect(new Set(reservation?.lines?.map((line) => line.skuId))).toEqual(
    new Set(['sku-1', 'sku-3']),
  );
  expect(readFrom).toHaveLength(1);
  expect(new Set(readFrom[0])).toEqual(new Set(['sku-1', 'sku-3'].map(partitionOf)));
});

test.each([
  ['the same body', ['sku-1'], 'DUPLICATE'],
  ['another SKU beside it', ['sku-1', 'sku-2'], 'REQUEST_ID_REUSED'],
  ['another quantity', ['sku-1', 'sku-1'], 'REQUEST_ID_REUSED'],
] as const)('one id twice in a batch, the second time with %s', async (_, skus, outcome) => {
  const { handlers, book } = await open();
  const quantity = skus[0] === skus[1] ? 2 : 1;
  const second = item('r1', [...new Set(skus)], quantity);
  const { results } = await handlers.batchReserve(batch(item('r1'), second), ctx);
  const outcomes = (results ?? []).map((result) => result.outcome);
  expect(outcomes).toEqual([ReserveOutcome.RESERVED, ReserveOutcome[outcome]]);
  const stocks = await book.stocks(SKUS);
  expect(stocks.map((stock) => stock.reserved)).toEqual([1, 0, 0]);
});

function item(reservationId: string, skuIds: readonly string[] = ['sku-1'], quantity = 1) {
  const lines = skuIds.map((skuId) => ({ skuId, quantity, userLimit: 0 }));
  return create(ReserveRequestSchema, { reservationId, orderId: 'o1', userId: 'ann', lines });
}

function batch(...items: ReturnType<typeof item>[]) {
  return create(BatchReserveRequestSchema, { items });
}

async function open() {
  const gate = new MemoryGate();
  const book = new MemoryStockBook({ holdMs: 60_000, nowMs: Date.now });
  for (const skuId of SKUS) await book.restock({ requestId: skuId, skuId, delta: 9, reason: '' });
  const readFrom: (readonly number[] | undefined)[] = [];
  const read = book.reservation.bind(book);
  book.reservation = (id, deadlineMs, partitions) => {
    readFrom.push(partitions);
    return read(id, deadlineMs, partitions);
  };
  const rebase = new Rebase({ gate, book, clock, log });
  const refunds = new Refunds({ gate, rebase, clock, log });
  const parts = new HoldParts({ gate, book, rebase, refunds, clock });
  const guard = { safe: true };
  const handlers = inventoryHandlers({
    reserve: new ReserveStock({ parts, book }),
    close: new CloseReservations(book),
    restock: new RestockSku({ book, rebase }),
    book,
    feed: new StockFeed({ book, clock, log }),
    guard,
  });
  return { handlers, guard, book, readFrom };
}
