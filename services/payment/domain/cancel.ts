// Giving a payment up before any capture can begin. Once an attempt is at the provider only the
// provider can end it. An id that no payment has gets a tombstone, so that a payment created late under
// it is barred from the start.

import { nextVersion, type Payment } from './payment.js';
import type { Decision, PaymentFile } from './payment-file.js';
import type { PaymentKey } from './payment-id.js';

export type CancelResult =
  | { outcome: 'CANCELLED' | 'IN_PROGRESS' | 'CAPTURED'; payment: Payment }
  | { outcome: 'PAYMENT_UNKNOWN' };

export function cancelPayment(
  file: PaymentFile | undefined,
  nowMs: number,
): Decision<CancelResult> {
  if (file === undefined) return { result: { outcome: 'PAYMENT_UNKNOWN' } };
  const { payment } = file;
  switch (payment.state) {
    case 'CANCELLED':
      return { result: { outcome: 'CANCELLED', payment } };
    case 'SUCCEEDED':
      return { result: { outcome: 'CAPTURED', payment } };
    case 'PENDING':
    case 'INITIALISED':
    case 'PROCESSING':
      return { result: { outcome: 'IN_PROGRESS', payment } };
    case 'NOT_STARTED':
    case 'FAILED':
    case 'TIMED_OUT': {
      const next = nextVersion(payment, nowMs, { state: 'CANCELLED' });
      const change = { payment: next, cause: 'cancel' };
      return { result: { outcome: 'CANCELLED', payment: next }, change };
    }
  }
}

export function cancelOrBar(
  key: PaymentKey,
  file: PaymentFile | undefined,
  nowMs: number,
): Decision<CancelResult> {
  if (file !== undefined) return cancelPayment(file, nowMs);
  const payment = tombstoneOf(key, nowMs);
  const change = { payment, cause: 'cancel before create' };
  return { result: { outcome: 'CANCELLED', payment }, change };
}

function tombstoneOf({ orderId, part }: PaymentKey, nowMs: number): Payment {
  return {
    orderId,
    part,
    userId: '',
    state: 'CANCELLED',
    version: 1,
    currency: '',
    amountMinor: 0n,
    capturedMinor: 0n,
    refundedMinor: 0n,
    providerNumber: '',
    attemptNo: 0,
    dueMs: undefined,
    opensMs: undefined,
    deadlineMs: nowMs,
    createdMs: nowMs,
    updatedMs: nowMs,
  };
}
