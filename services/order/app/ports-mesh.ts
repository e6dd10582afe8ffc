// The neighbours of the order service as its use cases see them: inventory and payment.

import type { KnownIds } from '../../platform/known-ids.js';
import type { Span, Traced } from '../../platform/telemetry/trace-context.js';
import type { PaymentPart } from '../domain/presale-terms.js';

export interface ReserveRequest extends Traced {
  readonly reservationId: string;
  readonly orderId: bigint;
  readonly userId: string;
  readonly lines: readonly {
    readonly skuId: string;
    readonly quantity: number;
    readonly userLimit: number;
  }[];
}

export type ReserveResult =
  /** Held under the order id that was sent. */
  | { readonly outcome: 'RESERVED'; readonly orderId: bigint }
  /** Held by an earlier copy of the request under the order id of that copy. */
  | { readonly outcome: 'DUPLICATE'; readonly orderId: bigint }
  | { readonly outcome: 'SOLD_OUT'; readonly skuId: string; readonly available: bigint }
  | { readonly outcome: 'USER_LIMIT'; readonly skuId: string }
  | { readonly outcome: 'SKU_UNKNOWN'; readonly skuId: string }
  | { readonly outcome: 'CLOSED' }
  | { readonly outcome: 'REQUEST_ID_REUSED' }
  | { readonly outcome: 'UNKNOWN' }
  | { readonly outcome: 'OVERLOADED' };

export interface ReservationRef extends Traced {
  readonly reservationId: string;
  readonly skuIds: readonly string[];
  readonly orderId: string;
}

export type CloseOutcome =
  | 'DONE'
  | 'RESERVATION_UNKNOWN'
  | 'RESERVATION_CLOSED'
  | 'RESERVATION_CONFIRMED'
  | 'RETURN_REFUSED'
  | 'UNKNOWN';

/** Some units of a reservation that come back, once under their id. */
export interface LinesReturn {
  readonly reservation: ReservationRef;
  readonly returnId: string;
  readonly lines: readonly { readonly skuId: string; readonly quantity: number }[];
}

/** The inventory service. Calls of many orders travel together. */
export interface Stock {
  reserve(request: ReserveRequest, deadlineMs: number): Promise<ReserveResult>;
  confirm(reservation: ReservationRef, deadlineMs: number): Promise<CloseOutcome>;
  release(reservation: ReservationRef, deadlineMs: number): Promise<CloseOutcome>;
  giveBack(reservation: ReservationRef, deadlineMs: number): Promise<CloseOutcome>;
  giveLinesBack(back: LinesReturn, deadlineMs: number): Promise<CloseOutcome>;
}

/** What inventory tells of a SKU at one moment. */
export interface SoldOutSight {
  /** When the stock was read, or earlier, on our monotonic clock. */
  readonly readMs: number;
  /**
   * Nothing is available, and nobody was granted a unit but these reservation ids (and some that
   * only look like them). Undefined when inventory must be asked.
   */
  readonly granted: KnownIds | undefined;
}

export interface SoldOutSource {
  /** Tells of a SKU until the signal aborts, or for a minute or so. Throws when it breaks. */
  follow(skuId: string, signal: AbortSignal): AsyncIterable<SoldOutSight>;
}

export interface PaymentIntent extends Traced {
  readonly orderId: string;
  readonly part: PaymentPart;
  readonly userId: string;
  readonly currency: string;
  readonly amountMinor: bigint;
  /** It cannot be started earlier; left out, it can at once. */
  readonly opensMs?: number | undefined;
  readonly deadlineMs: number;
}

export type BarOutcome = 'BARRED' | 'IN_PROGRESS' | 'CAPTURED' | 'UNKNOWN';

export interface RefundOrder extends Traced {
  readonly paymentId: string;
  readonly requestId: string;
  readonly currency: string;
  readonly amountMinor: bigint;
}

export type RefundOutcome = 'DONE' | 'UNKNOWN' | { readonly refused: string };

/** The payment service. Intents and cancels of many orders travel together. */
export interface Payments {
  intend(intent: PaymentIntent, deadlineMs: number): Promise<'CREATED' | 'REUSED' | 'UNKNOWN'>;
  /** What is captured of a payment and not paid back; nothing of one that does not exist. */
  keptMinor(paymentId: string, deadlineMs: number): Promise<bigint>;
  /** Makes sure that a payment cannot be captured any more. */
  bar(paymentId: string, deadlineMs: number, span?: Span): Promise<BarOutcome>;
  /**
   * Pays back what is captured and not yet refunded, at most the given amount, once under its id
   * within the payment.
   */
  refund(refund: RefundOrder, deadlineMs: number): Promise<RefundOutcome>;
}
