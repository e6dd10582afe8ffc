// Promise: a command runs at most once per call, and its promise always settles.
// Method: real Redis behind a proxy that loses answers.

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { FaultyProxy } from '../faulty-proxy.fixture.js';
import { eventually, silent, testUrl } from '../real-servers.fixture.js';
import { connectRedis, isReady, type RedisLink, redisReady } from './connect.js';
import { assertNoEviction } from './eviction.js';
import { FakeNode } from './fake-node.fixture.js';
import { NOT_CONNECTED, sendAll } from './send-all.js';

const KEY = 'test:platform:stock';
let proxy: FaultyProxy;
let direct: RedisLink;
let redis: RedisLink;

beforeEach(async () => {
  proxy = new FaultyProxy(testUrl('TEST_REDIS'));
  direct = connectRedis({ url: testUrl('TEST_REDIS'), commandTimeoutMs: 1_000, log: silent });
  redis = connectRedis({ url: await proxy.listen(), commandTimeoutMs: 200, log: silent });
  await Promise.all([redisReady(direct), redisReady(redis)]);
  await direct.set(KEY, 100);
});

afterEach(async () => {
  await direct.del(KEY).catch(() => undefined);
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
    // A connection that has gone silent is ended by ourselves.
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

test('a master that has become a replica is left, and the command is not sent again', async () => {
  const node = new FakeNode();
  await node.listen();
  const url = `redis://${node.address}`;
  const link = connectRedis({ url, commandTimeoutMs: 1_000, log: silent });
  await redisReady(link);
  node.script.push("-READONLY You can't write against a read only replica.");
  await expect(link.call('decr', KEY)).rejects.toThrow('READONLY');
  await eventually(() => node.connections === 2);
  await redisReady(link);
  expect(node.arrivals).toBe(1);
  link.disconnect();
  await node.close();
});

test('many commands at once have an answer each', async () => {
  const answers = await sendAll(direct, [
    ['decr', KEY],
    ['hget', KEY, 'no-hash'],
    ['get', KEY],
  ]);
  const wrong = {
    error: expect.objectContaining({ message: expect.stringMatching(/^WRONGTYPE/) }),
  };
  expect(answers).toEqual([{ value: 99 }, wrong, { value: '99' }]);
  direct.disconnect();
  await eventually(() => !isReady(direct));
  const refused = { error: expect.objectContaining({ message: NOT_CONNECTED }) };
  expect(await sendAll(direct, [['get', KEY]])).toEqual([refused]);
});

test('redisReady gives up in time when nobody is there', async () => {
  const nobody = connectRedis({ url: 'redis://127.0.0.1:1', commandTimeoutMs: 100, log: silent });
  await expect(redisReady(nobody, 100)).rejects.toThrow(
    /^Redis at 127.0.0.1:1 was not ready within 100 ms: .*ECONNREFUSED/,
  );
  nobody.disconnect();
});

test('the Redis of the tests evicts nothing', () => assertNoEviction(direct));
