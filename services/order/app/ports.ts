// What the use cases need from outside, in their own words. Adapters live in infra/; each port's
// promises are written here and held by a contract or an integration test.

import type { Span, Traced } from '../../platform/telemetry/trace-context.js';
import type { NewOffer, Offer } from '../domain/offer.js';
import type { Order, OrderLine, OrderState } from '../domain/order.js';
import type { OrderDetails } from '../domain/order-details.js';
import type { OrderType } from '../domain/order-types.js';
import type { PaymentPart, PresaleTerms } from '../domain/presale-terms.js';
import type { NewTrackingEvent } from '../domain/tracking.js';
import type { OrderEvent } from '../domain/transition.js';

export type * from './ports-mesh.js';

/**
 * An order that wants to be committed. Its times come from the clock of its database. What a later step
 * adds is set in place: a copy of so many fields costs more than the step's own work.
 */
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
  intended?: boolean;
  span?: Span | undefined;
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
  /** Whether the page may be as old as a replica is behind. */
  readonly mayBeStale?: boolean;
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
  /**
   * As it is when the call arrives. Whoever names a version may be answered from a replica, with that
   * version or a later one.
   */
  read(orderId: bigint, deadlineMs: number, atLeastVersion?: number): Promise<Order | undefined>;
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
