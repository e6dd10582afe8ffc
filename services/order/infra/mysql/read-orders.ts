// Reads orders by their keys, many at a time. Each statement stands for itself: an order's lines
// never change, and transitions newer than its row are left out.

import type { MysqlServer } from '../../../platform/mysql/connect.js';
import { inShards } from '../../../platform/mysql/in-shards.js';
import { ownedHere } from '../../../platform/mysql/shard-gate.js';
import { read, type SqlParameter, type Tx } from '../../../platform/mysql/transaction.js';
import type { UserOrdersQuery } from '../../app/ports.js';
import type { Order } from '../../domain/order.js';
import { type LineRow, SELECT_LINES } from './line-rows.js';
import { stateCodes } from './order-codes.js';
import {
  type OrderRow,
  SELECT_BY_REQUEST,
  SELECT_BY_USER,
  SELECT_ORDERS,
  shardAndId,
  toOrders,
} from './order-rows.js';
import { type RefundRow, SELECT_REFUNDS } from './refund-rows.js';
import { SELECT_TRACKING, type TrackingRow } from './tracking-rows.js';
import { SELECT_TRANSITIONS, type TransitionRow } from './transition-rows.js';

export interface RequestKey {
  readonly shard: number;
  readonly userId: string;
  readonly requestId: string;
}

/** Rows of an order count only there. What belongs to a row that was found is found with it. */
const HERE = ownedHere('orders');

/** Runs a SELECT, inside a transaction or alone. */
export type Select = <T>(sql: string, values: SqlParameter[]) => Promise<T[]>;

export function selectOn(server: MysqlServer, deadlineMs: number): Select {
  return (sql, values) => read(server, { deadlineMs }, sql, values);
}

export function selectIn(tx: Tx): Select {
  return (sql, values) => tx.rows(sql, values);
}

/** With lines and transitions; ids without an order are left out. */
export async function readOrders(select: Select, orderIds: readonly bigint[]): Promise<Order[]> {
  return withLines(select, await selectByIds(select, orderIds), 'TRANSITIONS');
}

export async function readByRequests(
  select: Select,
  requests: readonly RequestKey[],
): Promise<Order[]> {
  return withLines(select, await selectByRequests(select, requests));
}

/** Rows alone, tombstones among them. */
export function selectByIds(select: Select, orderIds: readonly bigint[]): Promise<OrderRow[]> {
  const where = inShards('order_id', orderIds.map(shardAndId));
  const sql = `${SELECT_ORDERS} WHERE ${where.sql} AND ${HERE}`;
  return select<OrderRow>(sql, where.values);
}

export function selectByRequests(
  select: Select,
  requests: readonly RequestKey[],
): Promise<OrderRow[]> {
  const clause = '(shard_no = ? AND user_id = ? AND request_id = ?)';
  const where = new Array(requests.length).fill(clause).join(' OR ');
  const values = requests.flatMap((key) => [key.shard, key.userId, key.requestId]);
  return select<OrderRow>(`${SELECT_BY_REQUEST} WHERE (${where}) AND ${HERE}`, values);
}

export async function listOrders(
  select: Select,
  shard: number,
  query: UserOrdersQuery,
): Promise<Order[]> {
  const values: SqlParameter[] = [shard, query.userId];
  let where = 'shard_no = ? AND user_id = ?';
  if (query.beforeId !== undefined) {
    where += ' AND order_id < ?';
    values.push(query.beforeId);
  }
  if (query.state !== undefined) {
    where += ' AND state = ?';
    values.push(stateCodes[query.state]);
  }
  const sql = `${SELECT_BY_USER} WHERE ${where} AND ${HERE} ORDER BY order_id DESC LIMIT ?`;
  return withLines(select, await select<OrderRow>(sql, [...values, query.limit]));
}

/** Adds what belongs to some order rows, in their order. */
export async function withLines(
  select: Select,
  rows: readonly OrderRow[],
  also?: 'TRANSITIONS',
): Promise<Order[]> {
  if (rows.length === 0) return [];
  const ids = rows.map((row) => BigInt(row.order_id));
  const ofLines = inShards('order_id', ids.map(shardAndId), 'order_line.');
  const lines = await select<LineRow>(`${SELECT_LINES} WHERE ${ofLines.sql}`, ofLines.values);
  const refunds = await selectRefunds(select, rows);
  if (!also) return toOrders(rows, lines, undefined, [], refunds);
  const transitions = await selectTransitions(select, rows);
  return toOrders(rows, lines, transitions, await selectTracking(select, rows), refunds);
}

/** A first version was made by its creation, which the order's own row tells. */
async function selectTransitions(
  select: Select,
  rows: readonly OrderRow[],
): Promise<TransitionRow[]> {
  const changed = rows.filter((row) => row.version > 1);
  if (changed.length === 0) return [];
  const where = inShards(
    'order_id',
    changed.map((row) => shardAndId(BigInt(row.order_id))),
  );
  return select<TransitionRow>(`${SELECT_TRANSITIONS} WHERE ${where.sql}`, where.values);
}

/** Only what has been shipped can have any, so that most reads do without this statement. */
export async function selectTracking(
  select: Select,
  rows: readonly OrderRow[],
): Promise<TrackingRow[]> {
  const shipped = rows.filter((row) => row.carrier !== null);
  if (shipped.length === 0) return [];
  const where = inShards(
    'order_id',
    shipped.map((row) => shardAndId(BigInt(row.order_id))),
  );
  return select<TrackingRow>(`${SELECT_TRACKING} WHERE ${where.sql}`, where.values);
}

/** The same of those of which units were refunded. */
export async function selectRefunds(
  select: Select,
  rows: readonly OrderRow[],
): Promise<RefundRow[]> {
  const refunded = rows.filter((row) => row.refunded_minor !== null);
  if (refunded.length === 0) return [];
  const where = inShards(
    'order_id',
    refunded.map((row) => shardAndId(BigInt(row.order_id))),
  );
  return select<RefundRow>(`${SELECT_REFUNDS} WHERE ${where.sql}`, where.values);
}
