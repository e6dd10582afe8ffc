// The words of a payment and where each state may lead. A payment is the money side of one order, or
// of its balance when that is paid apart; an
// attempt is one try to charge; a refund is money on its way back. What the provider says about money
// outranks what we believed: a charge that failed or timed out and then succeeds has succeeded.
//
//   NOT_STARTED  the intent exists, nobody has begun to pay
//   PENDING      an attempt is recorded and the provider is being asked: no cancel from here on
//   INITIALISED  the provider waits for the buyer at the redirect URL
//   PROCESSING   the provider is capturing
//   SUCCEEDED    the whole amount is captured; final, but for refunds
//   FAILED       the last attempt was declined; another may be started
//   CANCELLED    given up before any capture; final, a capture that comes later is refunded
//   TIMED_OUT    the buyer did not come back before the deadline; another may be started

import { assert } from '../../platform/assert.js';
import type { TraceContext } from '../../platform/telemetry/trace-context.js';
import { type PaymentKey, paymentIdOf } from './payment-id.js';

export type PaymentState =
  | 'NOT_STARTED'
  | 'PENDING'
  | 'INITIALISED'
  | 'PROCESSING'
  | 'SUCCEEDED'
  | 'FAILED'
  | 'CANCELLED'
  | 'TIMED_OUT';

export const NEXT_STATES: Record<PaymentState, readonly PaymentState[]> = {
  NOT_STARTED: ['PENDING', 'CANCELLED'],
  PENDING: ['INITIALISED', 'PROCESSING', 'SUCCEEDED', 'FAILED'],
  INITIALISED: ['PROCESSING', 'SUCCEEDED', 'FAILED', 'TIMED_OUT'],
  PROCESSING: ['SUCCEEDED', 'FAILED'],
  SUCCEEDED: [],
  FAILED: ['PENDING', 'CANCELLED', 'SUCCEEDED'],
  CANCELLED: [],
  TIMED_OUT: ['PENDING', 'CANCELLED', 'SUCCEEDED'],
};

export interface Payment extends PaymentKey {
  /** Empty for a tombstone: cancelled before it was created. */
  readonly userId: string;
  readonly state: PaymentState;
  readonly version: number;
  readonly currency: string;
  readonly amountMinor: bigint;
  /** 0, or the whole amount. */
  readonly capturedMinor: bigint;
  /** What of it is refunded or being refunded. */
  readonly refundedMinor: bigint;
  /** Of the charge that counts; empty before. */
  readonly providerNumber: string;
  /** The last attempt; 0 before the first. */
  readonly attemptNo: number;
  /** When the resolver asks the provider next; undefined while nothing is open there. */
  readonly dueMs: number | undefined;
  /** It cannot be started earlier; undefined means at once. */
  readonly opensMs: number | undefined;
  readonly deadlineMs: number;
  readonly createdMs: number;
  readonly updatedMs: number;
  /** Where its order was recorded, if it was. */
  readonly trace?: TraceContext | undefined;
}

export type AttemptState = Exclude<PaymentState, 'NOT_STARTED' | 'CANCELLED'>;

export interface Attempt {
  readonly attemptNo: number;
  readonly requestId: string;
  readonly provider: string;
  readonly method: string;
  readonly state: AttemptState;
  /** Of its charge; empty until the provider has told it. */
  readonly providerNumber: string;
  readonly redirectUrl: string;
  readonly createdMs: number;
}

export type RefundState = 'PENDING' | 'SUCCEEDED' | 'PARKED';

export interface Refund {
  readonly refundId: string;
  readonly requestId: string;
  readonly currency: string;
  readonly amountMinor: bigint;
  readonly state: RefundState;
  /** Returns a second charge, which the payment's amounts do not count. */
  readonly surplus: boolean;
  readonly reason: string;
  readonly provider: string;
  readonly chargeNumber: string;
  /** Of the refund itself; empty until the provider has paid it back. */
  readonly providerNumber: string;
  readonly createdMs: number;
  readonly updatedMs: number;
}

/** The next version of a payment, in the same state or in one that the table allows. */
export function nextVersion(
  payment: Payment,
  nowMs: number,
  change: Partial<Omit<Payment, 'orderId' | 'part' | 'version' | 'updatedMs'>>,
): Payment {
  const state = change.state ?? payment.state;
  assert(
    state === payment.state || NEXT_STATES[payment.state].includes(state),
    `${paymentIdOf(payment)} cannot go from ${payment.state} to ${state}`,
  );
  return { ...payment, ...change, version: payment.version + 1, updatedMs: nowMs };
}

/** Whether the provider may still have something to say about the attempt. */
export function open(attempt: Attempt): boolean {
  return ['PENDING', 'INITIALISED', 'PROCESSING', 'TIMED_OUT'].includes(attempt.state);
}
