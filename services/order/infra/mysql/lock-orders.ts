// Locks the rows of some orders and reads all that belongs to them, for whoever changes orders.

import { geneOf } from '../../../platform/ids.js';
import { inShards } from '../../../platform/mysql/in-shards.js';
import { enterGates } from '../../../platform/mysql/shard-gate.js';
import type { Tx } from '../../../platform/mysql/transaction.js';
import type { Order } from '../../domain/order.js';
import { type OrderRow, SELECT_ORDERS, shardAndId } from './order-rows.js';
import { selectIn, withLines } from './read-orders.js';

export interface LockedOrders {
  readonly orders: Order[];
  readonly nowMs: number;
  /** Shards that may not be written here now; their orders are not among those locked. */
  readonly refused: ReadonlySet<number>;
}

/**
 * The gates come after the rows, because the clock is read with them, and transitions of one order never
 * go back in time. So a row that was not there is looked for again: its shard may have arrived between.
 */
export async function lockOrders(
  tx: Tx,
  items: readonly { readonly orderId: bigint }[],
): Promise<LockedOrders> {
  const ids = [...new Set(items.map((item) => item.orderId))];
  const rows = await lockRows(tx, ids);
  let gates = await enterGates(tx, ids.map(geneOf));
  if (rows.length < ids.length) {
    const found = new Set(rows.map((row) => row.order_id));
    const missing = ids.filter((id) => !found.has(`${id}`) && !gates.refused.has(geneOf(id)));
    const late = missing.length > 0 ? await lockRows(tx, missing) : [];
    if (late.length > 0) gates = await enterGates(tx, ids.map(geneOf));
    rows.push(...late);
  }
  const { nowMs, refused } = gates;
  const here =
    refused.size > 0 ? rows.filter((row) => !refused.has(geneOf(BigInt(row.order_id)))) : rows;
  return { orders: await withLines(selectIn(tx), here, 'TRANSITIONS'), nowMs, refused };
}

/** In key order, as every other statement that locks several orders. */
function lockRows(tx: Tx, ids: readonly bigint[]): Promise<OrderRow[]> {
  const where = inShards('order_id', ids.map(shardAndId));
  return tx.rows<OrderRow>(
    `${SELECT_ORDERS} WHERE ${where.sql} ORDER BY shard_no, order_id FOR UPDATE`,
    where.values,
  );
}
