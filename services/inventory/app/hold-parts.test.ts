// Promise: idempotency comes before stock even while the gate does not know every past request, and
// once it does, losers cost MySQL nothing.

import { expect, test } from '@jest/globals';
import { ManualClock } from '../../platform/clock.js';
import { createLog } from '../../platform/log.js';
import type { ReserveResult } from '../domain/reservation.js';
import { partitionOf, split } from '../domain/split.js';
import { MemoryGate } from '../infra/memory/memory-gate.js';
import { MemoryStockBook } from '../infra/memory/memory-stock-book.js';
import { HoldParts } from './hold-parts.js';
import { Rebase } from './rebase.js';
import { Refunds } from './refunds.js';

const SKU = 'sku-1';
const FAR_MS = 1e15;
const log = createLog({ service: 'test', level: 'silent' });

test('a loser is looked up while older grants are missing, and no more when they are there', async () => {
  const { reserve, lookups, pages, clock } = await open({ units: 3 });
  pages.hold();
  for (const id of ['r1', 'r2', 'r3']) await reserve(id);
  await pages.forget();
  expect(await reserve('r1')).toEqual({ outcome: 'DUPLICATE', orderId: 'o1 of r1' });
  expect(await reserve('loser')).toEqual({ outcome: 'SOLD_OUT', skuId: SKU, available: 0 });
  expect(lookups).toEqual(['r1', 'loser']);
  pages.release();
  await clock.advance(0);
  expect(await reserve('r1')).toEqual({ outcome: 'DUPLICATE', orderId: 'o1 of r1' });
  expect(await reserve('loser')).toEqual({ outcome: 'SOLD_OUT', skuId: SKU, available: 0 });
  expect(lookups).toEqual(['r1', 'loser']);
});

test('a lookup that fails is not known, and not a refusal', async () => {
  const { reserve, book, pages, clock } = await open({ units: 2 });
  pages.hold();
  for (const id of ['r1', 'r2']) await reserve(id);
  await pages.forget();
  book.known = () => Promise.reject(new Error('the book is away'));
  const answer = reserve('r1');
  await clock.advance(1_000);
  expect(await answer).toEqual({ outcome: 'UNKNOWN' });
});

test('who uses the id of another is refused, and the owner is found afterwards', async () => {
  const { reserve, book, pages, clock } = await open({ units: 4 });
  pages.hold();
  for (const id of ['r1', 'r2']) await reserve(id);
  await pages.forget();
  // The gate does not know r1 yet and takes two units for it; before MySQL refuses, the page with r1
  // comes, and the list is complete.
  const settle = book.settle.bind(book);
  book.settle = async (grant) => {
    pages.release();
    await clock.advance(0);
    return settle(grant);
  };
  expect(await reserve('r1', 2)).toEqual({ outcome: 'REQUEST_ID_REUSED' });
  book.settle = settle;
  await inBackground(clock);
  expect(await reserve('r3', 2)).toMatchObject({ outcome: 'RESERVED' });
  expect(await reserve('loser')).toMatchObject({ outcome: 'SOLD_OUT' });
  expect(await reserve('r1')).toEqual({ outcome: 'DUPLICATE', orderId: 'o1 of r1' });
});

test('units that come back while the gate is being loaded are counted once', async () => {
  const { reserve, book, gate, rebase, refunds, clock } = await open({ units: 2 });
  book.onRefund((units) => refunds.send(units));
  for (const id of ['r1', 'r2']) await reserve(id);
  // A load that has read its number, and is not in the gate yet.
  const install = gate.install.bind(gate);
  gate.install = async (loads) => {
    await clock.sleep(10);
    return install(loads);
  };
  rebase.soon([SKU]);
  await clock.advance(5);
  const ids = { reservationId: 'r1', orderId: 'o1 of r1' };
  await book.close({ verb: 'release', partition: partitionOf(SKU), ...ids, skuIds: [SKU] });
  await inBackground(clock);
  expect(await gate.levels([{ skuId: SKU }])).toMatchObject([{ available: 1, epoch: 3 }]);
  expect((await book.stocks([SKU]))[0]).toMatchObject({ available: 1, epoch: 3 });
});

/** Refunds, loads and pages: a few turns of the event loop each. */
async function inBackground(clock: ManualClock): Promise<void> {
  for (let i = 0; i < 20; i++) await clock.advance(10);
}

/** One entry a page, so that every grant but the newest is on a later page. */
async function open(o: { units: number }) {
  const clock = new ManualClock();
  const gate = new MemoryGate();
  const nowMs = () => clock.nowMs();
  const book = new MemoryStockBook({ holdMs: 60_000, nowMs, pageEntriesMax: 1 });
  const rebase = new Rebase({ gate, book, clock, log });
  const refunds = new Refunds({ gate, rebase, clock, log });
  const parts = new HoldParts({ gate, book, rebase, refunds, clock });
  await book.restock({ requestId: 'r', skuId: SKU, delta: o.units, reason: '' });
  await rebase.run([SKU], FAR_MS);
  await clock.advance(0);

  const lookups: string[] = [];
  const known = book.known.bind(book);
  book.known = (part) => {
    lookups.push(part.reservationId);
    return known(part);
  };
  let held = Promise.resolve();
  let release = () => {};
  const remember = gate.remember.bind(gate);
  gate.remember = async (recollection) => {
    await held;
    return remember(recollection);
  };
  // As the order service does: every try brings an order id of its own.
  const tries = new Map<string, number>();
  const reserve = async (id: string, quantity = 1): Promise<ReserveResult | undefined> => {
    tries.set(id, (tries.get(id) ?? 0) + 1);
    const ids = { reservationId: id, orderId: `o${tries.get(id)} of ${id}`, userId: 'ann' };
    const lines = [{ skuId: SKU, quantity, userLimit: 0 }];
    return (await parts.hold(split({ ...ids, lines }), FAR_MS))[0];
  };
  return {
    clock,
    gate,
    book,
    rebase,
    refunds,
    lookups,
    reserve,
    pages: {
      hold: () => {
        held = new Promise((resolve) => {
          release = resolve;
        });
      },
      release: () => release(),
      /** The gate loses everything and is loaded with the newest grant alone. */
      forget: async () => {
        gate.forget();
        await rebase.run([SKU], FAR_MS);
      },
    },
  };
}
