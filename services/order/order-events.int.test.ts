// Promise: with an event stream configured, the public hears of every version of every order, in order,
// also when the stream was away or lost its answers.
// Method: the whole service over gRPC on two real MySQL servers and a real Redis behind a proxy that
// loses what Redis answers; a projection reads the stream as a stranger would.

import { fromJsonString } from '@bufbuild/protobuf';
import { afterAll, beforeEach, expect, test } from '@jest/globals';
import { OrderChangedSchema } from '../../gen/spillway/order/v1/order_changed_pb.js';
import { type Order, OrderState } from '../../gen/spillway/order/v1/order_pb.js';
import { systemClock as clock } from '../platform/clock.js';
import { EventConsumer, type Projection } from '../platform/events/event-consumer.js';
import { RedisEventInbox } from '../platform/events/redis-inbox.js';
import { ALL_PARTITIONS, streamKeys } from '../platform/events/stream-keys.js';
import { FaultyProxy } from '../platform/faulty-proxy.fixture.js';
import { eventually, silent, testUrl } from '../platform/real-servers.fixture.js';
import { connectRedis, redisReady } from '../platform/redis/connect.js';
import { openScene, soon } from './order-scene.fixture.js';

const AWAY_MS = 3_000;
const LIFE = [
  '1 >PENDING_PAYMENT user',
  '2 PENDING_PAYMENT>PAID payment',
  '3 PAID>SHIPPED operator',
];

const topic = `test${process.pid}order`;
const proxy = new FaultyProxy(testUrl('TEST_REDIS'));
const direct = connectRedis({ url: testUrl('TEST_REDIS'), commandTimeoutMs: 2_000, log: silent });
const link = connectRedis({ url: await proxy.listen(), commandTimeoutMs: 300, log: silent });
await Promise.all([redisReady(direct), redisReady(link)]);
const scene = await openScene({ eventStream: { link, topic } });
const { client, place, news } = scene;

/** By order, what a reader has made of its events. */
const told = new Map<string, string[]>();
const reader: Projection = {
  applied: async (orderId) => told.get(orderId)?.length ?? 0,
  apply: async (event) => {
    const { orderId, version, from, to, operator } = fromJsonString(OrderChangedSchema, event.body);
    expect([event.kind, orderId]).toEqual(['order.changed', event.aggregateId]);
    const was = from === OrderState.UNSPECIFIED ? '' : OrderState[from];
    const line = `${version} ${was}>${OrderState[to]} ${operator}`;
    told.set(orderId, [...(told.get(orderId) ?? []), line]);
    return 'DONE';
  },
};
const consumer = new EventConsumer({
  name: 'reader',
  inbox: new RedisEventInbox({ link: direct, topic, group: 'reader', consumer: 'one' }),
  projection: reader,
  limits: {
    batchMax: 100,
    inFlightMax: 10,
    heldMax: 1_000,
    idleMs: 1_000,
    deliveriesMax: 10,
    applyMsMax: 500,
    lookIntervalMs: 20,
  },
  clock,
  log: silent,
});
consumer.start();

beforeEach(() => scene.reset());

afterAll(async () => {
  await consumer.stop();
  await scene.close();
  const { events } = streamKeys(topic);
  await Promise.all(ALL_PARTITIONS.map((partition) => direct.del(events(partition))));
  link.disconnect();
  direct.disconnect();
  await proxy.close();
});

async function ship(order: Order): Promise<void> {
  const carrier = { carrier: 'dhl', trackingNumber: 'T1' };
  await client.shipOrder({ orderId: order.orderId, ...carrier }, soon());
}

test('each transition is told at once', async () => {
  const { orderId } = await place();
  await eventually(() => told.get(orderId)?.length === 1);
  await client.cancelOrder({ orderId, reason: 'x' }, soon());
  await eventually(() => told.get(orderId)?.length === 2);
  expect(told.get(orderId)).toEqual([LIFE[0], '2 PENDING_PAYMENT>CANCELLED user']);
});

test('the stream is away for three seconds: then everything, once and in order', async () => {
  proxy.muteAfter = 'xadd';
  const endMs = Date.now() + AWAY_MS;
  const orders: Order[] = [];
  while (Date.now() < endMs) {
    const order = await place();
    orders.push(order);
    await news(order.orderId);
    await ship(order);
    await clock.sleep(100);
  }
  expect(orders.length).toBeGreaterThan(5);
  proxy.muteAfter = undefined;
  for (const { orderId } of orders) {
    await eventually(() => told.get(orderId)?.length === 3, 30_000);
    expect(told.get(orderId)).toEqual(LIFE);
  }
  expect(consumer.stats.buried).toBe(0);
}, 60_000);
