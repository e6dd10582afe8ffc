// Promise: a key that holds what is not ours never tears a write and never stays, nor does a full
// memory; and a SKU that nobody touches leaves Redis, its stock first.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { systemClock as clock } from '../../../platform/clock.js';
import { silent as log, testUrl } from '../../../platform/real-servers.fixture.js';
import { connectRedis, type RedisLink, redisReady } from '../../../platform/redis/connect.js';
import { HoldParts } from '../../app/hold-parts.js';
import { Rebase } from '../../app/rebase.js';
import { Refunds } from '../../app/refunds.js';
import type { Part } from '../../domain/reservation.js';
import { partitionOf, split } from '../../domain/split.js';
import { MemoryStockBook } from '../memory/memory-stock-book.js';
import { RedisGate } from './gate.js';
import { KEEP_S, type SkuKeys, skuKeys } from './keys.js';

const SKU = 'sku-1';
/** Of the same partition, so that one Lua call has both. */
const SOUND = sameUnder(SKU);
const KEYS = skuKeys(partitionOf(SKU), SKU);
const UNITS = 5;

let redis: RedisLink;

beforeAll(async () => {
  redis = connectRedis({ url: testUrl('TEST_REDIS'), commandTimeoutMs: 2_000, log });
  await redisReady(redis);
});

beforeEach(() => redis.flushall());

afterAll(() => redis.disconnect());

describe.each<keyof SkuKeys>(['stock', 'grants', 'buyers'])(
  'with a %s key of another type',
  (key) => {
    test('a reserve takes nothing and says so; the rest of its call is served', async () => {
      const { gate } = await open();
      await plant(key);
      const replies = await gate.reserve([
        part('r1', [SKU]),
        part('r2', [SKU, SOUND]),
        part('r3', [SOUND]),
      ]);
      expect(replies).toMatchObject([
        { outcome: 'NOT_LOADED', skuId: SKU },
        { outcome: 'NOT_LOADED', skuId: SKU },
        { outcome: 'GRANTED' },
      ]);
      if (key !== 'stock') expect(await redis.hget(KEYS.stock, 'available')).toBe(`${UNITS}`);
    });

    test('a refund of many gives back all or nothing', async () => {
      const { gate } = await open();
      await gate.reserve([part('r1', [SKU]), part('r2', [SKU])]);
      const epoch = Number(await redis.hget(KEYS.stock, 'epoch'));
      await plant(key);
      const before = key === 'grants' ? undefined : await redis.hgetall(KEYS.grants).catch(() => 0);
      const refund = {
        partition: partitionOf(SKU),
        skuId: SKU,
        quantity: 1,
        epoch,
        mark: 'CLOSED',
      };
      const replies = await gate.refund([
        { ...refund, reservationId: 'r1', buyerId: '' },
        { ...refund, reservationId: 'r2', buyerId: 'ann' },
      ]);
      expect(replies).toEqual(['UNKNOWN', 'UNKNOWN']);
      if (key !== 'stock') expect(await redis.hget(KEYS.stock, 'available')).toBe(`${UNITS - 2}`);
      if (before !== undefined) expect(await redis.hgetall(KEYS.grants)).toEqual(before);
    });

    test('older grants are not half remembered', async () => {
      const { gate } = await open();
      const epoch = Number(await redis.hget(KEYS.stock, 'epoch'));
      await redis.hset(KEYS.stock, 'listed', '0');
      await plant(key);
      const grants = [{ reservationId: 'r0', orderId: 'o0' }];
      const older = { partition: partitionOf(SKU), skuId: SKU, epoch, grants, last: true };
      const reply = await gate.remember(older);
      expect(reply).toBe(key === 'buyers' ? 'REMEMBERED' : 'UNKNOWN');
      if (key === 'grants') expect(await redis.hget(KEYS.stock, 'listed')).toBe('0');
    });

    test('the next reserve repairs it', async () => {
      const { parts, gate } = await open();
      await plant(key);
      expect(await parts.hold([part('r1', [SKU, SOUND])], Date.now() + 5_000)).toMatchObject([
        { outcome: 'RESERVED' },
      ]);
      const skus = [SKU, SOUND].map((skuId) => ({ partition: partitionOf(skuId), skuId }));
      expect(await gate.levels(skus)).toMatchObject([{ available: 4 }, { available: 4 }]);
    });
  },
);

