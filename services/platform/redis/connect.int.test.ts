// Promise: a command runs at most once per call, and its promise always settles.
// Method: real Redis behind a proxy that loses answers.

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Redis } from 'ioredis';
import { FaultyProxy } from '../faulty-proxy.fixture.js';
import { eventually, silent, testUrl } from '../real-servers.fixture.js';
import { assertNoEviction, connectRedis, redisReady } from './connect.js';

const KEY = 'test:platform:stock';
let proxy: FaultyProxy;
let direct: Redis;
let redis: Redis;

beforeEach(async () => {
  proxy = new FaultyProxy(testUrl('TEST_REDIS'));
  direct = connectRedis({ url: testUrl('TEST_REDIS'), commandTimeoutMs: 1_000, log: silent });
  redis = connectRedis({ url: await proxy.listen(), commandTimeoutMs: 200, log: silent });
  await Promise.all([redisReady(direct), redisReady(redis)]);
  await direct.set(KEY, 100);
});

afterEach(async () => {
  await direct.del(KEY);
  direct.disconnect();
  redis.disconnect();
  await proxy.close();
});

describe('an answer that is lost', () => {
  test.each(['muteAfter', 'cutAfter'] as const)('%s', async (fault) => {
    proxy[fault] = 'decr';
    await expect(redis.decr(KEY)).rejects.toThrow();
    expect(await direct.get(KEY)).toBe('99');

    proxy[fault] = undefined;
    if (fault === 'muteAfter') redis.disconnect(true);
    await eventually(async () => (await redis.get(KEY).catch(() => '')) === '99');
  });
});

test('a command given while disconnected is rejected, not kept for later', async () => {
  proxy.cutAfter = 'ping';
  await expect(redis.ping()).rejects.toThrow();
  await expect(redis.decr(KEY)).rejects.toThrow();
  proxy.cutAfter = undefined;
  await redisReady(redis);
  expect(await direct.get(KEY)).toBe('100');
});

test('redisReady gives up in time when nobody is there', async () => {
  const nobody = connectRedis({ url: 'redis://127.0.0.1:1', commandTimeoutMs: 100, log: silent });
  await expect(redisReady(nobody, 100)).rejects.toThrow('was not ready within 100 ms');
  nobody.disconnect();
});

test('the Redis of the tests evicts nothing', () => assertNoEviction(direct));
