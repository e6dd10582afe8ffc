// The store in MySQL keeps the contract of every order store, on two real servers, and two processes
// that work on the same orders agree on what became of them.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { systemClock } from '../../../platform/clock.js';
import { IdSource } from '../../../platform/ids.js';
import type { NewOrder } from '../../app/ports.js';
import { lineOf } from '../../domain/orders.fixture.js';
import { orderKeys } from '../order-keys.js';
import { orderStoreContract } from '../order-store.contract.js';
import { openOrderDatabase } from './order-database.fixture.js';

describe('orders in MySQL', () => {
  orderStoreContract(() => openOrderDatabase());
});

describe('two processes', () => {
  const ORDERS = 120;
  const lease = () => ({ workerId: 2, fromMs: 0, untilMs: Number.MAX_SAFE_INTEGER });
  const keys = orderKeys(new IdSource({ clock: systemClock, lease }));
  const soon = () => Date.now() + 5_000;
  let under: Awaited<ReturnType<typeof openOrderDatabase>>;

  beforeAll(async () => {
    under = await openOrderDatabase();
  });
  afterAll(() => under.close());

  const items: NewOrder[] = Array.from({ length: ORDERS }, (_, i) => ({
    orderId: keys.newOrderId(`user-${i}`),
    userId: `user-${i}`,
    requestId: 'r1',
    fingerprint: keys.digest(['one']),
    type: 'VIRTUAL',
    details: undefined,
    currency: 'EUR',
    totalMinor: 100n,
    discountMinor: 0n,
    payableMinor: 100n,
    presale: undefined,
    paymentWindowMs: 60_000,
    lines: [lineOf('song', 1, 100n)],
    fresh: true,
  }));

  test('make one order of two copies of a request', async () => {
    const [ours, theirs] = await Promise.all([
      Promise.all(items.map((item) => under.store.commit(item, soon()))),
      Promise.all(
        items.map((item) => {
          const copy = { ...item, orderId: keys.newOrderId(item.userId) };
          return under.otherStore.commit(copy, soon());
        }),
      ),
    ]);
    for (const [i, our] of ours.entries()) {
      const their = theirs[i];
      expect(new Set([our.outcome, their?.outcome])).toEqual(new Set(['COMMITTED', 'EXISTING']));
      expect('order' in our && our.order.orderId).toBe(
        their && 'order' in their && their.order.orderId,
      );
    }
  });

  test('apply one of two events that exclude each other', async () => {
    const found = items.map((item) => under.store.findByRequest(item.userId, 'r1', soon()));
    const ids = (await Promise.all(found)).map((order) => order?.orderId ?? 0n);
    const captured = {
      kind: 'CAPTURED',
      part: 'FIRST',
      currency: 'EUR',
      amountMinor: 100n,
    } as const;
    const expired = {
      kind: 'CANCEL',
      operator: 'deadline',
      remark: '',
      barred: 'FIRST',
      expectedVersion: 0,
    } as const;
    const [paid, cancelled] = await Promise.all([
      Promise.all(ids.map((orderId) => under.store.change(orderId, captured, soon()))),
      Promise.all(ids.map((orderId) => under.otherStore.change(orderId, expired, soon()))),
    ]);
    for (const [i, orderId] of ids.entries()) {
      const order = await under.store.read(orderId, soon());
      expect(order).toMatchObject({ version: 2, transitions: [{ version: 1 }, { version: 2 }] });
      expect([order?.state, paid[i]?.outcome, cancelled[i]?.outcome]).toEqual(
        order?.state === 'PAID'
          ? ['PAID', 'CHANGED', 'TRANSITION_ILLEGAL']
          : ['CANCELLED', 'REFUND', 'CHANGED'],
      );
    }
  });
});
