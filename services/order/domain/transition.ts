// Decides what an event does to an order. The table says which changes exist and who may make them;
// decide() adds the rules that need more than the two states. Nothing here writes anything.
//
// Order of the checks, which is part of the contract:
// 1. idempotency: an event whose result already stands is UNCHANGED, whatever version it expects
// 2. the expected version
// 3. the table

import { type EffectKind, effectsOf } from './effects.js';
import { amountOf, type LineQuantity, priceRefund, sameRefund } from './line-refund.js';
import type { LineRefund, Operator, Order, OrderState, OrderTransition } from './order.js';
import { orderSteps } from './order-types.js';
import { awaitedPart, depositPaidMs, partMinor, splitRefund } from './presale.js';
import type { PaymentPart } from './presale-terms.js';

/** Who may take an order from one state to another. What is not listed does not exist. */
export const transitionTable: Readonly<
  Record<OrderState, Readonly<Partial<Record<OrderState, readonly Operator[]>>>>
> = {
  PENDING_PAYMENT: {
    DEPOSIT_PAID: ['payment'],
    PAID: ['payment'],
    CANCELLED: ['user', 'operator', 'deadline'],
  },
  DEPOSIT_PAID: { PAID: ['payment'], CANCELLED: ['user', 'operator', 'deadline', 'payment'] },
  // PAID, SHIPPED and DELIVERED to themselves: units of some lines are refunded.
  PAID: {
    PAID: ['operator'],
    SHIPPED: ['operator'],
    DELIVERED: ['operator'],
    CANCELLED: ['user', 'operator', 'payment'],
  },
  // To itself also: the carrier or the tracking number is corrected.
  SHIPPED: { SHIPPED: ['operator'], DELIVERED: ['operator'], CANCELLED: ['operator'] },
  DELIVERED: { DELIVERED: ['operator'], COMPLETED: ['operator'] },
  COMPLETED: {},
  CANCELLED: {},
};

