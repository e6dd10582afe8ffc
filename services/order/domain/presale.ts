// What is sold in advance: for a deposit when the order is placed and the balance later. The terms come
// from the offers, never from the caller, and an order keeps those under which it was placed.

import { refundedMinor } from './line-refund.js';
import type { Offer } from './offer.js';
import type { Operator, Order } from './order.js';
import { type OrderType, orderSteps } from './order-types.js';
import type { PaymentPart, PresaleTerms } from './presale-terms.js';
import type { RequestedLine } from './request.js';

export type PresaleRefusal =
  /** What is sold in advance is ordered as a presale only, and nothing else ever is. */
  | { readonly outcome: 'TYPE_UNFIT'; readonly skuId: string; readonly presale: boolean }
  /** Its times or terms are not those of the first line. */
  | { readonly outcome: 'PRESALE_MIXED'; readonly index: number }
  | { readonly outcome: 'SALE_CLOSED'; readonly skuId: string };

/** The terms of an order of these lines; none for most. `offers[i]` is the offer of `lines[i]`. */
export function presaleOf(
  type: OrderType,
  lines: readonly RequestedLine[],
  offers: readonly Offer[],
  nowMs: number,
): PresaleTerms | PresaleRefusal | undefined {
  const wanted = orderSteps[type].paysDeposit;
  let first: PresaleTerms | undefined;
  let depositMinor = 0n;
  for (let i = 0; i < offers.length; i++) {
    const { skuId, presale } = offers[i] as Offer;
    if ((presale !== undefined) !== wanted) {
      return { outcome: 'TYPE_UNFIT', skuId, presale: !wanted };
    }
    if (presale === undefined) continue;
    first ??= presale;
    if (!sameTimes(first, presale)) return { outcome: 'PRESALE_MIXED', index: i };
    if (nowMs >= presale.balanceDueMs) return { outcome: 'SALE_CLOSED', skuId };
    depositMinor += presale.depositMinor * BigInt(lines[i]?.quantity ?? 0);
  }
  return first && { ...first, depositMinor };
}

/** What a payment of an order asks for; undefined when the order has no such payment. */
export function partMinor(
  { presale, payableMinor }: Pick<Order, 'presale' | 'payableMinor'>,
  part: PaymentPart,
): bigint | undefined {
  if (part === 'FIRST') return presale?.depositMinor ?? payableMinor;
  return presale && payableMinor - presale.depositMinor;
}

/**
 * Out of which payments refunded lines are paid back: of the balance as long as it lasts. What has
 * been refunded before decides, so that every delivery of a refund splits it in the same way.
 */
export function splitRefund(before: Order, amountMinor: bigint): Record<PaymentPart, bigint> {
  const leftMinor = (partMinor(before, 'BALANCE') ?? 0n) - refundedMinor(before);
  if (leftMinor <= 0n) return { FIRST: amountMinor, BALANCE: 0n };
  const balanceMinor = leftMinor < amountMinor ? leftMinor : amountMinor;
  return { FIRST: amountMinor - balanceMinor, BALANCE: balanceMinor };
}

/** The payment that an order waits for; undefined once it waits for none. */
export function awaitedPart({ state }: Pick<Order, 'state'>): PaymentPart | undefined {
  if (state === 'PENDING_PAYMENT') return 'FIRST';
  return state === 'DEPOSIT_PAID' ? 'BALANCE' : undefined;
}

/** When an order ends unless the payment that it waits for is captured. */
export function dueMsOf(order: Order): number | undefined {
  if (order.state === 'PENDING_PAYMENT') return order.paymentDeadlineMs;
  return order.state === 'DEPOSIT_PAID' ? order.presale?.balanceDueMs : undefined;
}

/** When the deposit was recorded. Needs the transitions of the order. */
export function depositPaidMs(order: Order): number | undefined {
  return order.transitions.find((made) => made.to === 'DEPOSIT_PAID')?.atMs;
}

/**
 * Whether the deposit stays with the shop when the order is cancelled: by its buyer, or because the
 * balance was not paid, but not when it came too late for the buyer to pay the balance.
 */
export function forfeitsDeposit(order: Order, operator: Operator): boolean {
  const { presale } = order;
  const paidMs = depositPaidMs(order);
  if (presale === undefined || paidMs === undefined || presale.depositRefundable) return false;
  return (operator === 'user' || operator === 'deadline') && paidMs < presale.balanceDueMs;
}

function sameTimes(a: PresaleTerms, b: PresaleTerms): boolean {
  return (
    a.balanceOpensMs === b.balanceOpensMs &&
    a.balanceDueMs === b.balanceDueMs &&
    a.depositRefundable === b.depositRefundable
  );
}
