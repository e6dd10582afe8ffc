// What every OrderStore promises, as stories. Both implementations run all of it: the one in memory
// as a unit test, the one in MySQL against real servers.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { systemClock } from '../../platform/clock.js';
import type { NewOrder, OrderStore, TrackingStore } from '../app/ports.js';
import type { OrderEvent } from '../domain/transition.js';
import { keys, newOrder, newUser, soon } from './new-orders.fixture.js';

export interface StoreUnderTest {
  readonly store: OrderStore & TrackingStore;
  /** The kinds of effects stored for an order so far, oldest first. */
  effectsOf(orderId: bigint): Promise<string[]>;
  close(): Promise<void>;
}

const captured = { kind: 'CAPTURED', part: 'FIRST', currency: 'EUR', amountMinor: 5_300n } as const;
const cancel = {
  kind: 'CANCEL',
  operator: 'user',
  remark: 'changed my mind',
  barred: 'FIRST',
  expectedVersion: 0,
} as const;
const ship: OrderEvent = {
  kind: 'SHIP',
  carrier: 'dhl',
  trackingNumber: 'T1',
  expectedVersion: 0,
};

export function orderStoreContract(open: () => Promise<StoreUnderTest>): void {
  let under: StoreUnderTest;
  let store: OrderStore;
  beforeAll(async () => {
    under = await open();
    store = under.store;
  });
  afterAll(() => under.close());

  const commit = (order: NewOrder) => store.commit(order, soon());
  const change = (orderId: bigint, event: OrderEvent) => store.change(orderId, event, soon());
  async function placed(changes: Partial<NewOrder> = {}): Promise<bigint> {
    const result = await commit(newOrder(changes));
    expect(result.outcome).toBe('COMMITTED');
    return 'order' in result ? result.order.orderId : 0n;
  }

  describe('commit', () => {
    test('what is read is what was committed', async () => {
      const item = newOrder();
      const result = await commit(item);
      const order = await store.read(item.orderId, soon());
      expect(order).toMatchObject({
        orderId: item.orderId,
        userId: item.userId,
        state: 'PENDING_PAYMENT',
        version: 1,
        type: 'PHYSICAL',
        payableMinor: 5_300n,
        lines: item.lines,
        paidMs: undefined,
        transitions: [{ version: 1, from: undefined, to: 'PENDING_PAYMENT', operator: 'user' }],
      });
      expect(order?.paymentDeadlineMs).toBe((order?.createdMs ?? 0) + 60_000);
      expect(result).toEqual({ outcome: 'COMMITTED', order: { ...order, transitions: [] } });
      expect(await store.findByRequest(item.userId, 'r1', soon())).toEqual({
        ...order,
        transitions: [],
      });
      expect(await under.effectsOf(item.orderId)).toEqual(['order.created']);
    });

    test('an order whose intent is taken leaves nothing to deliver', async () => {
      const item = newOrder({ intended: true });
      expect(await commit(item)).toMatchObject({ outcome: 'COMMITTED' });
      expect(await under.effectsOf(item.orderId)).toEqual([]);
    });

    test('the same request again gives the first order, with whatever id it comes', async () => {
      const first = newOrder();
      await commit(first);
      for (const fresh of [true, false]) {
        const again = { ...first, orderId: keys.newOrderId(first.userId), fresh };
        expect(await commit(again)).toMatchObject({
          outcome: 'EXISTING',
          order: { orderId: first.orderId },
        });
        expect(await commit({ ...first, fresh })).toMatchObject({ outcome: 'EXISTING' });
      }
      expect(await under.effectsOf(first.orderId)).toEqual(['order.created']);
    });

    test('the same request id with another body is refused', async () => {
      const first = newOrder();
      await commit(first);
      const other = { ...first, fingerprint: keys.digest(['two']) };
      expect(await commit(other)).toEqual({ outcome: 'REQUEST_ID_REUSED' });
      expect(await commit({ ...other, fresh: false })).toEqual({ outcome: 'REQUEST_ID_REUSED' });
    });

    test('another user may use the same request id', async () => {
      await placed({ requestId: 'shared' });
      await placed({ requestId: 'shared' });
    });

    test('a tombstone bars its id, for fresh and for doubtful commits', async () => {
      for (const fresh of [true, false]) {
        const item = newOrder({ fresh });
        expect(await store.resolve([item.orderId], soon())).toEqual([{ fate: 'CANCELLED' }]);
        expect(await commit(item)).toEqual({ outcome: 'REQUEST_CLOSED' });
        expect(await store.read(item.orderId, soon())).toBeUndefined();
        expect(await change(item.orderId, cancel)).toEqual({ outcome: 'ORDER_UNKNOWN' });
      }
    });

    test('neighbours of a collision in the same batch are committed', async () => {
      const taken = newOrder();
      await commit(taken);
      const barred = newOrder();
      await store.resolve([barred.orderId], soon());
      const fine = [newOrder(), newOrder(), newOrder()];
      const results = await Promise.all([taken, ...fine, barred].map(commit));
      expect(results.map((result) => result.outcome)).toEqual([
        'EXISTING',
        'COMMITTED',
        'COMMITTED',
        'COMMITTED',
        'REQUEST_CLOSED',
      ]);
    });

    test('200 copies of one request at once make one order, and everybody gets it', async () => {
      const first = newOrder();
      const copies = Array.from({ length: 200 }, (_, i) => ({
        ...first,
        orderId: keys.newOrderId(first.userId),
        fresh: i % 2 === 0,
      }));
      const results = await Promise.all(copies.map(commit));
      const ids = new Set(results.map((result) => 'order' in result && result.order.orderId));
      expect(ids.size).toBe(1);
      expect(results.filter((result) => result.outcome === 'COMMITTED')).toHaveLength(1);
      expect(results.filter((result) => result.outcome === 'EXISTING')).toHaveLength(199);
    });

    test('a commit and a tombstone for its id race: exactly one of them wins', async () => {
      const items = Array.from({ length: 40 }, () => newOrder());
      const [fates, results] = await Promise.all([
        Promise.all(items.map((item) => store.resolve([item.orderId], soon()))),
        Promise.all(items.map(commit)),
      ]);
      for (const [i, result] of results.entries()) {
        const fate = fates[i]?.[0]?.fate;
        expect([result.outcome, fate]).toEqual(
          result.outcome === 'COMMITTED'
            ? ['COMMITTED', 'PENDING']
            : ['REQUEST_CLOSED', 'CANCELLED'],
        );
      }
    });
  });

  describe('change', () => {
    test('the way of an order, with every step on record', async () => {
      const orderId = await placed();
      const steps = [captured, ship, { kind: 'DELIVER', expectedVersion: 3 }] as const;
      for (const event of steps) {
        expect(await change(orderId, event)).toMatchObject({ outcome: 'CHANGED' });
        expect(await change(orderId, event)).toMatchObject({ outcome: 'UNCHANGED' });
      }
      const last = await change(orderId, { kind: 'COMPLETE', expectedVersion: 4 });
      const order = await store.read(orderId, soon());
      expect(last).toEqual({ outcome: 'CHANGED', order });
      expect(order).toMatchObject({ state: 'COMPLETED', version: 5, trackingNumber: 'T1' });
      expect(order?.paidMs).toBe(order?.transitions[1]?.atMs);
      expect(order?.transitions.map((made) => `${made.from} ${made.to} ${made.operator}`)).toEqual([
        'undefined PENDING_PAYMENT user',
        'PENDING_PAYMENT PAID payment',
        'PAID SHIPPED operator',
        'SHIPPED DELIVERED operator',
        'DELIVERED COMPLETED operator',
      ]);
      expect(await under.effectsOf(orderId)).toEqual(['order.created', 'order.paid']);
    });

    test('refusals tell the order and change nothing', async () => {
      const orderId = await placed();
      expect(await change(orderId, ship)).toMatchObject({
        outcome: 'TRANSITION_ILLEGAL',
        order: { state: 'PENDING_PAYMENT' },
      });
      const stale = { ...cancel, expectedVersion: 7 };
      expect(await change(orderId, stale)).toMatchObject({ outcome: 'VERSION_MISMATCH' });
      const tooLittle: OrderEvent = { ...captured, amountMinor: 1n };
      expect(await change(orderId, tooLittle)).toEqual({ outcome: 'MISMATCH' });
      const unknown = keys.newOrderId('nobody');
      expect(await change(unknown, cancel)).toEqual({ outcome: 'ORDER_UNKNOWN' });
      expect(await store.read(orderId, soon())).toMatchObject({ version: 1 });
    });

    test('what came in for an order that was given up is to be refunded', async () => {
      const orderId = await placed();
      await change(orderId, cancel);
      expect(await change(orderId, captured)).toEqual({ outcome: 'REFUND' });
      expect(await under.effectsOf(orderId)).toEqual(['order.created', 'stock.release']);
    });

    test('a paid order that is cancelled gives back units and money', async () => {
      const orderId = await placed();
      await change(orderId, captured);
      await change(orderId, cancel);
      expect(await store.read(orderId, soon())).toMatchObject({ state: 'CANCELLED', version: 3 });
      const effects = await under.effectsOf(orderId);
      expect(effects.slice(0, 2)).toEqual(['order.created', 'order.paid']);
      expect(effects.slice(2).sort()).toEqual(['payment.refund', 'stock.return']);
    });

    test('pay, cancel and expire race for 60 orders: one winner each, every step on record', async () => {
      const ids = await Promise.all(Array.from({ length: 60 }, () => placed()));
      const deadline: OrderEvent = { ...cancel, operator: 'deadline' };
      await Promise.all(
        ids.flatMap((orderId, i) => {
          const racers = [captured, cancel, deadline];
          return [0, 1, 2].map((n) => change(orderId, racers[(n + i) % 3] as OrderEvent));
        }),
      );
      for (const orderId of ids) {
        const order = await store.read(orderId, soon());
        expect(order?.transitions.map((made) => made.version)).toEqual(
          Array.from({ length: order?.version ?? 0 }, (_, i) => i + 1),
        );
        expect(order?.transitions.at(-1)?.to).toBe(order?.state);
        // A user may cancel what is paid; the deadline may not.
        const path = order?.transitions.slice(1).map((made) => `${made.to} ${made.operator}`);
        expect([
          'PAID payment',
          'CANCELLED user',
          'CANCELLED deadline',
          'PAID payment,CANCELLED user',
        ]).toContain(path?.join());
      }
    });
  });

  describe('resolve', () => {
    test('one fate per id, and a tombstone under every id without an order', async () => {
      const [pending, paid, cancelled, returned] = await Promise.all(
        [1, 2, 3, 4].map(() => placed()),
      );
      const never = keys.newOrderId('nobody');
      await change(paid as bigint, captured);
      await change(cancelled as bigint, cancel);
      await change(returned as bigint, captured);
      await change(returned as bigint, cancel);
      const ids = [pending, never, paid, cancelled, returned] as bigint[];
      for (let round = 1; round <= 2; round++) {
        const fates = await store.resolve(ids, soon());
        expect(fates.map(({ fate }) => fate)).toEqual([
          'PENDING',
          'CANCELLED',
          'PAID',
          'CANCELLED',
          'RETURNED',
        ]);
        const order = await store.read(pending as bigint, soon());
        expect(fates[0]?.paymentDeadlineMs).toBe(order?.paymentDeadlineMs);
      }
      expect(await store.resolve([], soon())).toEqual([]);
    });
  });

  describe('list', () => {
    test('newest first, page by page, by state, and only of that user', async () => {
      const userId = newUser();
      const ids: bigint[] = [];
      for (const requestId of ['a', 'b', 'c', 'd']) ids.push(await placed({ userId, requestId }));
      await placed();
      await change(ids[1] as bigint, cancel);
      const list = async (o: { beforeId?: bigint; state?: 'CANCELLED'; limit: number }) => {
        const query = { userId, state: o.state, beforeId: o.beforeId, limit: o.limit };
        const orders = await store.list(query, soon());
        return orders.map((order) => ids.indexOf(order.orderId));
      };
      expect(await list({ limit: 10 })).toEqual([3, 2, 1, 0]);
      expect(await list({ limit: 2 })).toEqual([3, 2]);
      expect(await list({ limit: 2, beforeId: ids[2] as bigint })).toEqual([1, 0]);
      expect(await list({ limit: 10, state: 'CANCELLED' })).toEqual([1]);
      const [first] = await store.list(
        { userId, state: undefined, beforeId: undefined, limit: 1 },
        soon(),
      );
      expect(first?.lines).toHaveLength(2);
    });
  });

  describe('due', () => {
    const claim = async (limit: number, leaseMs: number) => {
      const claims = store.dueQueues.map((queue) => queue.claim(limit, leaseMs, soon()));
      const due = (await Promise.all(claims)).flat();
      return due.map(({ orderId }) => orderId);
    };

    test('only pending orders after their deadline, each to one claimer per lease', async () => {
      const due = await Promise.all(
        Array.from({ length: 6 }, () => placed({ paymentWindowMs: -1_000 })),
      );
      const later = await placed({ paymentWindowMs: 60_000 });
      await change(due[0] as bigint, captured);
      await change(due[1] as bigint, cancel);
      const claimed = (await Promise.all([claim(100, 200), claim(100, 200)])).flat();
      expect(new Set(claimed)).toEqual(new Set(due.slice(2)));
      expect(claimed).toHaveLength(4);
      expect(claimed).not.toContain(later);
      expect(await claim(100, 200)).toEqual([]);
      await systemClock.sleep(250);
      expect(await claim(100, 60_000)).toHaveLength(4);
    });
  });
}
