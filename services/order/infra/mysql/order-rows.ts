// How an order lies in its tables: columns, codes, and the only translation between rows and orders.

import { geneOf } from '../../../platform/ids.js';
import type { SqlValue } from '../../../platform/mysql/transaction.js';
import type { Operator, Order, OrderState, OrderTransition } from '../../domain/order.js';
import type { OrderType } from '../../domain/order-types.js';
import { dueMsOf } from '../../domain/presale.js';
import { detailsIn, detailsText } from './details-text.js';
import { type LineRow, toLine } from './line-rows.js';
import { presaleIn, presaleText } from './presale-text.js';
import { type RefundRow, toRefunds } from './refund-rows.js';
import { type TrackingRow, toTracking } from './tracking-rows.js';

/** Where an order lies: its shard and its key. */
export function shardAndId(orderId: bigint): readonly [number, bigint] {
  return [geneOf(orderId), orderId];
}

/** A tombstone: no order has the id, and none ever will. */
export const VOID_STATE = 0;

export const stateCodes = {
  PENDING_PAYMENT: 1,
  PAID: 2,
  SHIPPED: 3,
  DELIVERED: 4,
  COMPLETED: 5,
  CANCELLED: 6,
  DEPOSIT_PAID: 7,
} as const satisfies Record<OrderState, number>;

const typeCodes = {
  PHYSICAL: 1,
  VIRTUAL: 2,
  TOP_UP: 3,
  BOOKING: 4,
  PRESALE: 5,
} as const satisfies Record<OrderType, number>;

const states = new Map(entriesOf(stateCodes));
const types = new Map(entriesOf(typeCodes));

const ORDER_COLUMNS = `shard_no, order_id, user_id, request_id, fingerprint, order_type, state,
  version, currency, total_minor, discount_minor, payable_minor, payment_deadline_ms, due_ms,
  paid_ms, carrier, tracking_number, created_ms, updated_ms, details, presale`;
/** What no order is inserted with. */
const READ_COLUMNS = `${ORDER_COLUMNS}, refunded_minor`;
const TRANSITION_COLUMNS = `shard_no, order_id, version, from_state, to_state, operator, remark,
  at_ms`;

export const INSERT_ORDERS = `INSERT INTO orders (${ORDER_COLUMNS}) VALUES ?`;
export const INSERT_TRANSITIONS = `INSERT INTO order_transition (${TRANSITION_COLUMNS}) VALUES ?`;

// The hints matter while a table is small: the optimizer then prefers to scan it, and a scan for
// update waits for every row that somebody else has locked.
export const SELECT_ORDERS = `SELECT ${READ_COLUMNS} FROM orders FORCE INDEX (PRIMARY)`;
export const SELECT_BY_REQUEST = `SELECT ${READ_COLUMNS} FROM orders FORCE INDEX (by_request)`;
export const SELECT_BY_USER = `SELECT ${READ_COLUMNS} FROM orders FORCE INDEX (by_user)`;
export const SELECT_BY_STATE = `SELECT ${READ_COLUMNS} FROM orders FORCE INDEX (by_state)`;
export const SELECT_TRANSITIONS = `SELECT ${TRANSITION_COLUMNS}
  FROM order_transition FORCE INDEX (PRIMARY)`;

/** BIGINT arrives as text. */
export interface OrderRow {
  order_id: string;
  user_id: string;
  request_id: string;
  fingerprint: string;
  order_type: number;
  state: number;
  version: number;
  currency: string;
  total_minor: string;
  discount_minor: string;
  payable_minor: string;
  payment_deadline_ms: string;
  paid_ms: string | null;
  carrier: string | null;
  tracking_number: string | null;
  created_ms: string;
  updated_ms: string;
  details: string | null;
  presale: string | null;
  refunded_minor: string | null;
}

export interface TransitionRow {
  order_id: string;
  version: number;
  from_state: number | null;
  to_state: number;
  operator: string;
  remark: string;
  at_ms: string;
}

