// The one repair: bumps the epoch of SKUs and reads, in the same transaction, what the gate is to be
// loaded with. The row lock makes every settle either commit before (and be counted in what is read)
// or find its epoch gone. Reading after the commit would count units that are also being refunded.

import type { MysqlServer } from '../../../platform/mysql/connect.js';
import { inShards } from '../../../platform/mysql/in-shards.js';
import { type Tx, transact } from '../../../platform/mysql/transaction.js';
import type { SkuLoad } from '../../app/ports.js';
import { LedgerReason, type StockRow } from '../../domain/stock.js';
import { lockStocks } from './rows.js';

/** A client that retries for longer than this has long been told that its deadline passed. */
const GRANT_AGE_MS_MAX = 15 * 60_000;
/** 20,000 grants are 60,000 arguments: about 15 ms of Redis' time, once per rebase. */
const GRANTS_MAX = 20_000;
/** Confirms and releases stand between the reserves; this bounds the scan. */
const LEDGER_SCAN_MAX = 3 * GRANTS_MAX;
/** More buyers than this are checked by MySQL alone until they come back to Redis one by one. */
const BUYERS_MAX = 20_000;

export async function rebaseOnServer(
  server: MysqlServer,
  skus: readonly (readonly [number, string])[],
  o: { deadlineMs: number },
): Promise<SkuLoad[]> {
  return transact(server, { name: 'rebase', deadlineMs: o.deadlineMs }, async (tx) => {
    const { stocks, nowMs } = await lockStocks(tx, skus);
    if (stocks.size === 0) return [];
    const rows = [...stocks.values()];
    const where = inShards(
      'sku_id',
      rows.map((row) => [row.partition, row.skuId] as const),
    );
    await tx.change(`UPDATE stock SET epoch = epoch + 1 WHERE ${where.sql}`, where.values);
    const loads: SkuLoad[] = [];
    for (const row of rows) loads.push(await readLoad(tx, row, nowMs));
    return loads;
  });
}

async function readLoad(tx: Tx, row: StockRow, nowMs: number): Promise<SkuLoad> {
  const grants = await tx.rows<{ cause_id: string; order_id: string }>(
    `SELECT cause_id, order_id FROM ledger
     WHERE shard_no = ? AND sku_id = ? AND entry > ? AND reason = ? AND at_ms > ?
     ORDER BY entry DESC LIMIT ?`,
    [
      row.partition,
      row.skuId,
      row.version - LEDGER_SCAN_MAX,
      LedgerReason.RESERVE,
      nowMs - GRANT_AGE_MS_MAX,
      GRANTS_MAX,
    ],
  );
  const buyers = await tx.rows<{ user_id: string; units: string }>(
    `SELECT user_id, units FROM buyer WHERE shard_no = ? AND sku_id = ? AND units > 0 LIMIT ?`,
    [row.partition, row.skuId, BUYERS_MAX],
  );
  return {
    partition: row.partition,
    skuId: row.skuId,
    epoch: row.epoch + 1,
    available: row.available,
    grants: grants.map((g) => ({ reservationId: g.cause_id, orderId: g.order_id })),
    buyers: buyers.map((b) => ({ userId: b.user_id, units: Number(b.units) })),
  };
}
