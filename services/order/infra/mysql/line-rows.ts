// How the lines of an order lie in their table, and what their snapshots add to them.

import { geneOf } from '../../../platform/ids.js';
import type { Table } from '../../../platform/mysql/insert-rows.js';
import type { SqlValue } from '../../../platform/mysql/transaction.js';
import type { OrderLine } from '../../domain/order.js';
import { attributesIn } from './attributes-text.js';

export const LINES: Table = {
  name: 'order_line',
  columns: [
    ['shard_no'],
    ['order_id'],
    ['line_no', 0],
    ['sku_id'],
    ['title', ''],
    ['quantity', 1],
    ['unit_price_minor'],
    ['snapshot_hash'],
  ],
};
/** With what their snapshots say. A line that is older than snapshots has a title of its own. */
export const SELECT_LINES = `SELECT order_id, line_no, sku_id, quantity,
    order_line.unit_price_minor, snapshot_hash, attributes,
    COALESCE(snapshot.title, order_line.title) AS title
  FROM order_line FORCE INDEX (PRIMARY) LEFT JOIN snapshot FORCE INDEX (PRIMARY)
    ON snapshot.shard_no = order_line.shard_no AND snapshot.hash = order_line.snapshot_hash`;

export interface LineRow {
  order_id: string;
  line_no: number;
  sku_id: string;
  title: string;
  quantity: number;
  unit_price_minor: string;
  snapshot_hash: string | null;
  attributes: string | null;
}

export function lineValues(orderId: bigint, line: OrderLine, lineNo: number): SqlValue[] {
  const { skuId, quantity, unitPriceMinor, snapshotHash } = line;
  // The title is told by the snapshot.
  return [geneOf(orderId), orderId, lineNo, skuId, '', quantity, unitPriceMinor, snapshotHash];
}

export function toLine(row: LineRow): OrderLine {
  return {
    skuId: row.sku_id,
    title: row.title,
    quantity: row.quantity,
    unitPriceMinor: BigInt(row.unit_price_minor),
    attributes: attributesIn(row.attributes),
    snapshotHash: row.snapshot_hash ?? '',
  };
}
