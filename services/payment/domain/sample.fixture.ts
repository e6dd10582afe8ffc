// For tests: a payment of 500 EUR cents in any state, with the attempts and amounts that fit the state.

import type { Attempt, AttemptState, Payment, PaymentState } from './payment.js';
import type { PaymentFile } from './payment-file.js';

export const DEADLINE_MS = 10_000;

export function paymentIn(state: PaymentState, more: Partial<Payment> = {}): Payment {
  const captured = state === 'SUCCEEDED';
  return {
    orderId: 7n,
    part: 'FIRST',
    userId: 'ann',
    state,
    version: 1,
    currency: 'EUR',
    amountMinor: 500n,
    capturedMinor: captured ? 500n : 0n,
    refundedMinor: 0n,
    providerNumber: captured ? 'ch_1' : '',
    attemptNo: state === 'NOT_STARTED' || state === 'CANCELLED' ? 0 : 1,
    dueMs: ['PENDING', 'INITIALISED', 'PROCESSING'].includes(state) ? 5_000 : undefined,
    opensMs: undefined,
    deadlineMs: DEADLINE_MS,
    createdMs: 1_000,
    updatedMs: 1_000,
    ...more,
  };
}

export function attemptIn(state: AttemptState, more: Partial<Attempt> = {}): Attempt {
  return {
    attemptNo: 1,
    requestId: 'start-1',
    provider: 'sandbox',
    method: 'card',
    state,
    providerNumber: state === 'PENDING' ? '' : 'ch_1',
    redirectUrl: '',
    createdMs: 1_000,
    ...more,
  };
}

export function fileIn(state: PaymentState, more: Partial<Payment> = {}): PaymentFile {
  const payment = paymentIn(state, more);
  const begun = payment.attemptNo > 0 && state !== 'NOT_STARTED' && state !== 'CANCELLED';
  return { payment, attempts: begun ? [attemptIn(state)] : [], refunds: [] };
}
