// Changes a SKU's total, once per request id, and creates the SKU at its first restock. Two
// transactions, on the shard of the request id and on that of the SKU: whatever happens in between,
// the retry does the second, once.

import { crashPoint } from '../../../platform/crash-point.js';
import type { MysqlServer, ShardMap } from '../../../platform/mysql/connect.js';
import { type Tx, transact } from '../../../platform/mysql/transaction.js';
import { shardOf } from '../../../platform/shard.js';
import type { RestockRequest, RestockResult } from '../../app/ports.js';
import { partitionOf } from '../../domain/split.js';
import { LedgerReason, type StockChange, StockMoves, type StockRow } from '../../domain/stock.js';
import { resolved } from './resolved.js';
import { claimRestock } from './restock-claim.js';
import { applyDeltas, insertLedger, lockStocks } from './rows.js';

interface Restocked {
  readonly result: RestockResult;
  readonly changes: StockChange[];
}

export async function restockOnce(
  shards: ShardMap,
  request: RestockRequest,
  o: { deadlineMs: number },
): Promise<Restocked> {
  const shard = shardOf(request.requestId);
  const claimed = await resolved(() => claimRestock(shards.serverOf(shard), shard, request, o));
  if (!claimed) return unchanged({ outcome: 'REQUEST_ID_REUSED' });
  const partition = partitionOf(request.skuId);
  return resolved(() => restockSku(shards.serverOf(partition), partition, request, o));
}

async function restockSku(
  server: MysqlServer,
  partition: number,
  request: RestockRequest,
  o: { deadlineMs: number },
): Promise<Restocked> {
  // Two first restocks of one SKU collide on its row: the second reads it and goes on.
  return transact(
    server,
    { name: 'restock', deadlineMs: o.deadlineMs, duplicateKeyRetries: true },
    async (tx) => {
      const { stocks, nowMs } = await lockStocks(tx, [[partition, request.skuId]]);
      const row = stocks.get(request.skuId);
      const earlier = await readEarlier(tx, partition, request.requestId);
      if (earlier !== undefined) return unchanged(answerEarlier(earlier, request, row));
      if (row === undefined && request.delta < 0) return unchanged({ outcome: 'SKU_UNKNOWN' });
      const stock = row ?? (await createSku(tx, partition, request.skuId));
      if (stock.available + request.delta < 0) {
        return unchanged({ outcome: 'STOCK_TOO_LOW', available: stock.available });
      }
      const moves = new StockMoves(new Map([[stock.skuId, stock]]));
      moves.move(stock, LedgerReason.RESTOCK, request.delta, '', request.requestId);
      await insertRequest(tx, partition, request, nowMs);
      insertLedger(tx, moves.ledger, nowMs);
      await applyDeltas(tx, moves.deltas);
      crashPoint('restock.before-commit');
      return { result: { outcome: 'DONE', stock }, changes: moves.changes };
    },
  );
}

function unchanged(result: RestockResult): Restocked {
  return { result, changes: [] };
}

interface Earlier {
  sku_id: string;
  delta: string;
}

async function readEarlier(
  tx: Tx,
  partition: number,
  requestId: string,
): Promise<Earlier | undefined> {
  const [row] = await tx.rows<Earlier>(
    'SELECT sku_id, delta FROM restock WHERE shard_no = ? AND request_id = ?',
    [partition, requestId],
  );
  return row;
}

function answerEarlier(
  earlier: Earlier,
  request: RestockRequest,
  row: StockRow | undefined,
): RestockResult {
  const same = earlier.sku_id === request.skuId && Number(earlier.delta) === request.delta;
  return same && row !== undefined
    ? { outcome: 'DONE', stock: row }
    : { outcome: 'REQUEST_ID_REUSED' };
}

async function createSku(tx: Tx, partition: number, skuId: string): Promise<StockRow> {
  const stock: StockRow = {
    partition,
    skuId,
    epoch: 1,
    version: 0,
    available: 0,
    reserved: 0,
    sold: 0,
    total: 0,
  };
  await tx.change(
    `INSERT INTO stock (shard_no, sku_id, epoch, version, available, reserved, sold, total)
     VALUES (?, ?, 1, 0, 0, 0, 0, 0)`,
    [partition, skuId],
  );
  return stock;
}

async function insertRequest(
  tx: Tx,
  partition: number,
  request: RestockRequest,
  nowMs: number,
): Promise<void> {
  await tx.change(
    `INSERT INTO restock (shard_no, request_id, sku_id, delta, reason, at_ms)
     VALUES (?, ?, ?, ?, ?, ?)`,
    [partition, request.requestId, request.skuId, request.delta, request.reason, nowMs],
  );
}
