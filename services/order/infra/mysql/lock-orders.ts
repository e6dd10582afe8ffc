// Locks the rows of some orders and reads all that belongs to them, for whoever changes orders.

import { inShards } from '../../../platform/mysql/in-shards.js';
import { NOW_MS } from '../../../platform/mysql/time.js';
import type { Tx } from '../../../platform/mysql/transaction.js';
import type { Order } from '../../domain/order.js';
import { type OrderRow, SELECT_ORDERS, shardAndId } from './order-rows.js';
import { selectIn, withLines } from './read-orders.js';

/** In key order, as every other statement that locks several orders. */
export async function lockOrders(
  tx: Tx,
  items: readonly { readonly orderId: bigint }[],
): Promise<{ orders: Order[]; nowMs: number }> {
  const ids = new Set(items.map((item) => item.orderId));
  const where = inShards('order_id', [...ids].map(shardAndId));
  const rows = await tx.rows<OrderRow>(
    `${SELECT_ORDERS} WHERE ${where.sql} ORDER BY shard_no, order_id FOR UPDATE`,
    where.values,
  );
  // The time is taken after the locks: transitions of one order never go back in time.
  const [now] = await tx.rows<{ now_ms: string }>(`SELECT ${NOW_MS} AS now_ms`);
  return { orders: await withLines(selectIn(tx), rows, 'TRANSITIONS'), nowMs: Number(now?.now_ms) };
}
