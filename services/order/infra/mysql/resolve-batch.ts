// Decides what became of order ids: those that no order has get a tombstone, in the same transaction
// that reads the others. A commit under way for such an id holds its key, so the insert waits for it
// and then finds the order; one that comes later finds the tombstone.

import { geneOf } from '../../../platform/ids.js';
import type { MysqlServer } from '../../../platform/mysql/connect.js';
import { NOW_MS } from '../../../platform/mysql/time.js';
import { transact } from '../../../platform/mysql/transaction.js';
import type { OrderFate } from '../../app/ports.js';
import { INSERT_ORDERS, type OrderRow, stateCodes, VOID_STATE, voidValues } from './order-rows.js';
import { selectByIds, selectIn } from './read-orders.js';

const INSERT_VOID = `${INSERT_ORDERS} ON DUPLICATE KEY UPDATE order_id = orders.order_id`;

/** By id; every id has a fate. */
export function resolveBatch(
  server: MysqlServer,
  orderIds: readonly bigint[],
  deadlineMs: number,
): Promise<Map<bigint, OrderFate>> {
  return transact(server, { name: 'order.resolve', deadlineMs }, async (tx) => {
    const select = selectIn(tx);
    const rows = await selectByIds(select, orderIds);
    const found = new Set(rows.map((row) => row.order_id));
    const missing = orderIds.filter((orderId) => !found.has(orderId.toString())).sort(byKey);
    if (missing.length > 0) {
      const [now] = await tx.rows<{ now_ms: string }>(`SELECT ${NOW_MS} AS now_ms`);
      const nowMs = Number(now?.now_ms);
      await tx.change(INSERT_VOID, [missing.map((orderId) => voidValues(orderId, nowMs))]);
      rows.push(...(await selectByIds(select, missing)));
    }
    return new Map(rows.map((row) => [BigInt(row.order_id), fateOf(row)]));
  });
}

function fateOf(row: OrderRow): OrderFate {
  switch (row.state) {
    case VOID_STATE:
      return { fate: 'CANCELLED' };
    case stateCodes.PENDING_PAYMENT:
      return { fate: 'PENDING', paymentDeadlineMs: Number(row.payment_deadline_ms) };
    case stateCodes.CANCELLED:
      return { fate: row.paid_ms === null ? 'CANCELLED' : 'RETURNED' };
    default:
      return { fate: 'PAID' };
  }
}

function byKey(a: bigint, b: bigint): number {
  const shards = geneOf(a) - geneOf(b);
  if (shards !== 0) return shards;
  return a < b ? -1 : 1;
}
