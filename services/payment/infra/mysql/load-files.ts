// Reads the payments of one batch under their locks, in key order so that two batches never wait for
// each other in a circle. Attempts and refunds are read only where there can be any: a payment that
// nobody has begun to pay costs one row.

import { assert } from '../../../platform/assert.js';
import { geneOf } from '../../../platform/ids.js';
import { NOW_MS } from '../../../platform/mysql/time.js';
import type { SqlValue, Tx } from '../../../platform/mysql/transaction.js';
import type { PaymentFile } from '../../domain/payment-file.js';
import type { PaymentKey } from '../../domain/payment-id.js';
import {
  ATTEMPT_COLUMNS,
  type AttemptRow,
  keyOf,
  nameOf,
  PAYMENT_COLUMNS,
  type PaymentRow,
  REFUND_COLUMNS,
  type RefundRow,
  rowNameOf,
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
  /** By the names of their payments. */
  readonly files: Map<string, PaymentFile>;
  /** Keys of events that were applied before; see eventKey(). */
  readonly eventsSeen: Set<string>;
}

export interface Wanted {
  readonly payment: PaymentKey;
  readonly eventId: string | undefined;
}

export async function loadFiles(tx: Tx, wanted: readonly Wanted[]): Promise<LoadedFiles> {
  const keys = sortedKeys(wanted.map(({ payment }) => payment));
  const rows = await tx.rows<PaymentRow & { now_ms: string }>(LOCK_PAYMENTS, [keys]);
  const nowMs = rows[0] === undefined ? await readNow(tx) : Number(rows[0].now_ms);
  const payments = rows.map(toPayment);
  const begun = payments.filter((payment) => payment.attemptNo > 0);
  const paid = payments.filter((payment) => payment.capturedMinor > 0n);
  const attempts = await byPayment<AttemptRow, ReturnType<typeof toAttempt>>(
    tx,
    SELECT_ATTEMPTS,
    begun,
    toAttempt,
  );
  const refunds = await byPayment<RefundRow, ReturnType<typeof toRefund>>(
    tx,
    SELECT_REFUNDS,
    paid,
    toRefund,
  );
  const files = new Map<string, PaymentFile>();
  for (const payment of payments) {
    const name = nameOf(payment);
    files.set(name, {
      payment,
      attempts: attempts.get(name) ?? [],
      refunds: refunds.get(name) ?? [],
    });
  }
  return { nowMs, files, eventsSeen: await readEventsSeen(tx, wanted) };
}

/** One group per payment, by its name; payments without rows are absent. */
export async function byPayment<Row extends { order_id: string; ordinal: number }, T>(
  tx: Tx,
  sql: string,
  payments: readonly PaymentKey[],
  decode: (row: Row) => T,
): Promise<Map<string, T[]>> {
  const groups = new Map<string, T[]>();
  if (payments.length === 0) return groups;
  for (const row of await tx.rows<Row>(sql, [sortedKeys(payments)])) {
    const name = rowNameOf(row);
    const group = groups.get(name);
    if (group) group.push(decode(row));
    else groups.set(name, [decode(row)]);
  }
  return groups;
}

/** Each once. */
export function sortedKeys(payments: readonly PaymentKey[]): SqlValue[][] {
  const distinct = new Map(payments.map((payment) => [nameOf(payment), payment]));
  return [...distinct.values()].map(keyOf).sort(byKey);
}

function byKey(a: readonly [number, bigint, number], b: readonly [number, bigint, number]) {
  if (a[0] !== b[0]) return a[0] - b[0];
  if (a[1] !== b[1]) return a[1] < b[1] ? -1 : 1;
  return a[2] - b[2];
}

export function eventKey(orderId: bigint, eventId: string): string {
  return `${geneOf(orderId)}/${eventId}`;
}

async function readEventsSeen(tx: Tx, wanted: readonly Wanted[]): Promise<Set<string>> {
  const asked = wanted.flatMap(({ payment, eventId }) =>
    eventId === undefined ? [] : [[geneOf(payment.orderId), eventId] as SqlValue[]],
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
