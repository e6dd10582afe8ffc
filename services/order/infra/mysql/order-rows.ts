// How an order lies in its table: columns, and the only translation between rows and orders.

import { geneOf } from '../../../platform/ids.js';
import { columnNames, type Table } from '../../../platform/mysql/insert-rows.js';
import type { SqlValue } from '../../../platform/mysql/transaction.js';
import type { Order, OrderTransition } from '../../domain/order.js';
import { dueMsOf } from '../../domain/presale.js';
import { detailsIn, detailsText } from './details-text.js';
import { type LineRow, toLine } from './line-rows.js';
import { stateCodes, stateOf, typeCodes, typeOf, VOID_STATE } from './order-codes.js';
import { presaleIn, presaleText } from './presale-text.js';
import { type RefundRow, toRefunds } from './refund-rows.js';
import { type TrackingRow, toTracking } from './tracking-rows.js';
import { historyOf, type TransitionRow } from './transition-rows.js';

/** Where an order lies: its shard and its key. */
export function shardAndId(orderId: bigint): readonly [number, bigint] {
  return [geneOf(orderId), orderId];
}

export const ORDERS: Table = {
  name: 'orders',
  columns: [
    ['shard_no'],
    ['order_id'],
    ['user_id'],
    ['request_id'],
    ['fingerprint'],
    ['order_type', typeCodes.PHYSICAL],
    ['state', stateCodes.PENDING_PAYMENT],
    ['version', 1],
    ['currency'],
    ['total_minor'],
    ['discount_minor', 0n],
    ['payable_minor', { sameAs: 'total_minor' }],
    ['payment_deadline_ms'],
    ['due_ms', { sameAs: 'payment_deadline_ms' }],
    ['paid_ms', null],
    ['carrier', null],
    ['tracking_number', null],
    ['created_ms'],
    ['updated_ms', { sameAs: 'created_ms' }],
    ['details', null],
    ['presale', null],
  ],
};
const ORDER_COLUMNS = columnNames(ORDERS);
/** With what no order is inserted with. */
const READ_COLUMNS = `${ORDER_COLUMNS}, refunded_minor`;

export const INSERT_ORDERS = `INSERT INTO orders (${ORDER_COLUMNS}) VALUES ?`;

// The hints matter while a table is small: the optimizer then prefers to scan it, and a scan for
// update waits for every row that somebody else has locked.
export const SELECT_ORDERS = `SELECT ${READ_COLUMNS} FROM orders FORCE INDEX (PRIMARY)`;
export const SELECT_BY_REQUEST = `SELECT ${READ_COLUMNS} FROM orders FORCE INDEX (by_request)`;
export const SELECT_BY_USER = `SELECT ${READ_COLUMNS} FROM orders FORCE INDEX (by_user)`;
export const SELECT_BY_STATE = `SELECT ${READ_COLUMNS} FROM orders FORCE INDEX (by_state)`;

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

/**
 * Gathers the orders of some rows. Tombstones are left out: they are no orders. Without `transitions`
 * they come without their history.
 */
export function toOrders(
  rows: readonly OrderRow[],
  lines: readonly LineRow[],
  transitions: readonly TransitionRow[] | undefined,
  tracking: readonly TrackingRow[],
  refunds: readonly RefundRow[],
): Order[] {
  const linesOf = groupById([...lines].sort((a, b) => a.line_no - b.line_no));
  const transitionsOf = groupById([...(transitions ?? [])].sort((a, b) => a.version - b.version));
  const trackingOf = groupById(tracking);
  const refundsOf = groupById(refunds);
  return rows
    .filter((row) => row.state !== VOID_STATE)
    .map((row) => {
      const { order_id: id } = row;
      const history = transitions && historyOf(row, transitionsOf.get(id));
      return toOrder(row, linesOf.get(id), history, trackingOf.get(id), refundsOf.get(id));
    });
}

function toOrder(
  row: OrderRow,
  lines: LineRow[] = [],
  transitions: OrderTransition[] = [],
  tracking: TrackingRow[] = [],
  refunds: RefundRow[] = [],
): Order {
  return {
    orderId: BigInt(row.order_id),
    userId: row.user_id,
    requestId: row.request_id,
    fingerprint: row.fingerprint,
    type: typeOf(row.order_type),
    details: detailsIn(row.details),
    state: stateOf(row.state),
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
    transitions,
    tracking: toTracking(tracking),
    refunds: toRefunds(refunds, row.version),
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
