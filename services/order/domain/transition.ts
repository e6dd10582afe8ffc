// Decides what an event does to an order. The table says which changes exist and who may make them;
// decide() adds the rules that need more than the two states. Nothing here writes anything.
//
// Order of the checks, which is part of the contract:
// 1. idempotency: an event whose result already stands is UNCHANGED, whatever version it expects
// 2. the expected version
// 3. the table

import type { EffectKind } from './effects.js';
import type { Operator, Order, OrderState, OrderTransition } from './order.js';
import { orderSteps } from './order-types.js';

/** Who may take an order from one state to another. What is not listed does not exist. */
export const transitionTable: Readonly<
  Record<OrderState, Readonly<Partial<Record<OrderState, readonly Operator[]>>>>
> = {
  PENDING_PAYMENT: { PAID: ['payment'], CANCELLED: ['user', 'operator', 'deadline'] },
  PAID: {
    SHIPPED: ['operator'],
    DELIVERED: ['operator'],
    CANCELLED: ['user', 'operator', 'payment'],
  },
  // To itself: the carrier or the tracking number is corrected.
  SHIPPED: { SHIPPED: ['operator'], DELIVERED: ['operator'], CANCELLED: ['operator'] },
  DELIVERED: { COMPLETED: ['operator'] },
  COMPLETED: {},
  CANCELLED: {},
};

export type OrderEvent =
  /**
   * For an unpaid order only after its payment has been barred from being captured: `paymentBarred`
   * says so, and without it a pending order stays as it is.
   */
  | {
      readonly kind: 'CANCEL';
      readonly operator: 'user' | 'operator' | 'deadline';
      readonly remark: string;
      readonly paymentBarred: boolean;
      readonly expectedVersion: number;
    }
  | {
      readonly kind: 'SHIP';
      readonly carrier: string;
      readonly trackingNumber: string;
      readonly expectedVersion: number;
    }
  | { readonly kind: 'DELIVER'; readonly expectedVersion: number }
  | { readonly kind: 'COMPLETE'; readonly expectedVersion: number }
  /** The payment is captured in full. */
  | { readonly kind: 'CAPTURED'; readonly currency: string; readonly amountMinor: bigint }
  /** All that was captured has been refunded. */
  | { readonly kind: 'REFUNDED' };

export interface Change {
  readonly outcome: 'CHANGED';
  readonly to: OrderState;
  readonly operator: Operator;
  readonly remark: string;
  readonly carrier?: string;
  readonly trackingNumber?: string;
  readonly effects: readonly EffectKind[];
}

export type Decision =
  | Change
  /** The order is already as the event wants it. */
  | { readonly outcome: 'UNCHANGED' }
  | { readonly outcome: 'TRANSITION_ILLEGAL'; readonly to: OrderState }
  | { readonly outcome: 'VERSION_MISMATCH' }
  /** Money came in for an order that was given up unpaid: it must go back. */
  | { readonly outcome: 'REFUND' }
  /** The amount or currency is not the order's. */
  | { readonly outcome: 'MISMATCH' };

const UNCHANGED: Decision = { outcome: 'UNCHANGED' };

export function decide(order: Order, event: OrderEvent): Decision {
  switch (event.kind) {
    case 'CAPTURED':
      return decideCaptured(order, event.currency, event.amountMinor);
    case 'REFUNDED':
      if (order.state !== 'PAID') return UNCHANGED;
      return change(order, 'CANCELLED', 'payment', 'the payment was refunded');
    case 'CANCEL':
      return decideCancel(order, event);
    case 'SHIP':
      return decideShip(order, event);
    case 'DELIVER':
      return advance(order, 'DELIVERED', event.expectedVersion);
    case 'COMPLETE':
      return advance(order, 'COMPLETED', event.expectedVersion);
  }
}

