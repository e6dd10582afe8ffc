// Creating a payment intent: at most one per order. The store inserts blindly and compares only what
// it finds in its way.

import type { Payment } from './payment.js';

export interface NewPayment {
  readonly orderId: bigint;
  readonly userId: string;
  readonly currency: string;
  readonly amountMinor: bigint;
  readonly deadlineMs: number;
}

export type CreateOutcome = 'CREATED' | 'REUSED' | 'UNKNOWN';

/** What to say about an item whose order has a payment already. A tombstone bars it: it exists. */
export function compareIntent(existing: Payment, wanted: NewPayment): 'CREATED' | 'REUSED' {
  if (tombstone(existing)) return 'CREATED';
  return existing.amountMinor === wanted.amountMinor &&
    existing.currency === wanted.currency &&
    existing.userId === wanted.userId
    ? 'CREATED'
    : 'REUSED';
}

export function tombstone(payment: Payment): boolean {
  return payment.userId === '';
}
