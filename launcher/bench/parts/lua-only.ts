// The upper bound of the gate: the project's own script through the project's own gate, in batches,
// and nothing after it. Nobody may give units away like this; it shows what Redis allows.
import { RedisGate } from '../../../services/inventory/infra/redis/gate.js';
import { createLog } from '../../../services/platform/log.js';
import { connectRedis, redisReady } from '../../../services/platform/redis/connect.js';
import type { Load } from '../measure.js';

/** A database of its own: inventory's auditor would repair what it finds in the other one. */
const DATABASE = 1;
const SKU = 'bench-lua';
const PARTITION = 0;
const UNITS = 1_000_000_000;
const PARTS_PER_CALL = 128;
const CALLS = 4;

export interface LuaOnly {
  load(): Load;
  close(): void;
}

export async function openLuaOnly(redisUrl: string): Promise<LuaOnly> {
  const log = createLog({ service: 'bench', level: 'error' });
  const redis = connectRedis({ url: `${redisUrl}/${DATABASE}`, commandTimeoutMs: 5_000, log });
  await redisReady(redis);
  const gate = new RedisGate(redis);
  const sku = { partition: PARTITION, skuId: SKU };
  const empty = { grants: [], nextEntry: undefined, buyers: [] };
  await gate.install([{ ...sku, epoch: 1, available: UNITS, ...empty }]);
  let number = 0;
  const call = async (): Promise<number> => {
    const parts = Array.from({ length: PARTS_PER_CALL }, () => partOf(++number));
    const replies = await gate.reserve(parts);
    return replies.filter((reply) => reply.outcome === 'GRANTED').length;
  };
  return {
    load: () => ({ concurrency: CALLS, call }),
    close: () => redis.disconnect(),
  };
}

function partOf(number: number) {
  const digits = String(number);
  return {
    partition: PARTITION,
    reservationId: `r${digits.padStart(21, '0')}`,
    orderId: `1${digits.padStart(18, '0')}`,
    userId: `u${digits.padStart(9, '0')}`,
    fingerprint: '',
    lines: [{ skuId: SKU, quantity: 1, userLimit: 0 }],
  };
}
