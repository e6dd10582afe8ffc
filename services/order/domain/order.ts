// The order itself: what is stored of it and what anybody may see.
//
// PENDING_PAYMENT  acknowledged; its units are held until the payment deadline
// DEPOSIT_PAID     of a presale: the deposit is captured; its units are held until the balance is due
// PAID             the money is captured; the units are sold
// SHIPPED          in a carrier's hands
// DELIVERED        received by the buyer
// COMPLETED        closed; final
// CANCELLED        given up; units are back on sale and money is returned, but for a deposit that the
//                  terms of its presale do not return; final
//
// Invariant: `version` is the number of transitions, and transition n is the one that made version
// n, so a reader of the newest version can tell what every earlier one looked like.

import type { Attributes } from './offer.js';
import type { OrderDetails } from './order-details.js';
import type { OrderType } from './order-types.js';
import type { PaymentPart, PresaleTerms } from './presale-terms.js';

export type OrderState =
  | 'PENDING_PAYMENT'
  | 'DEPOSIT_PAID'
  | 'PAID'
  | 'SHIPPED'
  | 'DELIVERED'
  | 'COMPLETED'
  | 'CANCELLED';

/** Who changes an order: its buyer, the shop's staff, the news of a payment, or the clock. */
export type Operator = 'user' | 'operator' | 'payment' | 'deadline';

export interface OrderLine {
  readonly skuId: string;
  readonly title: string;
  readonly quantity: number;
  readonly unitPriceMinor: bigint;
  /** Of the offer when the order was placed, as the title is. */
  readonly attributes: Attributes;
  /** Names the snapshot that holds title, price and attributes; empty for orders older than those. */
  readonly snapshotHash: string;
}

export interface OrderTransition {
  readonly version: number;
  /** Undefined for the creation. */
  readonly from: OrderState | undefined;
  readonly to: OrderState;
  readonly operator: Operator;
  readonly remark: string;
  readonly atMs: number;
}

/** What a carrier tells of an order on its way. */
export interface TrackingEvent {
  /** Chosen by the caller and kept for every retry; unique within the order. */
  readonly requestId: string;
  /** The carrier's word. */
  readonly status: string;
  readonly place: string;
  readonly text: string;
  /** When it happened. */
  readonly atMs: number;
}

/** Units of some lines that were refunded together, see line-refund.ts. */
export interface LineRefund {
  /** Chosen by the caller and kept for every retry; unique within the order. */
  readonly requestId: string;
  readonly lines: readonly RefundedLine[];
  /** Whether its units went back on sale: they do until the goods are away. */
  readonly unitsReturned: boolean;
  readonly reason: string;
  /** Of the order: the one that it made. */
  readonly version: number;
  readonly atMs: number;
}

export interface RefundedLine {
  readonly skuId: string;
  readonly quantity: number;
  readonly amountMinor: bigint;
}

export interface Order {
  readonly orderId: bigint;
  readonly userId: string;
  readonly requestId: string;
  /** Of the request that placed it, see request.ts. */
  readonly fingerprint: string;
  readonly type: OrderType;
  readonly details: OrderDetails | undefined;
  readonly state: OrderState;
  readonly version: number;
  readonly currency: string;
  readonly totalMinor: bigint;
  readonly discountMinor: bigint;
  readonly payableMinor: bigint;
  /** Under which it is paid in two parts; undefined when it is paid at once. */
  readonly presale: PresaleTerms | undefined;
  readonly paymentDeadlineMs: number;
  /** When all of it was captured, as recorded; kept when the order is cancelled later. */
  readonly paidMs: number | undefined;
  readonly carrier: string | undefined;
  readonly trackingNumber: string | undefined;
  readonly createdMs: number;
  readonly updatedMs: number;
  readonly lines: readonly OrderLine[];
  /** Oldest first. Empty where a reader did not ask for them. */
  readonly transitions: readonly OrderTransition[];
  /** By the time they happened. Read with the transitions. */
  readonly tracking: readonly TrackingEvent[];
  /** Oldest first. */
  readonly refunds: readonly LineRefund[];
}

/** The payments of an order derive from it, so that everybody finds them without asking. */
export function paymentIdOf(orderId: bigint | string, part: PaymentPart): string {
  return part === 'FIRST' ? `p-${orderId}` : `p-${orderId}-balance`;
}

/**
 * The order as its reader would have seen it at an earlier version. Needs its transitions. A carrier
 * or tracking number that was corrected since is told as it is now: what stood there was wrong.
 */
export function orderAt(order: Order, version: number): Order {
  const transitions = order.transitions.filter((transition) => transition.version <= version);
  const last = transitions.at(-1);
  if (!last || version >= order.version) return order;
  const shipped = transitions.some((transition) => transition.to === 'SHIPPED');
  const paid = transitions.some((transition) => transition.to === 'PAID');
  return {
    ...order,
    state: last.to,
    version: last.version,
    updatedMs: last.atMs,
    paidMs: paid ? order.paidMs : undefined,
    carrier: shipped ? order.carrier : undefined,
    trackingNumber: shipped ? order.trackingNumber : undefined,
    tracking: shipped ? order.tracking : [],
    refunds: order.refunds.filter((refund) => refund.version <= version),
    transitions,
  };
}

export function isFinal(state: OrderState): boolean {
  return state === 'COMPLETED' || state === 'CANCELLED';
}
