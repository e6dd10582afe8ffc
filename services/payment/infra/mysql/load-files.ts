// Reads the payments of one batch under their locks, in key order so that two batches never wait for
// each other in a circle. Attempts and refunds are read only where there can be any: a payment that
// nobody has begun to pay costs one row.

import { assert } from '../../../platform/assert.js';
import { geneOf } from '../../../platform/ids.js';
import { NOW_MS } from '../../../platform/mysql/time.js';
import type { SqlValue, Tx } from '../../../platform/mysql/transaction.js';
import type { PaymentFile } from '../../domain/payment-file.js';
import {
  ATTEMPT_COLUMNS,
  type AttemptRow,
  keyOf,
  PAYMENT_COLUMNS,
  type PaymentRow,
  REFUND_COLUMNS,
  type RefundRow,
  toAttempt,
  toPayment,
  toRefund,
} from './rows.js';

const BY_KEY = '(shard_no, order_id, ordinal) IN (?)';

export const SELECT_PAYMENTS = `SELECT ${PAYMENT_COLUMNS} FROM payment WHERE ${BY_KEY}`;

const LOCK_PAYMENTS = `SELECT ${PAYMENT_COLUMNS}, ${NOW_MS} AS now_ms FROM payment
  WHERE ${BY_KEY} ORDER BY shard_no, order_id, ordinal FOR UPDATE`;

const SELECT_NOW = `SELECT ${NOW_MS} AS now_ms`;

export const SELECT_ATTEMPTS = `SELECT ${ATTEMPT_COLUMNS} FROM payment_attempt
  WHERE ${BY_KEY} ORDER BY attempt_no`;

const SELECT_REFUNDS = `SELECT ${REFUND_COLUMNS} FROM refund WHERE ${BY_KEY}
  ORDER BY created_ms, refund_id`;

const SELECT_EVENTS = `SELECT shard_no, event_id FROM provider_event
  WHERE (shard_no, event_id) IN (?)`;

export interface LoadedFiles {
  readonly nowMs: number;
  readonly files: Map<bigint, PaymentFile>;
  /** Keys of events that were applied before; see eventKey(). */
  readonly eventsSeen: Set<string>;
}

export interface Wanted {
  readonly orderId: bigint;
  readonly eventId: string | undefined;
}

export async function loadFiles(tx: Tx, wanted: readonly Wanted[]): Promise<LoadedFiles> {
  const keys = sortedKeys(wanted.map(({ orderId }) => orderId));
  const rows = await tx.rows<PaymentRow & { now_ms: string }>(LOCK_PAYMENTS, [keys]);
  const nowMs = rows[0] === undefined ? await readNow(tx) : Number(rows[0].now_ms);
  const payments = rows.map(toPayment);
  const begun = payments.filter((payment) => payment.attemptNo > 0).map((p) => p.orderId);
  const paid = payments.filter((payment) => payment.capturedMinor > 0n).map((p) => p.orderId);
  const attempts = await byOrder<AttemptRow, ReturnType<typeof toAttempt>>(
    tx,
    SELECT_ATTEMPTS,
    begun,
    toAttempt,
  );
  const refunds = await byOrder<RefundRow, ReturnType<typeof toRefund>>(
    tx,
    SELECT_REFUNDS,
    paid,
    toRefund,
  );
  const files = new Map<bigint, PaymentFile>();
  for (const payment of payments) {
    const { orderId } = payment;
    files.set(orderId, {
      payment,
      attempts: attempts.get(orderId) ?? [],
      refunds: refunds.get(orderId) ?? [],
    });
  }
  return { nowMs, files, eventsSeen: await readEventsSeen(tx, wanted) };
}

/** One group per order; orders without rows are absent. */
export async function byOrder<Row extends { order_id: string }, T>(
  tx: Tx,
  sql: string,
  orderIds: readonly bigint[],
  decode: (row: Row) => T,
): Promise<Map<bigint, T[]>> {
  const groups = new Map<bigint, T[]>();
  if (orderIds.length === 0) return groups;
  for (const row of await tx.rows<Row>(sql, [sortedKeys(orderIds)])) {
    const orderId = BigInt(row.order_id);
    const group = groups.get(orderId);
    if (group) group.push(decode(row));
    else groups.set(orderId, [decode(row)]);
  }
  return groups;
}

export function sortedKeys(orderIds: readonly bigint[]): SqlValue[][] {
  return [...new Set(orderIds)].map(keyOf).sort(byKey);
}

function byKey(a: readonly [number, bigint, number], b: readonly [number, bigint, number]) {
  if (a[0] !== b[0]) return a[0] - b[0];
  return a[1] < b[1] ? -1 : 1;
}

export function eventKey(orderId: bigint, eventId: string): string {
  return `${geneOf(orderId)}/${eventId}`;
}

async function readEventsSeen(tx: Tx, wanted: readonly Wanted[]): Promise<Set<string>> {
  const asked = wanted.flatMap(({ orderId, eventId }) =>
    eventId === undefined ? [] : [[geneOf(orderId), eventId] as SqlValue[]],
  );
  if (asked.length === 0) return new Set();
  const rows = await tx.rows<{ shard_no: number; event_id: string }>(SELECT_EVENTS, [asked]);
  return new Set(rows.map((row) => `${row.shard_no}/${row.event_id}`));
}

async function readNow(tx: Tx): Promise<number> {
  const [row] = await tx.rows<{ now_ms: string }>(SELECT_NOW);
  assert(row, 'the database tells the time');
  return Number(row.now_ms);
}