test('a SKU that nobody touches leaves Redis within a day, its stock first', async () => {
  const { gate } = await open();
  const expiries = async () => Promise.all(Object.values(KEYS).map((key) => redis.ttl(key)));
  // Absent keys say -2: there is nothing that could stay for ever.
  expect(await expiries()).toEqual([near(KEEP_S), -2, -2]);
  await gate.reserve([part('r1', [SKU])]);
  expect(await expiries()).toEqual([near(KEEP_S), near(KEEP_S + 60), near(KEEP_S + 60)]);
  await hurry();
  await gate.reserve([part('r2', [SKU])]);
  expect(await expiries()).toEqual([near(KEEP_S), near(KEEP_S + 60), near(KEEP_S + 60)]);
  await hurry();
  const epoch = Number(await redis.hget(KEYS.stock, 'epoch'));
  const one = { partition: partitionOf(SKU), skuId: SKU, epoch };
  await gate.refund([{ ...one, reservationId: 'r1', quantity: 1, buyerId: '', mark: 'CLOSED' }]);
  expect(await expiries()).toEqual([near(KEEP_S), near(KEEP_S + 60), near(KEEP_S + 60)]);
  await hurry();
  const grants = [{ reservationId: 'r0', orderId: 'o0' }];
  await gate.remember({ ...one, grants, last: true });
  expect(await expiries()).toEqual([near(100), near(KEEP_S + 60), near(100)]);
});

test('a Redis that is full takes nothing, and the reason is told', async () => {
  const words: string[] = [];
  await open();
  const gate = new RedisGate(redis, (word) => words.push(word));
  await redis.config('SET', 'maxmemory', '1');
  try {
    expect(await gate.reserve([part('r1', [SKU])])).toEqual([{ outcome: 'UNKNOWN' }]);
  } finally {
    await redis.config('SET', 'maxmemory', '0');
  }
  expect(words).toEqual(['OOM']);
  expect(await redis.hget(KEYS.stock, 'available')).toBe(`${UNITS}`);
});

/** All keys as they are some time before the end. */
async function hurry(): Promise<void> {
  for (const key of Object.values(KEYS)) await redis.expire(key, 100);
}

function near(seconds: number): unknown {
  return expect.closeTo(seconds, -1);
}

async function plant(key: keyof SkuKeys): Promise<void> {
  await redis.del(KEYS[key]);
  await redis.set(KEYS[key], 'not ours');
}

async function open() {
  const gate = new RedisGate(redis);
  const book = new MemoryStockBook({ holdMs: 60_000, nowMs: Date.now });
  const rebase = new Rebase({ gate, book, clock, log });
  const refunds = new Refunds({ gate, rebase, clock, log });
  for (const skuId of [SKU, SOUND]) {
    await book.restock({ requestId: skuId, skuId, delta: UNITS, reason: '' });
  }
  await rebase.run([SKU, SOUND], Date.now() + 5_000);
  return { gate, parts: new HoldParts({ gate, book, rebase, refunds, clock }) };
}

function part(reservationId: string, skuIds: string[]): Part {
  const lines = skuIds.map((skuId) => ({ skuId, quantity: 1, userLimit: 3 }));
  const [only] = split({
    reservationId,
    orderId: `order of ${reservationId}`,
    userId: 'ann',
    lines,
  });
  return only as Part;
}

function sameUnder(skuId: string): string {
  for (let i = 0; ; i++) {
    const other = `sku-same-${i}`;
    if (partitionOf(other) === partitionOf(skuId)) return other;
  }
}
