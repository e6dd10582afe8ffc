// The one repair: bumps the epoch of SKUs, and reads what the gate is to be loaded with.
//
// 1. Under the row lock, held for two statements and the commit: bump the epoch, read `available` and
//    `version`. Every settle either commits before, and is counted in them, or finds its epoch gone.
//    Read later, `available` would count units that are also being refunded.
// 2. After the commit and without a lock: the newest grants and the buyers. A grant of an older epoch
//    cannot be added any more, and one of the new epoch needs the gate, which has yet to be loaded. A
//    buyer's units may come out too small, when a release commits in between and is refunded too: then
//    the gate lets him pass, and MySQL's own count refuses.

import { crashPoint } from '../../../platform/crash-point.js';
import type { MysqlServer } from '../../../platform/mysql/connect.js';
import { inShards } from '../../../platform/mysql/in-shards.js';
import { read, transact } from '../../../platform/mysql/transaction.js';
import type { SkuLoad } from '../../app/ports.js';
import type { StockRow } from '../../domain/stock.js';
import { readPastGrants } from './past-grants.js';
import { lockStocks } from './rows.js';

/**
 * All SKUs of one rebase together: the gate waits for them, and 20,000 are 40,000 arguments of one script
 * call. Any more are checked by MySQL alone until they come back to Redis one by one.
 */
const BUYERS_MAX = 20_000;

export async function rebaseOnServer(
  server: MysqlServer,
  skus: readonly (readonly [number, string])[],
  o: { deadlineMs: number; entriesMax: number },
): Promise<SkuLoad[]> {
  const rows = await bumpEpochs(server, skus, o);
  crashPoint('rebase.bumped');
  if (rows.length === 0) return [];
  const windows = rows.map(({ partition, skuId, version }) => {
    return { partition, skuId, belowEntry: version + 1, entriesMax: o.entriesMax };
  });
  const [pages, buyers] = await Promise.all([
    readPastGrants(server, windows, o),
    readBuyers(server, rows, o),
  ]);
  return rows.map((row, i) => ({
    partition: row.partition,
    skuId: row.skuId,
    epoch: row.epoch + 1,
    available: row.available,
    grants: pages[i]?.grants ?? [],
    nextEntry: pages[i]?.nextEntry,
    buyers: buyers.get(row.skuId) ?? [],
  }));
}

async function bumpEpochs(
  server: MysqlServer,
  skus: readonly (readonly [number, string])[],
  o: { deadlineMs: number },
): Promise<StockRow[]> {
  return transact(server, { name: 'rebase', deadlineMs: o.deadlineMs }, async (tx) => {
    const { stocks } = await lockStocks(tx, skus);
    if (stocks.size === 0) return [];
    const rows = [...stocks.values()];
    const where = inShards(
      'sku_id',
      rows.map((row) => [row.partition, row.skuId] as const),
    );
    await tx.change(`UPDATE stock SET epoch = epoch + 1 WHERE ${where.sql}`, where.values);
    return rows;
  });
}

async function readBuyers(
  server: MysqlServer,
  rows: readonly StockRow[],
  o: { deadlineMs: number },
): Promise<Map<string, { userId: string; units: number }[]>> {
  const where = inShards(
    'sku_id',
    rows.map((row) => [row.partition, row.skuId] as const),
  );
  const records = await read<{ sku_id: string; user_id: string; units: string }>(
    server,
    o,
    `SELECT sku_id, user_id, units FROM buyer WHERE ${where.sql} AND units > 0 LIMIT ?`,
    [...where.values, BUYERS_MAX],
  );
  const buyers = new Map<string, { userId: string; units: number }[]>();
  for (const { sku_id: skuId, user_id: userId, units } of records) {
    const group = buyers.get(skuId);
    if (group === undefined) buyers.set(skuId, [{ userId, units: Number(units) }]);
    else group.push({ userId, units: Number(units) });
  }
  return buyers;
}
