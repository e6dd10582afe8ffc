// Reads a SKU's ledger backwards, for people who ask what happened.

import type { MysqlServer } from '../../../platform/mysql/connect.js';
import { read } from '../../../platform/mysql/transaction.js';
import { partitionOf } from '../../domain/split.js';
import type { LedgerEntry, LedgerReason } from '../../domain/stock.js';

interface LedgerRecord {
  entry: string;
  before_units: string;
  after_units: string;
  reason: number;
  order_id: string;
  cause_id: string;
  at_ms: string;
}

/** Newest first, entries below `before`. */
export async function readLedger(
  server: MysqlServer,
  { skuId, before, limit }: { skuId: string; before: number; limit: number },
  o: { deadlineMs: number },
): Promise<(LedgerEntry & { atMs: number })[]> {
  const partition = partitionOf(skuId);
  const records = await read<LedgerRecord>(
    server,
    o,
    `SELECT entry, before_units, after_units, reason, order_id, cause_id, at_ms FROM ledger
     WHERE shard_no = ? AND sku_id = ? AND entry < ? ORDER BY entry DESC LIMIT ?`,
    [partition, skuId, before, limit],
  );
  return records.map((record) => ({
    partition,
    skuId,
    entry: Number(record.entry),
    before: Number(record.before_units),
    after: Number(record.after_units),
    reason: record.reason as LedgerReason,
    orderId: record.order_id,
    causeId: record.cause_id,
    atMs: Number(record.at_ms),
  }));
}
