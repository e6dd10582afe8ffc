// Creating a payment intent: at most one per order and part. The store inserts blindly and compares
// only what it finds in its way.

import type { Traced } from '../../platform/telemetry/trace-context.js';
import type { Payment } from './payment.js';
import type { PaymentKey } from './payment-id.js';

export interface NewPayment extends PaymentKey, Traced {
  readonly userId: string;
  readonly currency: string;
  readonly amountMinor: bigint;
  readonly opensMs: number | undefined;
  readonly deadlineMs: number;
}

export type CreateOutcome = 'CREATED' | 'REUSED' | 'UNKNOWN';

/** What to say about an item whose payment exists already. A tombstone bars it: it exists. */
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
