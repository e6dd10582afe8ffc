// Adds tracking events to the orders of one server in one transaction. The order's row is locked, so
// that two events count each other and none is added while the order is being closed.
//
// A COMMIT without an answer is repeated: an event that was added is then found under its request id.

import { geneOf } from '../../../platform/ids.js';
import type { MysqlServer } from '../../../platform/mysql/connect.js';
import { NOT_OWNER, type NotOwner } from '../../../platform/mysql/shard-gate.js';
import { type SqlValue, type Tx, transact } from '../../../platform/mysql/transaction.js';
import type { TrackResult } from '../../app/ports.js';
import type { Order } from '../../domain/order.js';
import { decideTracking, inTime, type NewTrackingEvent } from '../../domain/tracking.js';
import { lockOrders } from './lock-orders.js';
import { repeatUnknown } from './repeat-unknown.js';
import { INSERT_TRACKING, trackingValues } from './tracking-rows.js';

export interface TrackItem {
  readonly orderId: bigint;
  readonly event: NewTrackingEvent;
}

export interface TrackBatchOptions {
  readonly server: MysqlServer;
  readonly deadlineMs: number;
  readonly unknownMax: number;
}

export function trackBatch(
  o: TrackBatchOptions,
  items: readonly TrackItem[],
): Promise<(TrackResult | NotOwner)[]> {
  const options = { name: 'order.track', deadlineMs: o.deadlineMs, gated: true };
  return repeatUnknown(o, () => transact(o.server, options, (tx) => add(tx, items)));
}

async function add(tx: Tx, items: readonly TrackItem[]): Promise<(TrackResult | NotOwner)[]> {
  const { orders, nowMs, refused } = await lockOrders(tx, items);
  const byId = new Map(orders.map((order) => [order.orderId, order]));
  const rows: SqlValue[][] = [];
  const results = items.map(({ orderId, event }): TrackResult | NotOwner => {
    if (refused.has(geneOf(orderId))) return NOT_OWNER;
    const order = byId.get(orderId);
    if (!order) return { outcome: 'ORDER_UNKNOWN' };
    const decision = decideTracking(order, event, nowMs);
    if (decision.outcome === 'EXISTING') return { outcome: 'EXISTING', order };
    if (decision.outcome !== 'ADDED') return decision;
    rows.push(trackingValues(orderId, decision.event, nowMs));
    const tracked: Order = { ...order, tracking: inTime([...order.tracking, decision.event]) };
    byId.set(orderId, tracked);
    return { outcome: 'ADDED', order: tracked };
  });
  if (rows.length > 0) await tx.change(INSERT_TRACKING, [rows]);
  return results;
}
