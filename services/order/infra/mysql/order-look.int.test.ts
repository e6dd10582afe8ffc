// What the look at the orders tells, on two servers: how many are open, how old, how overdue.

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { change } from '../../../platform/mysql/transaction.js';
import { gauges } from '../../../platform/telemetry/metrics.js';
import { newOrder, soon } from '../new-orders.fixture.js';
import { openOrderDatabase } from './order-database.fixture.js';
import { orderLook } from './order-look.js';

let under: Awaited<ReturnType<typeof openOrderDatabase>>;

beforeAll(async () => {
  under = await openOrderDatabase();
  const orders = Array.from({ length: 20 }, () => newOrder());
  await Promise.all(orders.map((order) => under.store.commit(order, soon())));
});
afterAll(() => under.close());

const open = (state: string) => gauges('spillway.order.open').of(state).read();
const lag = () => gauges('spillway.order.deadline.lag').of().read() ?? -1;

test('orders are counted by state, and the oldest has an age', async () => {
  await orderLook(under.shards).run();
  expect([open('PENDING_PAYMENT'), open('PAID')]).toEqual([20, 0]);
  const age = gauges('spillway.order.oldest.age').of('PENDING_PAYMENT').read();
  expect(age).toBeGreaterThan(0);
  expect(age).toBeLessThan(60);
  expect(lag()).toBe(0);
});

test('an order that nobody has expired is told of by its deadline', async () => {
  const sql = `UPDATE orders SET payment_deadline_ms = payment_deadline_ms - 160000,
    due_ms = due_ms - 160000 ORDER BY order_id LIMIT 1`;
  const [server] = under.shards.servers;
  if (server) await change(server, { deadlineMs: soon() }, sql);
  await orderLook(under.shards).run();
  // It had a minute to pay, so it is late by a hundred seconds and what the test took.
  expect(lag()).toBeGreaterThan(90);
  expect(lag()).toBeLessThan(160);
});
