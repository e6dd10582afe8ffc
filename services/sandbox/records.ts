// What the provider's book is made of: charges, refunds, movements of money, the entries that the journal
// keeps, and the events that receivers are told.

export interface Money {
  readonly currency: string;
  readonly amount_minor: number;
}

export interface ChargeRequest {
  readonly key: string;
  readonly reference: string;
  readonly method: string;
  readonly amount: Money;
  readonly callback_url: string;
  /** The trace in which it was ordered; the callback carries it back. */
  readonly traceparent?: string | undefined;
}

export type ChargeStatus = 'initialised' | 'processing' | 'succeeded' | 'failed';

export interface Charge extends ChargeRequest {
  readonly number: string;
  /** What its creation was answered with, and every repetition of it. */
  readonly first: { readonly status: ChargeStatus; readonly redirect_url: string };
  readonly status: ChargeStatus;
  readonly refunded_minor: number;
  readonly created_ms: number;
  readonly settled_ms?: number;
  /** It fails whatever its method says. */
  readonly declined?: true;
}

export interface RefundRequest {
  readonly key: string;
  readonly charge: string;
  readonly amount: Money;
  readonly traceparent?: string | undefined;
}

export interface Refund extends RefundRequest {
  readonly number: string;
  readonly created_ms: number;
}

export type Entry =
  | { entry: 'charge'; charge: Charge }
  | { entry: 'settled'; number: string; status: 'succeeded' | 'failed'; at_ms: number }
  | { entry: 'refund'; refund: Refund }
  | { entry: 'taken'; number: string };

/** Money that has moved: one line of the statement. */
export interface Movement {
  readonly at_ms: number;
  readonly number: string;
  readonly kind: 'charge' | 'refund';
  readonly reference: string;
  readonly key: string;
  readonly currency: string;
  readonly amount_minor: number;
}

export interface LedgerEvent {
  readonly id: string;
  readonly type: 'charge.succeeded' | 'charge.failed' | 'refund.succeeded';
  readonly callbackUrl: string;
  /** When it happened, not when it is told. */
  readonly happened_ms: number;
  readonly traceparent?: string | undefined;
  /** How the charge was paid; receivers are not told. */
  readonly method: string;
  readonly data: {
    readonly number: string;
    readonly reference: string;
    readonly amount: Money;
    readonly idempotency_key: string;
  };
}
