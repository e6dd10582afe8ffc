// Promise: whoever was told of a change reads it, in every process, while orders are read and changed
// at the same time, and while Redis loses entries, answers and connections.

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { type Clock, systemClock } from '../../../platform/clock.js';
import { FaultyProxy } from '../../../platform/faulty-proxy.fixture.js';
import { IdSource } from '../../../platform/ids.js';
import { silent, testUrl } from '../../../platform/real-servers.fixture.js';
import { connectRedis, type RedisLink, redisReady } from '../../../platform/redis/connect.js';
import type { NewOrder } from '../../app/ports.js';
import type { Order } from '../../domain/order.js';
import { lineOf } from '../../domain/orders.fixture.js';
import type { OrderEvent } from '../../domain/transition.js';
import { orderKeys } from '../order-keys.js';
import { CACHE_MS_MAX, RedisPartsCache } from '../redis/parts-cache.js';
import { openOrderDatabase } from './order-database.fixture.js';

const ROUNDS = 1_000;
/** With a fault in every tenth. */
const FAULTY_ROUNDS = 400;
/** Changes at the same time, each of another order. */
const CHAINS = 20;
const LINES = [lineOf('tea', 2, 1_650n), lineOf('cup', 1, 2_000n)];
const EVENTS: readonly OrderEvent[] = [
  { kind: 'CAPTURED', part: 'FIRST', currency: 'EUR', amountMinor: 5_300n },
  { kind: 'SHIP', carrier: 'dhl', trackingNumber: 'T1', expectedVersion: 0 },
  { kind: 'DELIVER', expectedVersion: 0 },
  { kind: 'COMPLETE', expectedVersion: 0 },
];
const STATES = ['', 'PENDING_PAYMENT', 'PAID', 'SHIPPED', 'DELIVERED', 'COMPLETED'];

// A rest of ten seconds is over in ten milliseconds, so that Redis is asked again and again.
const hasty: Clock = { ...systemClock, monotonicMs: () => performance.now() * 1_000 };
const soon = () => Date.now() + 5_000;

let proxy: FaultyProxy;
let links: RedisLink[];
let admin: Redis;
let caches: RedisPartsCache[];
let under: Awaited<ReturnType<typeof openOrderDatabase>>;

beforeAll(async () => {
  proxy = new FaultyProxy(testUrl('TEST_REDIS'));
  const urls = [await proxy.listen(), testUrl('TEST_REDIS')];
  links = urls.map((url) => connectRedis({ url, commandTimeoutMs: CACHE_MS_MAX, log: silent }));
  await Promise.all(links.map((link) => redisReady(link)));
  admin = new Redis(testUrl('TEST_REDIS'));
  const mesh = `reads-${process.pid}`;
  caches = links.map((link) => new RedisPartsCache({ link, clock: hasty, mesh }));
  under = await openOrderDatabase(undefined, caches);
});
afterAll(async () => {
  await under.close();
  for (const link of links) link.disconnect();
  admin.disconnect();
  await proxy.close();
});

test('a read after a change is never older than the change', async () => {
  await run(ROUNDS, () => undefined);
  // It was used: a busy machine may pass it over now and then, but never altogether.
  expect(Math.min(...caches.map((cache) => cache.stats.hits))).toBeGreaterThan(ROUNDS / 10);
}, 120_000);

test('nor while Redis forgets, falls silent and hangs up', async () => {
  const faults: (() => unknown)[] = [
    () => admin.flushall(),
    () => set({ muteAfter: 'mget' }),
    () => set({ cutAfter: 'mget' }),
    () => set({ muteAfter: 'set' }),
    () => set({ cutAfter: 'set' }),
    () => set({}),
    () => set({}),
  ];
  const next = (n: number) => faults[n % faults.length]?.();
  await run(FAULTY_ROUNDS, (round) => (round % 10 === 0 ? next(round / 10) : undefined));
  set({});
  expect(caches[0]?.stats.failures).toBeGreaterThan(5);
}, 120_000);

function set(fault: { muteAfter?: string; cutAfter?: string }): void {
  proxy.muteAfter = fault.muteAfter;
  proxy.cutAfter = fault.cutAfter;
}

async function run(rounds: number, before: (round: number) => unknown): Promise<void> {
  let round = 0;
  await Promise.all(
    Array.from({ length: CHAINS }, async () => {
      while (round < rounds) {
        const orderId = await placed();
        for (const [i, event] of EVENTS.entries()) {
          round += 1;
          await before(round);
          await changeAmongReads(orderId, event, i + 2);
        }
      }
    }),
  );
}

// Reads begin before, during and after the change; those that begin after its answer must know it.
async function changeAmongReads(orderId: bigint, event: OrderEvent, version: number) {
  const stores = pick(2) === 0 ? [under.store, under.otherStore] : [under.otherStore, under.store];
  const early = stores.map((store) => store.read(orderId, soon()));
  if (pick(2) === 0) await early[pick(2)];
  const change = (stores[0] as (typeof under)['store']).change(orderId, event, soon());
  const during = stores.map((store) => store.read(orderId, soon()));
  expect((await change).outcome).toBe('CHANGED');
  for (let again = 0; again < 2; again++) {
    const late = await Promise.all(stores.map((store) => store.read(orderId, soon())));
    for (const order of late) expectWhole(order, [version]);
  }
  for (const order of await Promise.all([...early, ...during])) {
    expectWhole(order, [version - 1, version]);
  }
}

function expectWhole(order: Order | undefined, versions: readonly number[]): void {
  expect(versions).toContain(order?.version);
  expect(order).toMatchObject({ lines: LINES, state: STATES[order?.version ?? 0] });
  expect(order?.transitions.map((made) => made.to)).toEqual(
    STATES.slice(1, 1 + (order?.version ?? 0)),
  );
}

const lease = () => ({ workerId: 4, fromMs: 0, untilMs: Number.MAX_SAFE_INTEGER });
const keys = orderKeys(new IdSource({ clock: systemClock, lease }));
let users = 0;

async function placed(): Promise<bigint> {
  users += 1;
  const userId = `reader-${users}`;
  const item: NewOrder = {
    orderId: keys.newOrderId(userId),
    userId,
    requestId: 'r1',
    fingerprint: keys.digest(['one']),
    type: 'PHYSICAL',
    details: undefined,
    currency: 'EUR',
    totalMinor: 5_300n,
    discountMinor: 0n,
    payableMinor: 5_300n,
    presale: undefined,
    paymentWindowMs: 60_000,
    lines: LINES,
    fresh: true,
  };
  // Somebody looks for it before it is there; that must not hide it later.
  expect(await under.otherStore.read(item.orderId, soon())).toBeUndefined();
  expect((await under.store.commit(item, soon())).outcome).toBe('COMMITTED');
  for (const store of [under.store, under.otherStore]) {
    expectWhole(await store.read(item.orderId, soon()), [1]);
  }
  return item.orderId;
}

function pick(count: number): number {
  return Math.floor(Math.random() * count);
}
