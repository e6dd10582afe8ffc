// Promise: on a real Redis a pass sees every loaded SKU, none that is not, and changes nothing.

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Redis } from 'ioredis';
import { silent, testUrl } from '../../../platform/real-servers.fixture.js';
import { connectRedis, masters, redisReady } from '../../../platform/redis/connect.js';
import { partitionOf } from '../../domain/split.js';
import { skuKeys } from './keys.js';
import { RedisLoadedSkus } from './loaded-skus.js';

let redis: Redis;

beforeAll(async () => {
  const link = connectRedis({ url: testUrl('TEST_REDIS'), commandTimeoutMs: 2_000, log: silent });
  await redisReady(link);
  [redis] = masters(link) as [Redis];
  await redis.flushall();
}, 30_000);

afterAll(async () => {
  await redis.flushall();
  redis.disconnect();
});

test('5,000 SKUs among strangers are seen in looks of about 500', async () => {
  const skuIds = [...Array(5_000).keys()].map((i) => `sku:${i}.a-b_C`).sort();
  const pipeline = redis.pipeline();
  for (const skuId of skuIds) {
    const keys = skuKeys(partitionOf(skuId), skuId);
    pipeline.hset(keys.stock, 'available', 1);
    pipeline.hset(keys.grants, 'r', 'o');
    pipeline.hset(keys.buyers, 'u', 1);
  }
  for (let i = 0; i < 500; i++) pipeline.set(`session:${i}`, 'x');
  pipeline.set('{p07}:sku:with space', 'x');
  pipeline.set('{px7}:sku:sku-1', 'x');
  await pipeline.exec();
  const keysBefore = await redis.dbsize();

  const loaded = new RedisLoadedSkus(() => masters(redis));
  for (let pass = 1; pass <= 2; pass++) {
    const seen = new Set<string>();
    for (let look = 1; ; look++) {
      expect(look).toBeLessThanOrEqual(40);
      const { skuIds: some, ended } = await loaded.next(500);
      // The last scan may bring up to a thousand keys more.
      expect(some.length).toBeLessThanOrEqual(1_600);
      for (const skuId of some) seen.add(skuId);
      if (ended) break;
    }
    expect([...seen].sort()).toEqual(skuIds);
  }
  expect(await redis.dbsize()).toBe(keysBefore);
}, 30_000);
