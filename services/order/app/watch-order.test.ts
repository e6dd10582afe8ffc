// Promise: a watcher sees each version once and in order, also those that came between two looks.
// Method: the store in memory; the bell rings, stays silent, or rings in the middle of a look.

import { beforeEach, describe, expect, test } from '@jest/globals';
import { ManualClock } from '../../platform/clock.js';
import type { Order } from '../domain/order.js';
import { orderIn } from '../domain/orders.fixture.js';
import type { OrderStore } from './ports.js';
import { ChangeBell, WatchOrder } from './watch-order.js';

const ID = 7n;
let clock: ManualClock;
let bell: ChangeBell;
let current: Order | undefined;
let watch: WatchOrder;
/** Called in the middle of a look, once. */
let duringLook: (() => void) | undefined;

beforeEach(() => {
  clock = new ManualClock();
  bell = new ChangeBell();
  current = orderIn('PENDING_PAYMENT');
  duringLook = undefined;
  const read = async () => {
    const seen = current;
    duringLook?.();
    duringLook = undefined;
    return seen;
  };
  const orders = { read } as unknown as OrderStore;
  const limits = { lookIntervalMs: 500, lookMsMax: 100, watchersMax: 2 };
  watch = new WatchOrder({ orders, bell, clock, limits });
});

function follow(signal = new AbortController().signal, fromVersion?: number) {
  const seen: string[] = [];
  const done = (async () => {
    for await (const order of watch.run({ orderId: ID, fromVersion }, signal)) {
      seen.push(order === 'ORDER_UNKNOWN' ? order : `${order.version} ${order.state}`);
    }
  })();
  return { seen, done };
}

test('at once, then with the bell, then never again after the end', async () => {
  const { seen, done } = follow();
  await clock.advance(0);
  expect(seen).toEqual(['1 PENDING_PAYMENT']);
  bell.ring(ID); // nothing has changed
  await clock.advance(0);
  current = orderIn('CANCELLED');
  bell.ring(8n); // another order's bell
  await clock.advance(0);
  expect(seen).toHaveLength(1);
  bell.ring(ID);
  await done;
  expect(seen).toEqual(['1 PENDING_PAYMENT', '2 CANCELLED']);
});

test('changes made elsewhere are found by looking again, none skipped', async () => {
  const { seen, done } = follow();
  await clock.advance(499);
  current = orderIn('SHIPPED');
  expect(seen).toEqual(['1 PENDING_PAYMENT']);
  await clock.advance(1);
  expect(seen).toEqual(['1 PENDING_PAYMENT', '2 PAID', '3 SHIPPED']);
  current = orderIn('COMPLETED');
  await clock.advance(500);
  await done;
  expect(seen.slice(3)).toEqual(['4 DELIVERED', '5 COMPLETED']);
});

test('a change in the middle of a look is not slept through', async () => {
  duringLook = () => {
    current = orderIn('CANCELLED');
    bell.ring(ID);
  };
  const { seen, done } = follow();
  await clock.advance(0);
  await done;
  expect(seen).toEqual(['1 PENDING_PAYMENT', '2 CANCELLED']);
});

test('ends when the watcher leaves, and when there is no such order', async () => {
  const leaving = new AbortController();
  const { seen, done } = follow(leaving.signal);
  await clock.advance(0);
  leaving.abort();
  await done;
  expect(seen).toHaveLength(1);
  current = undefined;
  const ghost = follow();
  await ghost.done;
  expect(ghost.seen).toEqual(['ORDER_UNKNOWN']);
});

describe('resume', () => {
  const LIFE = ['1 PENDING_PAYMENT', '2 PAID', '3 SHIPPED', '4 DELIVERED', '5 COMPLETED'];

  test.each([0, 1, 2, 3, 4, 5])('from version %d: every later one, to the end', async (from) => {
    current = orderIn('COMPLETED');
    const { seen, done } = follow(undefined, from);
    await done;
    expect(seen).toEqual(LIFE.slice(from));
  });

  test('what has happened, then what happens', async () => {
    current = orderIn('PAID');
    const { seen, done } = follow(undefined, 1);
    await clock.advance(0);
    expect(seen).toEqual(['2 PAID']);
    current = orderIn('COMPLETED');
    bell.ring(ID);
    await done;
    expect(seen).toEqual(LIFE.slice(1));
  });

  test('an older sight than the watcher has seen is not sent again', async () => {
    current = orderIn('PAID');
    const { seen, done } = follow(undefined, 3);
    await clock.advance(500);
    expect(seen).toEqual([]);
    current = orderIn('COMPLETED');
    await clock.advance(500);
    await done;
    expect(seen).toEqual(['4 DELIVERED', '5 COMPLETED']);
  });

  test('a watcher who leaves in the middle of the past gets no more of it', async () => {
    current = orderIn('COMPLETED');
    const leaving = new AbortController();
    const seen: unknown[] = [];
    for await (const order of watch.run({ orderId: ID, fromVersion: 0 }, leaving.signal)) {
      seen.push(order);
      leaving.abort();
    }
    expect(seen).toHaveLength(1);
  });
});

test('a bounded number of watchers', async () => {
  const leaving = new AbortController();
  const two = [follow(leaving.signal), follow(leaving.signal)];
  await clock.advance(0);
  await expect(follow().done).rejects.toThrow('too many');
  leaving.abort();
  await Promise.all(two.map(({ done }) => done));
  const again = follow();
  await clock.advance(0);
  expect(again.seen).toHaveLength(1);
});
