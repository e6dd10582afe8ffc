// Promise: an id that cannot have been made yet is answered without asking the store, and every other
// one by the store.

import { expect, test } from '@jest/globals';
import { ManualClock } from '../../platform/clock.js';
import { IdSource } from '../../platform/ids.js';
import { orderIn } from '../domain/orders.fixture.js';
import { GetOrder } from './get-order.js';

const DAY_MS = 24 * 60 * 60 * 1000;

// Clocks of other processes may be ahead; only what nobody can have made is refused unasked.
test.each([
  ['a year ago', -365 * DAY_MS, true],
  ['now', 0, true],
  ['tomorrow', DAY_MS, true],
  ['in a year', 365 * DAY_MS, true],
  ['in more than a year', 365 * DAY_MS + 1, false],
  ['in a lifetime', 60 * 365 * DAY_MS, false],
])('an id made %s', async (_when, aheadMs, asked) => {
  const clock = new ManualClock(Date.UTC(2027, 6, 1));
  const maker = new ManualClock(clock.nowMs() + aheadMs);
  const lease = () => ({ workerId: 1, fromMs: 0, untilMs: Number.MAX_SAFE_INTEGER });
  const orderId = new IdSource({ clock: maker, lease }).next(7);
  const order = orderIn('PAID', { orderId });
  const seen: bigint[] = [];
  const read = (id: bigint) => {
    seen.push(id);
    return Promise.resolve(order);
  };
  const get = new GetOrder({ orders: { read }, clock });
  expect(await get.run(orderId, clock.nowMs() + 1_000)).toBe(asked ? order : undefined);
  expect(seen).toEqual(asked ? [orderId] : []);
});

test.each([
  ['the first that there can be', 1n << 22n, true],
  ['the last one before it', (1n << 22n) - 1n, false],
  ['a small number', 42n, false],
])('%s', async (_what, orderId, asked) => {
  const { get, seen } = open();
  expect((await get.run(orderId, 0)) !== undefined).toBe(asked);
  expect(seen).toEqual(asked ? [[orderId, 0]] : []);
});

test('the version that the caller knows is handed on, none is 0', async () => {
  const { get, seen } = open();
  const { orderId } = orderIn('PAID');
  await get.run(orderId, 0, 3);
  await get.run(orderId, 0);
  expect(seen).toEqual([
    [orderId, 3],
    [orderId, 0],
  ]);
});

function open() {
  const seen: [bigint, number | undefined][] = [];
  const read = (orderId: bigint, _deadlineMs: number, atLeastVersion?: number) => {
    seen.push([orderId, atLeastVersion]);
    return Promise.resolve(orderIn('PAID', { orderId }));
  };
  const clock = new ManualClock(Date.UTC(2027, 6, 1));
  return { get: new GetOrder({ orders: { read }, clock }), seen };
}
