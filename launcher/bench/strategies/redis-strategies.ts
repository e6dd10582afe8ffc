// Strategies with Redis in front: a lock around an unprotected sale, and a gate that says yes at
// once and has the orders written later by workers.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import type { Pool } from 'mysql2/promise';
import { checkThenUpdate, constraint } from './database-strategies.js';
import { type BuyOutcome, decodeBuy, redisKeys, type Strategy } from './strategy.js';

/** Longer than any sale under the lock; a holder that dies frees it then. */
const LOCK_MS_MAX = 10_000;
/** A buyer who waits longer gives up. */
const WAIT_MS_MAX = 5_000;
const RETRY_MS_MIN = 5;
const RETRY_MS_MAX = 50;

/** Only the holder may release: another may hold it by now. */
const RELEASE = `
  if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
  return 0`;

export function redisLock(redis: Redis, pool: Pool): Strategy {
  return {
    async buy(skuId, buyerId) {
      const key = redisKeys.lock(skuId);
      const token = randomUUID();
      const endMs = performance.now() + WAIT_MS_MAX;
      while ((await redis.set(key, token, 'PX', LOCK_MS_MAX, 'NX')) !== 'OK') {
        if (performance.now() > endMs) return 'FAILED';
        await sleep(RETRY_MS_MIN + Math.random() * (RETRY_MS_MAX - RETRY_MS_MIN));
      }
      try {
        return await checkThenUpdate(pool, skuId, buyerId);
      } finally {
        await redis.eval(RELEASE, 1, key, token);
      }
    },
  };
}

/** Takes the unit and queues the order in one step, so that neither exists without the other. */
const TAKE = `
  if tonumber(redis.call('GET', KEYS[1]) or '0') < 1 then return 0 end
  redis.call('DECR', KEYS[1])
  redis.call('LPUSH', KEYS[2], ARGV[1])
  return 1`;

/** As many consumers as a message queue of a shop usually has. */
const WRITERS = 16;
const TAKE_SECONDS_MAX = 1;

export function redisGateAsync(redis: Redis): Strategy {
  redis.defineCommand('benchTake', { numberOfKeys: 2, lua: TAKE });
  const take = redis as Redis & {
    benchTake(stock: string, queue: string, order: string): Promise<number>;
  };
  return {
    async buy(skuId, buyerId): Promise<BuyOutcome> {
      const stock = redisKeys.available(skuId);
      const taken = await take.benchTake(stock, redisKeys.waiting, `${skuId} ${buyerId}`);
      return taken === 1 ? 'BOUGHT' : 'SOLD_OUT';
    },
  };
}

/**
 * Writes queued orders for ever, each as one transaction; an order leaves the queue when it stands.
 */
export function startWriters(redis: Redis, pool: Pool, onError: (error: unknown) => void): void {
  for (let i = 0; i < WRITERS; i++) {
    // A command that blocks holds its connection.
    void write(redis.duplicate(), pool).catch(onError);
  }
}

async function write(redis: Redis, pool: Pool): Promise<never> {
  const { waiting, writing } = redisKeys;
  for (;;) {
    const order = await redis.blmove(waiting, writing, 'RIGHT', 'LEFT', TAKE_SECONDS_MAX);
    if (order === null) continue;
    const { skuId, buyerId } = decodeBuy(Buffer.from(order, 'latin1'));
    await constraint(pool, skuId, buyerId);
    await redis.lrem(writing, 1, order);
  }
}
