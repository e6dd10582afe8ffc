// The order itself: what is stored of it and what anybody may see.
//
// PENDING_PAYMENT  acknowledged; its units are held until the payment deadline
// PAID             the money is captured; the units are sold
// SHIPPED          in a carrier's hands
// DELIVERED        received by the buyer
// COMPLETED        closed; final
// CANCELLED        given up; units are back on sale and money is returned; final
//
// Invariant: `version` is the number of transitions, and transition n is the one that made version
// n, so a reader of the newest version can tell what every earlier one looked like.

import type { OrderType } from './order-types.js';

export type OrderState =
  | 'PENDING_PAYMENT'
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

export interface Order {
  readonly orderId: bigint;
  readonly userId: string;
  readonly requestId: string;
  /** Of the request that placed it, see request.ts. */
  readonly fingerprint: string;
  readonly type: OrderType;
  readonly state: OrderState;
  readonly version: number;
  readonly currency: string;
  readonly totalMinor: bigint;
  readonly discountMinor: bigint;
  readonly payableMinor: bigint;
  readonly paymentDeadlineMs: number;
  /** When the capture was recorded; kept when the order is cancelled later. */
  readonly paidMs: number | undefined;
  readonly carrier: string | undefined;
  readonly trackingNumber: string | undefined;
  readonly createdMs: number;
  readonly updatedMs: number;
  readonly lines: readonly OrderLine[];
  /** Oldest first. Empty where a reader did not ask for them. */
  readonly transitions: readonly OrderTransition[];
}

/** The payment of an order derives from it, so that everybody finds it without asking. */
export function paymentIdOf(orderId: bigint | string): string {
  return `p-${orderId}`;
}

/** The order as its reader would have seen it at an earlier version. Needs its transitions. */
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
    transitions,
  };
}

export function isFinal(state: OrderState): boolean {
  return state === 'COMPLETED' || state === 'CANCELLED';
}
