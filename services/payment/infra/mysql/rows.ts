// Translates between rows and the domain, both ways. States are the numbers of the contract's enums;
// empty text of the domain is NULL where a column names something that does not exist yet.

import { assert } from '../../../platform/assert.js';
import { geneOf } from '../../../platform/ids.js';
import type { SqlValue } from '../../../platform/mysql/transaction.js';
import { contextOf } from '../../../platform/telemetry/trace-context.js';
import type {
  Attempt,
  AttemptState,
  Payment,
  PaymentState,
  Refund,
  RefundState,
} from '../../domain/payment.js';
import type { PaymentKey, PaymentPart } from '../../domain/payment-id.js';

const ORDINALS = { FIRST: 1, BALANCE: 2 } as const satisfies Record<PaymentPart, number>;

const PAYMENT_STATES = {
  NOT_STARTED: 1,
  PENDING: 2,
  INITIALISED: 3,
  PROCESSING: 4,
  SUCCEEDED: 5,
  FAILED: 6,
  CANCELLED: 7,
  TIMED_OUT: 8,
} as const satisfies Record<PaymentState, number>;

const REFUND_STATES = {
  PENDING: 1,
  SUCCEEDED: 2,
  PARKED: 3,
} as const satisfies Record<RefundState, number>;

export function keyOf({ orderId, part }: PaymentKey): [number, bigint, number] {
  return [geneOf(orderId), orderId, ORDINALS[part]];
}

/** Names a payment within a batch. */
export function nameOf({ orderId, part }: PaymentKey): string {
  return `${orderId}/${ORDINALS[part]}`;
}

/** The same of a row. */
export function rowNameOf(row: { order_id: string; ordinal: number }): string {
  return `${row.order_id}/${row.ordinal}`;
}

export function stateCode(state: PaymentState): number {
  return PAYMENT_STATES[state];
}

export const PAYMENT_COLUMNS = `order_id, ordinal, user_id, state, version, currency, amount_minor,
  captured_minor, refunded_minor, provider_number, attempt_no, due_ms, opens_ms, deadline_ms,
  created_ms, updated_ms, traceparent`;

export interface PaymentRow {
  order_id: string;
  ordinal: number;
  user_id: string;
  state: number;
  version: string;
  currency: string;
  amount_minor: string;
  captured_minor: string;
  refunded_minor: string;
  provider_number: string | null;
  attempt_no: number;
  due_ms: string | null;
  opens_ms: string | null;
  deadline_ms: string;
  created_ms: string;
  updated_ms: string;
  traceparent: string | null;
}

export function toPayment(row: PaymentRow): Payment {
  return {
    orderId: BigInt(row.order_id),
    part: wordOf(ORDINALS, row.ordinal),
    userId: row.user_id,
    state: wordOf(PAYMENT_STATES, row.state),
    version: Number(row.version),
    currency: row.currency,
    amountMinor: BigInt(row.amount_minor),
    capturedMinor: BigInt(row.captured_minor),
    refundedMinor: BigInt(row.refunded_minor),
    providerNumber: row.provider_number ?? '',
    attemptNo: row.attempt_no,
    dueMs: row.due_ms === null ? undefined : Number(row.due_ms),
    opensMs: row.opens_ms === null ? undefined : Number(row.opens_ms),
    deadlineMs: Number(row.deadline_ms),
    createdMs: Number(row.created_ms),
    updatedMs: Number(row.updated_ms),
    ...(row.traceparent !== null && { trace: contextOf(row.traceparent) }),
  };
}

export function fromPayment(payment: Payment): SqlValue[] {
  return [
    ...keyOf(payment),
    payment.userId,
    PAYMENT_STATES[payment.state],
    payment.version,
    payment.currency,
    payment.amountMinor,
    payment.capturedMinor,
    payment.refundedMinor,
    payment.providerNumber || null,
    payment.attemptNo,
    payment.dueMs ?? null,
    payment.opensMs ?? null,
    payment.deadlineMs,
    payment.createdMs,
    payment.updatedMs,
  ];
}

export const ATTEMPT_COLUMNS = `order_id, ordinal, attempt_no, request_id, provider, method, state,
  provider_number, redirect_url, created_ms`;

export interface AttemptRow {
  order_id: string;
  ordinal: number;
  attempt_no: number;
  request_id: string;
  provider: string;
  method: string;
  state: number;
  provider_number: string | null;
  redirect_url: string;
  created_ms: string;
}

export function toAttempt(row: AttemptRow): Attempt {
  return {
    attemptNo: row.attempt_no,
    requestId: row.request_id,
    provider: row.provider,
    method: row.method,
    state: wordOf(PAYMENT_STATES, row.state) as AttemptState,
    providerNumber: row.provider_number ?? '',
    redirectUrl: row.redirect_url,
    createdMs: Number(row.created_ms),
  };
}

export function fromAttempt(payment: PaymentKey, attempt: Attempt): SqlValue[] {
  return [
    ...keyOf(payment),
    attempt.attemptNo,
    attempt.requestId,
    attempt.provider,
    attempt.method,
    PAYMENT_STATES[attempt.state],
    attempt.providerNumber || null,
    attempt.redirectUrl,
    attempt.createdMs,
  ];
}

export const REFUND_COLUMNS = `order_id, ordinal, refund_id, request_id, currency, amount_minor, state,
  surplus, reason, provider, charge_number, provider_number, created_ms, updated_ms`;

export interface RefundRow {
  order_id: string;
  ordinal: number;
  refund_id: string;
  request_id: string;
  currency: string;
  amount_minor: string;
  state: number;
  surplus: number;
  reason: string;
  provider: string;
  charge_number: string;
  provider_number: string | null;
  created_ms: string;
  updated_ms: string;
}

export function toRefund(row: RefundRow): Refund {
  return {
    refundId: row.refund_id,
    requestId: row.request_id,
    currency: row.currency,
    amountMinor: BigInt(row.amount_minor),
    state: wordOf(REFUND_STATES, row.state),
    surplus: row.surplus === 1,
    reason: row.reason,
    provider: row.provider,
    chargeNumber: row.charge_number,
    providerNumber: row.provider_number ?? '',
    createdMs: Number(row.created_ms),
    updatedMs: Number(row.updated_ms),
  };
}

export function fromRefund(payment: PaymentKey, refund: Refund): SqlValue[] {
  const [shard, orderId, ordinal] = keyOf(payment);
  return [
    shard,
    refund.refundId,
    orderId,
    ordinal,
    refund.requestId,
    refund.currency,
    refund.amountMinor,
    REFUND_STATES[refund.state],
    refund.surplus ? 1 : 0,
    refund.reason,
    refund.provider,
    refund.chargeNumber,
    refund.providerNumber || null,
    refund.createdMs,
    refund.updatedMs,
  ];
}

function wordOf<W extends string>(codes: Record<W, number>, code: number): W {
  const word = (Object.keys(codes) as W[]).find((name) => codes[name] === code);
  assert(word !== undefined, `a row has the unknown code ${code}`);
  return word;
}
