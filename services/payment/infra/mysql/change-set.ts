// Gathers the changes of one batch and writes them with one statement per table. Several decisions on
// one payment leave its last version and one log row for each.

import { geneOf } from '../../../platform/ids.js';
import type { Outbox, OutboxEvent } from '../../../platform/mysql/outbox.js';
import type { SqlValue, Tx } from '../../../platform/mysql/transaction.js';
import type { TraceContext } from '../../../platform/telemetry/trace-context.js';
import type { Payment, PaymentState } from '../../domain/payment.js';
import type { Change, PaymentFile } from '../../domain/payment-file.js';
import type { PaymentKey } from '../../domain/payment-id.js';
import { fromAttempt, fromPayment, fromRefund, keyOf, nameOf, stateCode } from './rows.js';

const PAYMENT_INSERT = `INSERT INTO payment (shard_no, order_id, ordinal, user_id, state, version,
  currency, amount_minor, captured_minor, refunded_minor, provider_number, attempt_no, due_ms,
  opens_ms, deadline_ms, created_ms, updated_ms) VALUES ?`;

// The rows are locked and exist, so this only ever updates; it is how many rows become one statement.
const PAYMENT_UPDATE = `${PAYMENT_INSERT} ON DUPLICATE KEY UPDATE state = VALUES(state),
  version = VALUES(version), captured_minor = VALUES(captured_minor),
  refunded_minor = VALUES(refunded_minor), provider_number = VALUES(provider_number),
  attempt_no = VALUES(attempt_no), due_ms = VALUES(due_ms), updated_ms = VALUES(updated_ms)`;

const ATTEMPT_WRITE = `INSERT INTO payment_attempt (shard_no, order_id, ordinal, attempt_no,
  request_id, provider, method, state, provider_number, redirect_url, created_ms) VALUES ?
  ON DUPLICATE KEY UPDATE state = VALUES(state), provider_number = VALUES(provider_number),
  redirect_url = VALUES(redirect_url)`;

// Keyed by version: should the row's lock ever fail, two writers of one version still collide here.
const TRANSITION_INSERT = `INSERT INTO payment_transition (shard_no, order_id, ordinal, version,
  from_state, to_state, cause, at_ms) VALUES ?`;

const EVENT_INSERT =
  'INSERT INTO provider_event (shard_no, event_id, order_id, kind, received_ms) VALUES ?';

const REFUND_WRITE = `INSERT INTO refund (shard_no, refund_id, order_id, ordinal, request_id,
  currency, amount_minor, state, surplus, reason, provider, charge_number, provider_number,
  created_ms, updated_ms) VALUES ?
  ON DUPLICATE KEY UPDATE state = VALUES(state), provider_number = VALUES(provider_number),
  updated_ms = VALUES(updated_ms)`;

export class ChangeSet {
  readonly news: OutboxEvent[] = [];
  /** States that payments enter with it. */
  readonly entered: PaymentState[] = [];
  readonly #nowMs: number;
  readonly #inserted = new Map<string, Payment>();
  readonly #updated = new Map<string, Payment>();
  readonly #attempts = new Map<string, SqlValue[]>();
  readonly #refunds = new Map<string, SqlValue[]>();
  readonly #transitions: SqlValue[][] = [];
  readonly #events: SqlValue[][] = [];

  constructor(nowMs: number) {
    this.#nowMs = nowMs;
  }

  add(
    key: PaymentKey,
    before: PaymentFile | undefined,
    change: Change,
    trace?: TraceContext,
  ): void {
    const { orderId } = key;
    if (change.payment) this.#addPayment(change.payment, before?.payment, change.cause);
    for (const attempt of change.attempts ?? []) {
      this.#attempts.set(`${nameOf(key)}/${attempt.attemptNo}`, fromAttempt(key, attempt));
    }
    for (const refund of change.refunds ?? []) {
      this.#refunds.set(refund.refundId, fromRefund(key, refund));
    }
    if (change.event) {
      const { eventId, kind } = change.event;
      this.#events.push([geneOf(orderId), eventId, orderId, kind, this.#nowMs]);
    }
    for (const { kind, aggregateId, version, payload } of change.news ?? []) {
      this.news.push({ shard: geneOf(orderId), aggregateId, version, kind, payload, trace });
    }
  }

  /** Written in one fixed order of tables, so that batches cannot lock each other out. */
  write(tx: Tx, outbox: Pick<Outbox, 'append'>): void {
    insert(tx, PAYMENT_INSERT, [...this.#inserted.values()].map(fromPayment));
    insert(tx, PAYMENT_UPDATE, [...this.#updated.values()].map(fromPayment));
    insert(tx, ATTEMPT_WRITE, [...this.#attempts.values()]);
    insert(tx, TRANSITION_INSERT, this.#transitions);
    insert(tx, EVENT_INSERT, this.#events);
    insert(tx, REFUND_WRITE, [...this.#refunds.values()]);
    if (this.news.length > 0) outbox.append(tx, this.news, this.#nowMs);
  }

  #addPayment(payment: Payment, before: Payment | undefined, cause: string): void {
    const name = nameOf(payment);
    const fresh = before === undefined || this.#inserted.has(name);
    (fresh ? this.#inserted : this.#updated).set(name, payment);
    if (before?.state !== payment.state) this.entered.push(payment.state);
    if (before === undefined) return;
    const [from, to] = [stateCode(before.state), stateCode(payment.state)];
    const at = this.#nowMs;
    this.#transitions.push([...keyOf(payment), payment.version, from, to, cause, at]);
  }
}

/** Also for the claims of the resolver, which move nothing but the time of the next look. */
export function updatePayments(tx: Tx, payments: readonly Payment[]): void {
  insert(tx, PAYMENT_UPDATE, payments.map(fromPayment));
}

function insert(tx: Tx, sql: string, rows: SqlValue[][]): void {
  if (rows.length > 0) tx.changeLater(sql, [rows]);
}
