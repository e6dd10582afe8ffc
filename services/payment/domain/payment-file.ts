// Everything known about one order's payment, and the form of a decision on it. Rules are functions
// from a file to a decision; the store locks the file, applies the decision in memory for those that
// follow in the same batch, and writes all changes in one transaction.

import type { News } from './news.js';
import type { Attempt, Payment, Refund } from './payment.js';

export interface PaymentFile {
  readonly payment: Payment;
  readonly attempts: readonly Attempt[];
  readonly refunds: readonly Refund[];
}

export interface Change {
  /** The next version; the first one when there was no payment. */
  readonly payment?: Payment;
  /** New, or in place of those of the same number. */
  readonly attempts?: readonly Attempt[];
  /** New, or in place of those of the same id. */
  readonly refunds?: readonly Refund[];
  /** Told to others at least once, because it is written together with the change. */
  readonly news?: readonly News[];
  /** The provider's event that was applied, so that its second copy is known as one. */
  readonly event?: { readonly eventId: string; readonly kind: string };
  /** Why, for the log of transitions. ASCII, at most 160 characters. */
  readonly cause: string;
}

/** `change` is absent when the answer needs no write. */
export interface Decision<R> {
  readonly result: R;
  readonly change?: Change;
}

/** What a decision may look at besides the file. */
export interface Moment {
  /** By the clock of the database. */
  readonly nowMs: number;
  /** Whether the provider's event that asks for this decision was applied before. */
  readonly eventSeen: boolean;
}

export type Decide<R> = (file: PaymentFile | undefined, moment: Moment) => Decision<R>;

export function applyChange(
  file: PaymentFile | undefined,
  change: Change,
): PaymentFile | undefined {
  const payment = change.payment ?? file?.payment;
  if (payment === undefined) return undefined;
  return {
    payment,
    attempts: replaced(file?.attempts ?? [], change.attempts ?? [], (a) => a.attemptNo),
    refunds: replaced(file?.refunds ?? [], change.refunds ?? [], (r) => r.refundId),
  };
}

function replaced<T>(before: readonly T[], changed: readonly T[], keyOf: (item: T) => unknown) {
  if (changed.length === 0) return before;
  const keys = new Set(changed.map(keyOf));
  return [...before.filter((item) => !keys.has(keyOf(item))), ...changed];
}
