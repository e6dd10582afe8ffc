// Promise: a COMMIT whose answer is lost neither loses an order nor makes a second one.
// Method: a proxy that cuts the connection when the server has answered COMMIT, removed as soon as
// the row can be seen from outside.

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { systemClock } from '../../../platform/clock.js';
import { FaultyProxy } from '../../../platform/faulty-proxy.fixture.js';
import { geneOf, IdSource } from '../../../platform/ids.js';
import { testUrl } from '../../../platform/real-servers.fixture.js';
import type { NewOrder } from '../../app/ports.js';
import { lineOf } from '../../domain/orders.fixture.js';
import { orderKeys } from '../order-keys.js';
import { openOrderDatabase } from './order-database.fixture.js';

const lease = () => ({ workerId: 1, fromMs: 0, untilMs: Number.MAX_SAFE_INTEGER });
const keys = orderKeys(new IdSource({ clock: systemClock, lease }));
// Short, because the driver keeps the timer of a statement whose connection was cut.
const soon = () => Date.now() + 2_000;

// The statement itself, which the protocol's byte for a query precedes, and not READ COMMITTED.
const COMMIT = '\x03COMMIT';

let proxy: FaultyProxy;
let under: Awaited<ReturnType<typeof openOrderDatabase>>;

beforeAll(async () => {
  proxy = new FaultyProxy(testUrl('TEST_MYSQL_1'));
  under = await openOrderDatabase([await proxy.listen()]);
});

afterAll(async () => {
  await under.close();
  await proxy.close();
});

function newOrder(userId: string): NewOrder {
  return {
    orderId: keys.newOrderId(userId),
    userId,
    requestId: 'r1',
    fingerprint: keys.digest([userId]),
    type: 'PHYSICAL',
    details: undefined,
    currency: 'EUR',
    totalMinor: 100n,
    discountMinor: 0n,
    payableMinor: 100n,
    presale: undefined,
    paymentWindowMs: 60_000,
    lines: [lineOf('tea', 1, 100n)],
    fresh: true,
  };
}

const VERSION = 'MAX(version) AS n FROM %.orders';
const EVENTS = 'COUNT(*) AS n FROM %.order_tracking';

/** Loses the answers of COMMIT until the order has so many of something. */
async function losingCommits<T>(
  orderId: bigint,
  wanted: number,
  work: Promise<T>,
  what = VERSION,
): Promise<T> {
  const outside = await under.shards.serverOf(geneOf(orderId)).connect();
  try {
    const sql = `SELECT ${what.replace('%', under.name)} WHERE shard_no = ? AND order_id = ?`;
    for (;;) {
      const [rows] = await outside.query(sql, [geneOf(orderId), orderId]);
      const [row] = rows as { n: number | null }[];
      if ((row?.n ?? 0) >= wanted) break;
    }
    proxy.cutAfter = undefined;
    return await work;
  } finally {
    proxy.cutAfter = undefined;
    outside.destroy();
  }
}

test('the batch is committed once, and its callers are told so', async () => {
  const items = ['ada', 'bob', 'cy'].map(newOrder);
  proxy.cutAfter = COMMIT;
  const committing = Promise.all(items.map((item) => under.store.commit(item, soon())));
  const results = await losingCommits(items[0]?.orderId ?? 0n, 1, committing);
  expect(results.map((result) => result.outcome)).toEqual(['COMMITTED', 'COMMITTED', 'COMMITTED']);
  for (const { orderId } of items) {
    expect((await under.store.read(orderId, soon()))?.transitions).toHaveLength(1);
    expect(await under.effectsOf(orderId)).toEqual(['order.created']);
  }
});

test('an event is applied once', async () => {
  const item = newOrder('dan');
  await under.store.commit(item, soon());
  proxy.cutAfter = COMMIT;
  const event = { kind: 'CAPTURED', part: 'FIRST', currency: 'EUR', amountMinor: 100n } as const;
  const changing = under.store.change(item.orderId, event, soon());
  const result = await losingCommits(item.orderId, 2, changing);
  expect(result).toMatchObject({ order: { state: 'PAID', version: 2 } });
  expect((await under.store.read(item.orderId, soon()))?.transitions).toHaveLength(2);
  expect(await under.effectsOf(item.orderId)).toEqual(['order.created', 'order.paid']);
});

test('what a carrier tells is added once', async () => {
  const item = newOrder('eve');
  await under.store.commit(item, soon());
  const captured = { kind: 'CAPTURED', part: 'FIRST', currency: 'EUR', amountMinor: 100n } as const;
  await under.store.change(item.orderId, captured, soon());
  const ship = { kind: 'SHIP', carrier: 'dhl', trackingNumber: 'T1', expectedVersion: 0 } as const;
  await under.store.change(item.orderId, ship, soon());
  proxy.cutAfter = COMMIT;
  const words = { requestId: 'e1', status: 'in_transit', place: '', text: '' };
  const tracking = under.store.track(item.orderId, { ...words, atMs: 1_000 }, soon());
  const result = await losingCommits(item.orderId, 1, tracking, EVENTS);
  expect(result).toMatchObject({ outcome: 'EXISTING', order: { tracking: [{ atMs: 1_000 }] } });
  expect((await under.store.read(item.orderId, soon()))?.tracking).toHaveLength(1);
});
