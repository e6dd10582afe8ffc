// How refunds of lines lie in their table: a row per line of a refund.

import { geneOf } from '../../../platform/ids.js';
import type { SqlValue } from '../../../platform/mysql/transaction.js';
import type { LineRefund } from '../../domain/order.js';

const COLUMNS = `shard_no, order_id, version, line_no, request_id, sku_id, quantity, amount_minor,
  returned, reason, at_ms`;

export const INSERT_REFUNDS = `INSERT INTO order_refund (${COLUMNS}) VALUES ?`;
export const SELECT_REFUNDS = `SELECT ${COLUMNS} FROM order_refund FORCE INDEX (PRIMARY)`;

/** BIGINT arrives as text. */
export interface RefundRow {
  order_id: string;
  version: number;
  line_no: number;
  request_id: string;
  sku_id: string;
  quantity: number;
  amount_minor: string;
  returned: number;
  reason: string;
  at_ms: string;
}

export function refundValues(orderId: bigint, refund: LineRefund): SqlValue[][] {
  const { version, requestId, unitsReturned, reason, atMs } = refund;
  return refund.lines.map(({ skuId, quantity, amountMinor }, lineNo) => {
    const line = [lineNo, requestId, skuId, quantity, amountMinor];
    return [geneOf(orderId), orderId, version, ...line, unitsReturned ? 1 : 0, reason, atMs];
  });
}

/** Of one order, as it was at the given version: rows are read after the order's own. */
export function toRefunds(rows: readonly RefundRow[], version: number): LineRefund[] {
  const sorted = rows
    .filter((row) => row.version <= version)
    .sort((a, b) => a.version - b.version || a.line_no - b.line_no);
  const refunds = new Map<number, LineRefund>();
  for (const row of sorted) {
    const line = {
      skuId: row.sku_id,
      quantity: row.quantity,
      amountMinor: BigInt(row.amount_minor),
    };
    const known = refunds.get(row.version);
    refunds.set(row.version, {
      requestId: row.request_id,
      lines: [...(known?.lines ?? []), line],
      unitsReturned: row.returned === 1,
      reason: row.reason,
      version: row.version,
      atMs: Number(row.at_ms),
    });
  }
  return [...refunds.values()];
}
