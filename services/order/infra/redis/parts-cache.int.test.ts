// Promise: the cache answers what was kept of exactly that order and version, or that it does not
// know; whatever Redis does, it neither throws nor keeps anybody waiting.

import { afterEach, describe, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { ManualClock, systemClock } from '../../../platform/clock.js';
import { FaultyProxy } from '../../../platform/faulty-proxy.fixture.js';
import { eventually, silent, testUrl } from '../../../platform/real-servers.fixture.js';
import { connectRedis, redisReady } from '../../../platform/redis/connect.js';
import type { Order } from '../../domain/order.js';
import { lineOf, orderIn } from '../../domain/orders.fixture.js';
import { partsKey } from './keys.js';
import { CACHE_MS_MAX, RedisPartsCache } from './parts-cache.js';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

let meshes = 0;
async function open(o: { url?: string; clock?: ManualClock } = {}) {
  const link = connectRedis({
    url: o.url ?? testUrl('TEST_REDIS'),
    commandTimeoutMs: CACHE_MS_MAX,
    log: silent,
  });
  closers.push(() => link.disconnect());
  await redisReady(link);
  const admin = new Redis(testUrl('TEST_REDIS'));
  closers.push(() => admin.disconnect());
  meshes += 1;
  const mesh = `parts-test-${process.pid}-${meshes}`;
  const cache = new RedisPartsCache({ link, clock: o.clock ?? systemClock, mesh });
  const keyOf = (order: Order) => partsKey(mesh, order.orderId, order.version);
  const read = async (order: Order) => (await cache.read([order]))[0];
  const kept = async (order: Order) => {
    cache.keep([order]);
    await eventually(async () => (await admin.exists(keyOf(order))) === 1);
  };
  return { cache, link, admin, keyOf, read, kept };
}

const order = orderIn('SHIPPED', {
  orderId: 2n ** 53n + 1n,
  lines: [
    { ...lineOf('tea', 2, 2n ** 60n + 1n), title: 'Tea, “green”', attributes: { size: 'L' } },
    lineOf('cup', 1, 0n),
  ],
});
const parts = { lines: order.lines, transitions: order.transitions };

describe('what was kept', () => {
  test('is answered as it was', async () => {
    const { read, kept } = await open();
    await kept(order);
    expect(await read(order)).toEqual(parts);
  });

  test('is known of that version alone', async () => {
    const { read, kept } = await open();
    await kept(order);
    expect(await read({ ...order, version: order.version + 1 })).toBeUndefined();
    expect(await read({ ...order, version: order.version - 1 })).toBeUndefined();
  });

  test('is known of that order alone, in a batch over all tags', async () => {
    const { cache, kept } = await open();
    const many = Array.from({ length: 64 }, (_, gene) => {
      const orderId = (9n << 22n) | (BigInt(gene) << 16n);
      return { ...order, orderId, lines: [lineOf(`sku-${gene}`, 1, BigInt(gene))] };
    });
    for (const one of many.slice(0, 40)) await kept(one);
    const found = await cache.read(many);
    expect(found.map((entry) => entry?.lines[0]?.skuId)).toEqual(
      many.map((_, gene) => (gene < 40 ? `sku-${gene}` : undefined)),
    );
  });

  test('ends by itself within a minute', async () => {
    const { admin, kept, keyOf } = await open();
    await kept(order);
    const leftMs = await admin.pttl(keyOf(order));
    expect(leftMs > 0 && leftMs <= 60_000).toBe(true);
  });

  test('belongs to one installation', async () => {
    const [ours, theirs] = [await open(), await open()];
    await ours.kept(order);
    expect(await theirs.read(order)).toBeUndefined();
  });
});

describe('not kept', () => {
  test('an order that was read without its transitions', async () => {
    const { cache, admin, kept, keyOf } = await open();
    const bare = { ...order, orderId: 5n << 22n, transitions: [] };
    cache.keep([bare]);
    await kept(order);
    expect(await admin.exists(keyOf(bare))).toBe(0);
  });

  test('an entry that is larger than any honest order', async () => {
    const { cache, admin, kept, keyOf } = await open();
    const lines = Array.from({ length: 100 }, () => ({
      ...lineOf('x', 1, 1n),
      title: 'x'.repeat(200),
    }));
    const huge = { ...order, orderId: 5n << 22n, lines };
    cache.keep([huge]);
    await kept(order);
    expect(await admin.exists(keyOf(huge))).toBe(0);
  });
});

test.each([
  ['no JSON', 'tea'],
  ['another form', '{"lines":[]}'],
  ['too few transitions', '[[{"skuId":"tea","unitPriceMinor":"1"}],[]]'],
  ['no lines', '[[],[{},{},{}]]'],
  ['a price that is none', '[[{"unitPriceMinor":"x"}],[{},{},{}]]'],
])('an entry that holds %s is not known', async (_what, text) => {
  const { admin, read, keyOf } = await open();
  await admin.set(keyOf(order), text);
  expect(await read(order)).toBeUndefined();
});

describe('a Redis that', () => {
  test('holds another type under the key is not believed', async () => {
    const { admin, read, keyOf } = await open();
    await admin.hset(keyOf(order), 'a', 'b');
    expect(await read(order)).toBeUndefined();
  });

  test('is not there is not asked', async () => {
    const { cache, link, read } = await open();
    link.disconnect();
    await eventually(() => link.status === 'end');
    cache.keep([order]);
    expect(await read(order)).toBeUndefined();
    expect(cache.stats.failures).toBe(0);
  });

  test('hangs is left alone for a while, and asked again', async () => {
    const proxy = new FaultyProxy(testUrl('TEST_REDIS'));
    closers.push(() => proxy.close());
    const clock = new ManualClock();
    const { cache, read, kept } = await open({ url: await proxy.listen(), clock });
    await kept(order);
    proxy.muteAfter = 'mget';
    expect(await read(order)).toBeUndefined();
    expect(cache.stats.failures).toBe(1);
    await Promise.all(Array.from({ length: 50 }, () => read(order)));
    expect(cache.stats.failures).toBe(1);
    proxy.muteAfter = undefined;
    // The connection that owes an answer is given up first.
    await eventually(async () => {
      await clock.advance(10_000);
      return (await read(order)) !== undefined;
    }, 4_000);
  });
});
