// Decides what became of order ids: those that no order has get a tombstone, in the same transaction
// that reads the others. A commit under way for such an id holds its key, so the insert waits for it
// and then finds the order; one that comes later finds the tombstone.

import { assert } from '../../../platform/assert.js';
import { geneOf } from '../../../platform/ids.js';
import type { MysqlServer } from '../../../platform/mysql/connect.js';
import { enterGates } from '../../../platform/mysql/shard-gate.js';
import { type Tx, transact } from '../../../platform/mysql/transaction.js';
import type { OrderFate } from '../../app/ports.js';
import { stateCodes, VOID_STATE } from './order-codes.js';
import { INSERT_ORDERS, type OrderRow, voidValues } from './order-rows.js';
import { presaleIn } from './presale-text.js';
import { selectByIds, selectIn } from './read-orders.js';

const INSERT_VOID = `${INSERT_ORDERS} ON DUPLICATE KEY UPDATE order_id = orders.order_id`;

/** By id. An id without a fate lies behind a gate that is not open here. */
export function resolveBatch(
  server: MysqlServer,
  orderIds: readonly bigint[],
  deadlineMs: number,
): Promise<Map<bigint, OrderFate>> {
  const options = { name: 'order.resolve', deadlineMs, gated: true };
  return transact(server, options, async (tx) => {
    const select = selectIn(tx);
    const rows = await selectByIds(select, orderIds);
    const found = new Set(rows.map((row) => row.order_id));
    const missing = orderIds.filter((orderId) => !found.has(orderId.toString())).sort(byKey);
    if (missing.length > 0) rows.push(...(await bar(tx, missing)));
    return new Map(rows.map((row) => [BigInt(row.order_id), fateOf(row)]));
  });
}

async function bar(tx: Tx, missing: readonly bigint[]): Promise<OrderRow[]> {
  const { nowMs, refused } = await enterGates(tx, missing.map(geneOf));
  const here = missing.filter((orderId) => !refused.has(geneOf(orderId)));
  if (here.length === 0) return [];
  await tx.change(INSERT_VOID, [here.map((orderId) => voidValues(orderId, nowMs))]);
  return await selectByIds(selectIn(tx), here);
}

function fateOf(row: OrderRow): OrderFate {
  switch (row.state) {
    case VOID_STATE:
      return { fate: 'CANCELLED' };
    case stateCodes.PENDING_PAYMENT:
      return { fate: 'PENDING', paymentDeadlineMs: Number(row.payment_deadline_ms) };
    // Its units are held on until the balance is due.
    case stateCodes.DEPOSIT_PAID: {
      const presale = presaleIn(row.presale);
      assert(presale, 'only a presale has a deposit');
      return { fate: 'PENDING', paymentDeadlineMs: presale.balanceDueMs };
    }
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
