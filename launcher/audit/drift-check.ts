// Redis against MySQL: what the gate believes is available, for the SKUs that it has loaded under
// the present epoch. A difference cannot oversell, since MySQL arbitrates, but it refuses or admits
// wrongly.
import { createLog } from '../../services/platform/log.js';
import { connectRedis, type RedisLink, redisReady } from '../../services/platform/redis/connect.js';
import { sendAll } from '../../services/platform/redis/send-all.js';
import { redisHosts } from '../../services/platform/redis/url.js';
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

/** Hashes per read: about 50 kB of replies. */
const PAGE_MAX = 500;
const REDIS_MS_MAX = 2_000;

export async function readGate(
  redisUrl: string,
  stocks: readonly StockRow[],
): Promise<Map<StockRow, GateRow>> {
  const log = createLog({ service: 'audit', level: 'silent' });
  const link = connectRedis({ url: redisUrl, commandTimeoutMs: REDIS_MS_MAX, log });
  try {
    await redisReady(link, REDIS_MS_MAX);
    return await readAll(link, stocks);
  } catch (e) {
    throw new UnreachableError(`redis ${redisHosts(redisUrl).join()}`, (e as Error).message);
  } finally {
    link.disconnect();
  }
}

async function readAll(
  link: RedisLink,
  stocks: readonly StockRow[],
): Promise<Map<StockRow, GateRow>> {
  const gate = new Map<StockRow, GateRow>();
  for (let start = 0; start < stocks.length; start += PAGE_MAX) {
    const page = stocks.slice(start, start + PAGE_MAX);
    const answers = await sendAll(
      link,
      page.map((stock) => ['hmget', stockKey(stock), 'available', 'epoch']),
    );
    for (const [i, stock] of page.entries()) {
      const answer = answers[i] ?? { error: new Error('no reply') };
      if ('error' in answer) throw answer.error;
      const [available, epoch] = answer.value as (string | null)[];
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
