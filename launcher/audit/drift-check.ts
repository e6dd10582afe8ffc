// Redis against MySQL: what the gate believes is available, for the SKUs that it has loaded under
// the present epoch. A difference cannot oversell, since MySQL arbitrates, but it refuses or admits
// wrongly.
import { Redis } from 'ioredis';
import { UnreachableError } from './books.js';
import { type Problem, problem } from './problem.js';
import type { StockRow } from './stock-check.js';

export interface GateRow {
  readonly available: number;
  readonly epoch: number;
}

/** Undefined: not loaded, which is in order, because SKUs load when they are first asked for. */
export function checkDrift(stock: StockRow, gate: GateRow | undefined): Problem[] {
  if (gate === undefined || gate.epoch !== stock.epoch) return [];
  const units = gate.available - stock.available;
  if (units === 0) return [];
  const detail = `Redis has ${gate.available} available, MySQL ${stock.available}`;
  return [problem('DRIFT', stock.skuId, detail, Math.abs(units))];
}

/** Hashes per pipeline: about 50 kB of replies. */
const PIPELINE_MAX = 500;
const REDIS_MS_MAX = 3_000;

export async function readGate(
  redisUrl: string,
  stocks: readonly StockRow[],
): Promise<Map<StockRow, GateRow>> {
  const redis = new Redis(redisUrl, {
    lazyConnect: true,
    connectTimeout: REDIS_MS_MAX,
    commandTimeout: REDIS_MS_MAX,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
    autoResendUnfulfilledCommands: false,
    enableOfflineQueue: false,
  });
  // Without a listener ioredis prints every failure itself; the rejected call already tells us.
  redis.on('error', () => {});
  try {
    await redis.connect();
    return await readAll(redis, stocks);
  } catch (e) {
    throw new UnreachableError(`redis ${new URL(redisUrl).host}`, (e as Error).message);
  } finally {
    redis.disconnect();
  }
}

async function readAll(redis: Redis, stocks: readonly StockRow[]): Promise<Map<StockRow, GateRow>> {
  const gate = new Map<StockRow, GateRow>();
  for (let start = 0; start < stocks.length; start += PIPELINE_MAX) {
    const page = stocks.slice(start, start + PIPELINE_MAX);
    const pipeline = redis.pipeline();
    for (const stock of page) pipeline.hmget(stockKey(stock), 'available', 'epoch');
    const replies = (await pipeline.exec()) ?? [];
    for (const [i, stock] of page.entries()) {
      const [error, fields] = replies[i] ?? [new Error('no reply'), []];
      if (error !== null) throw error;
      const [available, epoch] = fields as (string | null)[];
      if (available == null || epoch == null) continue;
      gate.set(stock, { available: Number(available), epoch: Number(epoch) });
    }
  }
  return gate;
}

/** As the inventory service names it; a change there makes the audit's int test fail. */
function stockKey(stock: StockRow): string {
  return `{p${String(stock.shard).padStart(2, '0')}}:sku:${stock.skuId}`;
}