export function orderValues(order: Order): SqlValue[] {
  return [
    geneOf(order.orderId),
    order.orderId,
    order.userId,
    order.requestId,
    order.fingerprint,
    typeCodes[order.type],
    stateCodes[order.state],
    order.version,
    order.currency,
    order.totalMinor,
    order.discountMinor,
    order.payableMinor,
    order.paymentDeadlineMs,
    dueMsOf(order) ?? null,
    order.paidMs ?? null,
    order.carrier ?? null,
    order.trackingNumber ?? null,
    order.createdMs,
    order.updatedMs,
    detailsText(order.details),
    presaleText(order.presale),
  ];
}

/** Its request id cannot be chosen by a caller, and no user has an empty id. */
export function voidValues(orderId: bigint, nowMs: number): SqlValue[] {
  const nothing = ['', 0, 0, 0, 0];
  const ids = [geneOf(orderId), orderId, '', `void:${orderId}`, ''];
  return [...ids, 0, VOID_STATE, 0, ...nothing, null, null, null, null, nowMs, nowMs, null, null];
}

export function transitionValues(orderId: bigint, made: OrderTransition): SqlValue[] {
  return [
    geneOf(orderId),
    orderId,
    made.version,
    made.from ? stateCodes[made.from] : null,
    stateCodes[made.to],
    made.operator,
    made.remark,
    made.atMs,
  ];
}

/** Gathers the orders of some rows. Tombstones are left out: they are no orders. */
export function toOrders(
  rows: readonly OrderRow[],
  lines: readonly LineRow[],
  transitions: readonly TransitionRow[],
  tracking: readonly TrackingRow[],
  refunds: readonly RefundRow[],
): Order[] {
  const linesOf = groupById([...lines].sort((a, b) => a.line_no - b.line_no));
  const transitionsOf = groupById([...transitions].sort((a, b) => a.version - b.version));
  const trackingOf = groupById(tracking);
  const refundsOf = groupById(refunds);
  return rows
    .filter((row) => row.state !== VOID_STATE)
    .map((row) => {
      const { order_id: id } = row;
      const parts = [linesOf.get(id), transitionsOf.get(id), trackingOf.get(id)] as const;
      return toOrder(row, ...parts, refundsOf.get(id));
    });
}

function toOrder(
  row: OrderRow,
  lines: LineRow[] = [],
  transitions: TransitionRow[] = [],
  tracking: TrackingRow[] = [],
  refunds: RefundRow[] = [],
): Order {
  return {
    orderId: BigInt(row.order_id),
    userId: row.user_id,
    requestId: row.request_id,
    fingerprint: row.fingerprint,
    type: wordOf(types, row.order_type),
    details: detailsIn(row.details),
    state: wordOf(states, row.state),
    version: row.version,
    currency: row.currency,
    totalMinor: BigInt(row.total_minor),
    discountMinor: BigInt(row.discount_minor),
    payableMinor: BigInt(row.payable_minor),
    presale: presaleIn(row.presale),
    paymentDeadlineMs: Number(row.payment_deadline_ms),
    paidMs: row.paid_ms === null ? undefined : Number(row.paid_ms),
    carrier: row.carrier ?? undefined,
    trackingNumber: row.tracking_number ?? undefined,
    createdMs: Number(row.created_ms),
    updatedMs: Number(row.updated_ms),
    lines: lines.map(toLine),
    // Read in a statement after the order's own, so it may already know a later change.
    transitions: transitions.filter((made) => made.version <= row.version).map(toTransition),
    tracking: toTracking(tracking),
    refunds: toRefunds(refunds, row.version),
  };
}

function toTransition(row: TransitionRow): OrderTransition {
  return {
    version: row.version,
    from: row.from_state === null ? undefined : wordOf(states, row.from_state),
    to: wordOf(states, row.to_state),
    operator: row.operator as Operator,
    remark: row.remark,
    atMs: Number(row.at_ms),
  };
}

function groupById<T extends { order_id: string }>(rows: readonly T[]): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const row of rows) {
    const group = groups.get(row.order_id);
    if (group) group.push(row);
    else groups.set(row.order_id, [row]);
  }
  return groups;
}

function entriesOf<K extends string>(codes: Record<K, number>): [number, K][] {
  return (Object.entries(codes) as [K, number][]).map(([word, code]) => [code, word]);
}

function wordOf<K>(words: ReadonlyMap<number, K>, code: number): K {
  const word = words.get(code);
  if (word === undefined) throw new Error(`unknown code ${code} in the order tables`);
  return word;
}
