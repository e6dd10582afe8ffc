// Reads single orders: what many callers ask of one server while a batch is in flight is the next
// batch, in one statement per table, however many of them ask for the same order.
//
// Invariant: the row of an order, and with it its version, always comes from its MySQL server, after
// the call arrived. So whoever was told of a change reads it, through whichever process, whatever
// the cache holds. That an id names no order is never remembered: a retry of its buyer may commit it
// this moment, and nothing would end such a memory. Two lookups in a batch are all that it costs: the
// second one tells whether the order's shard may have been elsewhere meanwhile.

import { Batcher } from '../../../platform/batcher.js';
import type { Clock } from '../../../platform/clock.js';
import { geneOf } from '../../../platform/ids.js';
import { NOT_OWNER, type NotOwner } from '../../../platform/mysql/shard-gate.js';
import type { Look } from '../../../platform/mysql/shard-gates.js';
import type { Order } from '../../domain/order.js';
import type { BatchLimits } from '../batch-limits.js';
import type { OrderParts, PartsCache } from '../parts-cache.js';
import { VOID_STATE } from './order-codes.js';
import { type OrderRow, toOrders } from './order-rows.js';
import {
  readOrders,
  type Select,
  selectByIds,
  selectRefunds,
  selectTracking,
  withLines,
} from './read-orders.js';

export interface OrderReadsParts {
  /** Of the server, for the log. */
  readonly name: string;
  /** Runs statements on the server until the deadline. */
  readonly select: (deadlineMs: number) => Select;
  /** Called before each reading. */
  readonly look: () => Look;
  readonly cache: PartsCache | undefined;
  readonly clock: Clock;
  readonly limits: BatchLimits;
}

export function openOrderReads(o: OrderReadsParts): Batcher<bigint, Order | undefined | NotOwner> {
  return new Batcher({
    name: `order.read.${o.name}`,
    run: (ids, { deadlineMs }) => readMany(o, ids, deadlineMs),
    ...o.limits,
    clock: o.clock,
  });
}

async function readMany(
  o: OrderReadsParts,
  ids: readonly bigint[],
  deadlineMs: number,
): Promise<(Order | undefined | NotOwner)[]> {
  const look = o.look();
  const select = o.select(deadlineMs);
  const orders = await (o.cache ? readThrough(select, o.cache, ids) : readOrders(select, ids));
  const byId = new Map(orders.map((order) => [order.orderId, order]));
  const missing = ids.filter((orderId) => !byId.has(orderId));
  if (missing.length === 0) return ids.map((orderId) => byId.get(orderId));
  const unsure = await look(missing.map(geneOf), deadlineMs);
  return ids.map(
    (orderId) => byId.get(orderId) ?? (unsure.has(geneOf(orderId)) ? NOT_OWNER : undefined),
  );
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
  const refunds = await selectRefunds(select, known);
  const orders = toOrders(known, [], undefined, tracking, refunds);
  return orders.map((order, i) => ({ ...order, ...(knownParts[i] as OrderParts) }));
}
