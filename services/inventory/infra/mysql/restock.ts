// Changes a SKU's total, once per request id, and creates the SKU at its first restock.

import type { MysqlServer } from '../../../platform/mysql/connect.js';
import { type Tx, transact } from '../../../platform/mysql/transaction.js';
import type { RestockRequest, RestockResult } from '../../app/ports.js';
import { LedgerReason, StockMoves, type StockRow } from '../../domain/stock.js';
import { applyDeltas, insertLedger, lockStocks } from './rows.js';

export async function restockOnServer(
  server: MysqlServer,
  partition: number,
  request: RestockRequest,
  o: { deadlineMs: number },
): Promise<RestockResult> {
  // Two first restocks of one SKU collide on its row: the second reads it and goes on.
  return transact(
    server,
    { name: 'restock', deadlineMs: o.deadlineMs, duplicateKeyRetries: true },
    async (tx) => {
      const { stocks, nowMs } = await lockStocks(tx, [[partition, request.skuId]]);
      const row = stocks.get(request.skuId);
      const earlier = await readEarlier(tx, partition, request.requestId);
      if (earlier !== undefined) return answerEarlier(earlier, request, row);
      if (row === undefined && request.delta < 0) return { outcome: 'SKU_UNKNOWN' };
      const stock = row ?? (await createSku(tx, partition, request.skuId));
      if (stock.available + request.delta < 0) {
        return { outcome: 'STOCK_TOO_LOW', available: stock.available };
      }
      const moves = new StockMoves(new Map([[stock.skuId, stock]]));
      moves.move(stock, LedgerReason.RESTOCK, request.delta, '', request.requestId);
      await insertRequest(tx, partition, request, nowMs);
      await insertLedger(tx, moves.ledger, nowMs);
      await applyDeltas(tx, moves.deltas);
      return { outcome: 'DONE', stock };
    },
  );
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
