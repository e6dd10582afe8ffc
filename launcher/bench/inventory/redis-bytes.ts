// What one live reservation takes of Redis' memory: used before and after, divided by how many.
// Buffers of connections are left out, because they grow and shrink with the load.
import { Redis } from 'ioredis';
import type { RedisBytes } from '../bench-result.js';
import { ReserveTemplate } from './messages.js';
import type { Sale } from './sale.js';

const ITEMS = 500;
/** Above one, so that the limit is kept in mind but refuses nobody. */
const USER_LIMIT = 5;

interface BytesOptions {
  readonly reservations: number;
  readonly signal: AbortSignal;
}

export async function measureRedisBytes(
  sale: Sale,
  redisUrl: string,
  o: BytesOptions,
): Promise<RedisBytes> {
  const redis = new Redis(redisUrl);
  try {
    return {
      reservations: o.reservations,
      per_reservation: await bytesEach(sale, redis, 0, o),
      per_reservation_with_user_limit: await bytesEach(sale, redis, USER_LIMIT, o),
    };
  } finally {
    redis.disconnect();
  }
}

async function bytesEach(
  sale: Sale,
  redis: Redis,
  userLimit: number,
  { reservations, signal }: BytesOptions,
): Promise<number> {
  const skuId = `bench-bytes-${userLimit}`;
  await sale.restock(skuId, reservations);
  const template = new ReserveTemplate({ items: ITEMS, skuId, userLimit });
  const before = await usedBytes(redis);
  let reserved = 0;
  while (reserved < reservations) {
    signal.throwIfAborted();
    const more = await sale.reserve(template.next());
    if (more === 0) throw new Error(`${skuId}: nothing more is reserved after ${reserved}`);
    reserved += more;
  }
  return Math.round(((await usedBytes(redis)) - before) / reserved);
}

async function usedBytes(redis: Redis): Promise<number> {
  const info = await redis.info('memory');
  const value = (name: string) => Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(info)?.[1] ?? 0);
  return value('used_memory') - value('mem_clients_normal');
}
