// Reads single orders: what many callers ask of one server while a batch is in flight is the next
// batch, in one statement per table, however many of them ask for the same order.
//
// Invariant: the row of an order, and with it its version, always comes from its MySQL server, after
// the call arrived. So whoever was told of a change reads it, through whichever process, whatever
// the cache holds. That an id names no order is never remembered: a retry of its buyer may commit it
// this moment, and nothing would end such a memory. One lookup in a batch is all that it costs.

import { Batcher } from '../../../platform/batcher.js';
import type { Clock } from '../../../platform/clock.js';
import type { Order } from '../../domain/order.js';
import type { BatchLimits } from '../batch-limits.js';
import type { OrderParts, PartsCache } from '../parts-cache.js';
import { type OrderRow, toOrders, VOID_STATE } from './order-rows.js';
import { readOrders, type Select, selectByIds, selectTracking, withLines } from './read-orders.js';

export interface OrderReadsParts {
  /** Of the server, for the log. */
  readonly name: string;
  /** Runs statements on the server until the deadline. */
  readonly select: (deadlineMs: number) => Select;
  readonly cache: PartsCache | undefined;
  readonly clock: Clock;
  readonly limits: BatchLimits;
}

export function openOrderReads(o: OrderReadsParts): Batcher<bigint, Order | undefined> {
  return new Batcher({
    name: `order.read.${o.name}`,
    run: (ids, { deadlineMs }) => readMany(o.select(deadlineMs), o.cache, ids),
    ...o.limits,
    clock: o.clock,
  });
}

async function readMany(
  select: Select,
  cache: PartsCache | undefined,
  ids: readonly bigint[],
): Promise<(Order | undefined)[]> {
  const orders = await (cache ? readThrough(select, cache, ids) : readOrders(select, ids));
  const byId = new Map(orders.map((order) => [order.orderId, order]));
  return ids.map((orderId) => byId.get(orderId));
}

async function readThrough(
  select: Select,
  cache: PartsCache,
  ids: readonly bigint[],
): Promise<Order[]> {
  const rows = (await selectByIds(select, ids)).filter((row) => row.state !== VOID_STATE);
  if (rows.length === 0) return [];
  const parts = await cache.read(
    rows.map((row) => ({ orderId: BigInt(row.order_id), version: row.version })),
  );
  const missing = rows.filter((_, i) => parts[i] === undefined);
  const read = await withLines(select, missing, 'TRANSITIONS');
  cache.keep(read);
  return [...read, ...(await joined(select, rows, parts))];
}

// What a carrier tells makes no new version, so it is read each time.
async function joined(
  select: Select,
  rows: readonly OrderRow[],
  parts: readonly (OrderParts | undefined)[],
): Promise<Order[]> {
  const known = rows.filter((_, i) => parts[i] !== undefined);
  const knownParts = parts.filter((found) => found !== undefined);
  const tracking = await selectTracking(select, known);
  const orders = toOrders(known, [], [], tracking);
  return orders.map((order, i) => ({ ...order, ...(knownParts[i] as OrderParts) }));
}