export type OrderEvent =
  /**
   * For an order that waits for a payment only after that payment has been barred from being
   * captured: `barred` says so, and without it the order stays as it is.
   */
  | {
      readonly kind: 'CANCEL';
      readonly operator: 'user' | 'operator' | 'deadline';
      readonly remark: string;
      readonly barred: PaymentPart | undefined;
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
  /** Each SKU stands in the lines once. */
  | {
      readonly kind: 'REFUND_LINES';
      readonly requestId: string;
      readonly lines: readonly LineQuantity[];
      readonly reason: string;
      readonly expectedVersion: number;
    }
  /** A payment is captured in full. */
  | {
      readonly kind: 'CAPTURED';
      readonly part: PaymentPart;
      readonly currency: string;
      readonly amountMinor: bigint;
    }
  /** All that was captured of the order has been refunded. */
  | { readonly kind: 'REFUNDED' };

export interface Change {
  readonly outcome: 'CHANGED';
  readonly to: OrderState;
  readonly operator: Operator;
  readonly remark: string;
  readonly carrier?: string;
  readonly trackingNumber?: string;
  readonly refund?: Omit<LineRefund, 'version' | 'atMs'>;
  readonly effects: readonly EffectKind[];
}

export type Decision =
  | Change
  /** The order is already as the event wants it. */
  | { readonly outcome: 'UNCHANGED' }
  | { readonly outcome: 'TRANSITION_ILLEGAL'; readonly to: OrderState }
  | { readonly outcome: 'VERSION_MISMATCH' }
  /** The request id was used for another refund of this order. */
  | { readonly outcome: 'REQUEST_ID_REUSED' }
  /** The order has no such line, or too few units are left of it. */
  | { readonly outcome: 'LINE_UNKNOWN'; readonly skuId: string }
  | { readonly outcome: 'REFUND_EXCEEDS_CAPTURED'; readonly skuId: string }
  /** Money came in for an order that was given up unpaid: it must go back. */
  | { readonly outcome: 'REFUND' }
  /** The amount or currency is not the order's. */
  | { readonly outcome: 'MISMATCH' };

const UNCHANGED: Decision = { outcome: 'UNCHANGED' };

export function decide(order: Order, event: OrderEvent): Decision {
  switch (event.kind) {
    case 'CAPTURED':
      return decideCaptured(order, event);
    case 'REFUNDED':
      if (order.state !== 'PAID' && order.state !== 'DEPOSIT_PAID') return UNCHANGED;
      return change(order, 'CANCELLED', 'payment', 'the payment was refunded');
    case 'CANCEL':
      return decideCancel(order, event);
    case 'REFUND_LINES':
      return decideRefundLines(order, event);
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
    paidMs: to === 'PAID' ? (order.paidMs ?? atMs) : order.paidMs,
    carrier: made.carrier ?? order.carrier,
    trackingNumber: made.trackingNumber ?? order.trackingNumber,
    transitions: [...order.transitions, transition],
    refunds: made.refund ? [...order.refunds, { ...made.refund, version, atMs }] : order.refunds,
  };
}

function decideCaptured(order: Order, event: OrderEvent & { kind: 'CAPTURED' }): Decision {
  const { part, currency, amountMinor } = event;
  const dueMinor = partMinor(order, part);
  if (dueMinor === undefined) return { outcome: 'MISMATCH' };
  const recorded = hasCaptured(order, part);
  if (order.state === 'CANCELLED' && !recorded) return { outcome: 'REFUND' };
  if (order.currency !== currency || dueMinor !== amountMinor) return { outcome: 'MISMATCH' };
  if (recorded) return UNCHANGED;
  // There is no balance to pay before the deposit is.
  if (awaitedPart(order) !== part) return { outcome: 'MISMATCH' };
  return change(order, order.presale && part === 'FIRST' ? 'DEPOSIT_PAID' : 'PAID', 'payment', '');
}

function hasCaptured(order: Order, part: PaymentPart): boolean {
  if (order.presale && part === 'FIRST') return depositPaidMs(order) !== undefined;
  return order.paidMs !== undefined;
}

function decideCancel(order: Order, event: OrderEvent & { kind: 'CANCEL' }): Decision {
  if (order.state === 'CANCELLED') return UNCHANGED;
  if (stale(order, event.expectedVersion)) return { outcome: 'VERSION_MISMATCH' };
  const awaited = awaitedPart(order);
  if (awaited !== undefined && event.barred !== awaited) {
    return { outcome: 'TRANSITION_ILLEGAL', to: 'CANCELLED' };
  }
  return change(order, 'CANCELLED', event.operator, event.remark);
}

// Until the goods are away their units go back on sale, and with the last of them the order is over.
function decideRefundLines(order: Order, event: OrderEvent & { kind: 'REFUND_LINES' }): Decision {
  const { requestId, reason } = event;
  const earlier = order.refunds.find((refund) => refund.requestId === requestId);
  if (earlier) return sameRefund(earlier, event) ? UNCHANGED : { outcome: 'REQUEST_ID_REUSED' };
  if (stale(order, event.expectedVersion)) return { outcome: 'VERSION_MISMATCH' };
  const price = priceRefund(order, event.lines);
  if (price.outcome !== 'PRICED') return price;
  const unitsReturned = order.state === 'PAID' && orderSteps[order.type].takesStock;
  const over = order.state === 'PAID' && price.whole;
  const made = change(order, over ? 'CANCELLED' : order.state, 'operator', reason);
  if (made.outcome !== 'CHANGED') return made;
  const refund = { requestId, lines: price.lines, unitsReturned, reason };
  // A cancel gives everything back that is left.
  if (over) return { ...made, refund };
  const effects: EffectKind[] = unitsReturned ? ['stock.return-lines'] : [];
  const shares = splitRefund(order, amountOf(refund));
  if (shares.FIRST > 0n) effects.push('payment.refund-lines');
  if (shares.BALANCE > 0n) effects.push('balance.refund-lines');
  return { ...made, refund, effects };
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

function stale(order: Order, expectedVersion: number): boolean {
  return expectedVersion !== 0 && expectedVersion !== order.version;
}
