// What the use cases need from outside, in their own words. Adapters live in infra/; each port's
// promises are written here and held by a contract or an integration test.

import type { KnownIds } from '../../platform/known-ids.js';
import type { Span, Traced } from '../../platform/telemetry/trace-context.js';
import type { NewOffer, Offer } from '../domain/offer.js';
import type { Order, OrderLine, OrderState } from '../domain/order.js';
import type { OrderDetails } from '../domain/order-details.js';
import type { OrderType } from '../domain/order-types.js';
import type { PaymentPart, PresaleTerms } from '../domain/presale-terms.js';
import type { NewTrackingEvent } from '../domain/tracking.js';
import type { OrderEvent } from '../domain/transition.js';

/** An order that wants to be committed. Its times come from the clock of its database. */
export interface NewOrder extends Traced {
  readonly orderId: bigint;
  readonly userId: string;
  readonly requestId: string;
  readonly fingerprint: string;
  readonly type: OrderType;
  readonly details: OrderDetails | undefined;
  readonly currency: string;
  readonly totalMinor: bigint;
  readonly discountMinor: bigint;
  readonly payableMinor: bigint;
  readonly presale: PresaleTerms | undefined;
  readonly paymentWindowMs: number;
  readonly lines: readonly OrderLine[];
  /** No other copy of the request can have committed before, as far as is known: insert blindly. */
  readonly fresh: boolean;
  /** Payment has its intent already, so that none is stored beside it. */
  readonly intended?: boolean;
}

export type CommitResult =
  | { readonly outcome: 'COMMITTED'; readonly order: Order }
  /** An earlier copy of the request was first; this is its order as it now is. */
  | { readonly outcome: 'EXISTING'; readonly order: Order }
  /** The request id was used before with another body. */
  | { readonly outcome: 'REQUEST_ID_REUSED' }
  /** A tombstone bars the order id: the reservation was given up. */
  | { readonly outcome: 'REQUEST_CLOSED' };

export type ChangeResult =
  | { readonly outcome: 'CHANGED'; readonly order: Order }
  | { readonly outcome: 'UNCHANGED'; readonly order: Order }
  | { readonly outcome: 'ORDER_UNKNOWN' }
  | { readonly outcome: 'TRANSITION_ILLEGAL'; readonly order: Order; readonly to: OrderState }
  | { readonly outcome: 'VERSION_MISMATCH'; readonly order: Order }
  | { readonly outcome: 'REQUEST_ID_REUSED' }
  | { readonly outcome: 'LINE_UNKNOWN'; readonly skuId: string }
  | { readonly outcome: 'REFUND_EXCEEDS_CAPTURED'; readonly skuId: string }
  | { readonly outcome: 'REFUND' }
  | { readonly outcome: 'MISMATCH' };

export interface OrderFate {
  readonly fate: 'PENDING' | 'PAID' | 'CANCELLED' | 'RETURNED';
  /** Of a pending order: until when the payment that it waits for may be made. */
  readonly paymentDeadlineMs?: number;
}

interface OrderPage {
  /** Only orders older than this one. */
  readonly beforeId: bigint | undefined;
  readonly limit: number;
}

export interface UserOrdersQuery extends OrderPage {
  readonly userId: string;
  readonly state: OrderState | undefined;
}

/** Of all users. */
export interface StateOrdersQuery extends OrderPage {
  readonly userId: undefined;
  readonly state: OrderState;
}

export type OrderQuery = UserOrdersQuery | StateOrdersQuery;

/**
 * Holds orders. Whatever it answers is durable. Every write may be repeated: the same commit or
 * event again gives the same result. Deadlines are absolute; a write that has started is seen
 * through to a known outcome as far as its own bounds allow.
 */
export interface OrderStore {
  commit(order: NewOrder, deadlineMs: number): Promise<CommitResult>;
  /** Without transitions. */
  findByRequest(userId: string, requestId: string, deadlineMs: number): Promise<Order | undefined>;
  read(orderId: bigint, deadlineMs: number): Promise<Order | undefined>;
  /** Newest first, without transitions: of a user from one shard, of a state from all of them. */
  list(query: OrderQuery, deadlineMs: number): Promise<Order[]>;
  change(
    orderId: bigint,
    event: OrderEvent,
    deadlineMs: number,
    span?: Span,
  ): Promise<ChangeResult>;
  /** One fate per id. An id that no order has is barred first, so that none can commit under it. */
  resolve(orderIds: readonly bigint[], deadlineMs: number): Promise<OrderFate[]>;
  readonly dueQueues: readonly DueQueue[];
}

export type TrackResult =
  | { readonly outcome: 'ADDED'; readonly order: Order }
  /** The same event was there before. */
  | { readonly outcome: 'EXISTING'; readonly order: Order }
  | TrackRefusal;

export interface TrackRefusal {
  readonly outcome: 'ORDER_UNKNOWN' | 'NOT_SHIPPED' | 'TRACKING_FULL' | 'REQUEST_ID_REUSED';
}

/** Keeps what carriers tell of orders; the same event again is EXISTING. */
export interface TrackingStore {
  track(orderId: bigint, event: NewTrackingEvent, deadlineMs: number): Promise<TrackResult>;
}

/** An order whose time to pay is over, and the payment that it waits for. */
export interface DueOrder {
  readonly orderId: bigint;
  readonly awaited: PaymentPart;
}

/** The unpaid orders of one server whose deadline has passed, by the clock of that server. */
export interface DueQueue {
  readonly name: string;
  /**
   * Takes up to `limit` orders that nobody else gets to see again for `leaseMs`: half of them those
   * that are due the longest, half those that have just become due.
   */
  claim(limit: number, leaseMs: number, deadlineMs: number): Promise<DueOrder[]>;
}

export interface OfferStore {
  /** Creates or changes; answers the offer as it now is. */
  put(offer: NewOffer, deadlineMs: number): Promise<Offer>;
  /** One entry per SKU, undefined where there is none. */
  read(skuIds: readonly string[], deadlineMs: number): Promise<(Offer | undefined)[]>;
}

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

/** An effect as it is stored with the change that caused it. */
export interface EffectEvent extends Traced {
  readonly shard: number;
  readonly aggregateId: string;
  readonly version: number;
  readonly kind: string;
  readonly payload: unknown;
}

/** What has become of one delivery; anything but DONE stays stored. */
export type EffectDelivery = 'DONE' | 'RETRY' | { park: string };

/** The names under which things are found again. Pure, but for the order ids. */
export interface OrderKeys {
  /** A new id that carries the shard of its user. */
  newOrderId(userId: string): bigint;
  shardOf(orderId: bigint): number;
  /** Undefined for text that is no order id, under which no order can ever be. */
  parseOrderId(text: string): bigint | undefined;
  reservationId(userId: string, requestId: string): string;
  digest(parts: readonly string[]): string;
}