/** The order after a change at the given time of its database. */
export function applyChange(order: Order, made: Change, atMs: number): Order {
  const version = order.version + 1;
  const { to, operator, remark } = made;
  const transition: OrderTransition = { version, from: order.state, to, operator, remark, atMs };
  return {
    ...order,
    state: to,
    version,
    updatedMs: atMs,
    paidMs: to === 'PAID' ? atMs : order.paidMs,
    carrier: made.carrier ?? order.carrier,
    trackingNumber: made.trackingNumber ?? order.trackingNumber,
    transitions: [...order.transitions, transition],
  };
}

function decideCaptured(order: Order, currency: string, amountMinor: bigint): Decision {
  if (order.state === 'CANCELLED' && order.paidMs === undefined) return { outcome: 'REFUND' };
  if (order.currency !== currency || order.payableMinor !== amountMinor) {
    return { outcome: 'MISMATCH' };
  }
  if (order.state !== 'PENDING_PAYMENT') return UNCHANGED;
  return change(order, 'PAID', 'payment', '');
}

function decideCancel(order: Order, event: OrderEvent & { kind: 'CANCEL' }): Decision {
  if (order.state === 'CANCELLED') return UNCHANGED;
  if (stale(order, event.expectedVersion)) return { outcome: 'VERSION_MISMATCH' };
  if (order.state === 'PENDING_PAYMENT' && !event.paymentBarred) {
    return { outcome: 'TRANSITION_ILLEGAL', to: 'CANCELLED' };
  }
  return change(order, 'CANCELLED', event.operator, event.remark);
}

function decideShip(order: Order, event: OrderEvent & { kind: 'SHIP' }): Decision {
  const { carrier, trackingNumber } = event;
  const same = order.carrier === carrier && order.trackingNumber === trackingNumber;
  if (order.state === 'SHIPPED' && same) return UNCHANGED;
  // A late retry with an older number must not overwrite a newer one: it expects an older version.
  if (stale(order, event.expectedVersion)) return { outcome: 'VERSION_MISMATCH' };
  // And one that expects none could be such a retry, so a correction has to say what it corrects.
  if (order.state === 'SHIPPED' && event.expectedVersion === 0) {
    return { outcome: 'TRANSITION_ILLEGAL', to: 'SHIPPED' };
  }
  const made = change(order, 'SHIPPED', 'operator', `${carrier} ${trackingNumber}`);
  return made.outcome === 'CHANGED' ? { ...made, carrier, trackingNumber } : made;
}

function advance(order: Order, to: OrderState, expectedVersion: number): Decision {
  if (order.state === to) return UNCHANGED;
  if (stale(order, expectedVersion)) return { outcome: 'VERSION_MISMATCH' };
  return change(order, to, 'operator', '');
}

function change(order: Order, to: OrderState, operator: Operator, remark: string): Decision {
  const allowed = transitionTable[order.state][to]?.includes(operator) ?? false;
  if (!allowed || skipsShipping(order, to)) return { outcome: 'TRANSITION_ILLEGAL', to };
  return { outcome: 'CHANGED', to, operator, remark, effects: effectsOf(order, to, operator) };
}

// Goods that ship are delivered from a carrier's hands, and nothing else ever gets there.
function skipsShipping(order: Order, to: OrderState): boolean {
  const { ships } = orderSteps[order.type];
  if (to === 'SHIPPED') return !ships;
  return to === 'DELIVERED' && order.state === 'PAID' && ships;
}

// What the rest of the mesh must do about it. Goods that have shipped are away: their units are not
// put back on sale when the order is cancelled.
function effectsOf(order: Order, to: OrderState, operator: Operator): EffectKind[] {
  const { takesStock } = orderSteps[order.type];
  const effects: EffectKind[] = [];
  if (to === 'PAID' && takesStock) effects.push('order.paid');
  if (to !== 'CANCELLED') return effects;
  if (order.state === 'PENDING_PAYMENT' && takesStock) effects.push('stock.release');
  if (order.state === 'PAID' && takesStock) effects.push('stock.return');
  const owesMoney = order.state !== 'PENDING_PAYMENT' && operator !== 'payment';
  if (owesMoney && order.payableMinor > 0n) effects.push('payment.refund');
  return effects;
}

function stale(order: Order, expectedVersion: number): boolean {
  return expectedVersion !== 0 && expectedVersion !== order.version;
}
