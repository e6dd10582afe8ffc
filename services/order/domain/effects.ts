// What the rest of the mesh must do after an order has changed. Effects are stored with the change,
// in the same transaction, and delivered at least once, in no promised order.

import { assert } from '../../platform/assert.js';
import { amountOf } from './line-refund.js';
import type { LineRefund, Operator, Order, OrderState } from './order.js';
import { orderSteps } from './order-types.js';
import { awaitedPart, forfeitsDeposit, partMinor, splitRefund } from './presale.js';
import type { PaymentPart } from './presale-terms.js';

export type EffectKind =
  /** Create the payment intent; of a presale that of the deposit. */
  | 'order.created'
  /** Create the payment intent of the balance. */
  | 'order.deposit-paid'
  /** Turn the held units into sold ones. */
  | 'order.paid'
  /** Give the held units back. */
  | 'stock.release'
  /** Put the sold units back on sale. */
  | 'stock.return'
  /** Put some of them back. */
  | 'stock.return-lines'
  /** Pay the captured money back; of a presale the deposit. */
  | 'payment.refund'
  /** Pay a part of it back. */
  | 'payment.refund-lines'
  /** Pay the balance back. */
  | 'balance.refund'
  /** Pay a part of the balance back. */
  | 'balance.refund-lines'
  /** Make sure that the balance cannot be captured any more. */
  | 'balance.bar';

export interface IntentPayload {
  readonly userId: string;
  readonly currency: string;
  readonly amountMinor: string;
  /** Only of what is not payable at once. */
  readonly opensMs?: number;
  readonly deadlineMs: number;
}

export interface StockPayload {
  readonly userId: string;
  readonly requestId: string;
  readonly skuIds: readonly string[];
}

export interface LinesPayload extends StockPayload {
  readonly returnId: string;
  readonly lines: readonly { readonly skuId: string; readonly quantity: number }[];
}

export interface RefundPayload {
  readonly currency: string;
  readonly amountMinor: string;
}

/**
 * What a change of state brings with it. Goods that have shipped are away: their units are not put
 * back on sale when the order is cancelled.
 */
export function effectsOf(order: Order, to: OrderState, operator: Operator): EffectKind[] {
  const { takesStock } = orderSteps[order.type];
  if (to === 'DEPOSIT_PAID') return ['order.deposit-paid'];
  if (to === 'PAID') return takesStock && order.state !== 'PAID' ? ['order.paid'] : [];
  if (to !== 'CANCELLED') return [];
  const effects: EffectKind[] = [];
  const awaited = awaitedPart(order);
  if (awaited !== undefined && takesStock) effects.push('stock.release');
  if (order.state === 'PAID' && takesStock) effects.push('stock.return');
  // The news of a refund says that nothing is owed any more; a balance may still be open.
  if (operator !== 'payment') effects.push(...owed(order, operator));
  else if (awaited === 'BALANCE') effects.push('balance.bar');
  return effects;
}

function owed(order: Order, operator: Operator): EffectKind[] {
  const awaited = awaitedPart(order);
  if (awaited === 'FIRST') return [];
  const effects: EffectKind[] = [];
  const keeps = forfeitsDeposit(order, operator);
  if (!keeps && (partMinor(order, 'FIRST') ?? 0n) > 0n) effects.push('payment.refund');
  if (order.presale && awaited === undefined) effects.push('balance.refund');
  return effects;
}

/** What is stored, as JSON: amounts are text because JSON numbers end at 2^53. */
export function payloadOf(
  kind: EffectKind,
  order: Order,
): IntentPayload | StockPayload | LinesPayload | RefundPayload {
  switch (kind) {
    case 'order.created': {
      const { userId, paymentDeadlineMs: deadlineMs } = order;
      return { userId, ...wholeOf(order, 'FIRST'), deadlineMs };
    }
    case 'order.deposit-paid': {
      const { userId, presale } = order;
      assert(presale, 'only a presale has a deposit');
      const { balanceOpensMs: opensMs, balanceDueMs: deadlineMs } = presale;
      return { userId, ...wholeOf(order, 'BALANCE'), opensMs, deadlineMs };
    }
    case 'order.paid':
    case 'stock.release':
    case 'stock.return':
      return stockOf(order);
    case 'stock.return-lines': {
      const { requestId: returnId, lines } = lastRefund(order);
      const units = lines.map(({ skuId, quantity }) => ({ skuId, quantity }));
      return { ...stockOf(order), returnId, lines: units };
    }
    case 'payment.refund':
      return wholeOf(order, 'FIRST');
    case 'balance.refund':
    case 'balance.bar':
      return wholeOf(order, 'BALANCE');
    case 'payment.refund-lines':
      return shareOf(order, 'FIRST');
    case 'balance.refund-lines':
      return shareOf(order, 'BALANCE');
  }
}

function stockOf({ userId, requestId, lines }: Order): StockPayload {
  return { userId, requestId, skuIds: lines.map((line) => line.skuId) };
}

function wholeOf(order: Order, part: PaymentPart): RefundPayload {
  return { currency: order.currency, amountMinor: `${partMinor(order, part) ?? 0n}` };
}

function shareOf(order: Order, part: PaymentPart): RefundPayload {
  const earlier = { ...order, refunds: order.refunds.slice(0, -1) };
  const shares = splitRefund(earlier, amountOf(lastRefund(order)));
  return { currency: order.currency, amountMinor: `${shares[part]}` };
}

function lastRefund(order: Order): LineRefund {
  const refund = order.refunds.at(-1);
  assert(refund?.version === order.version, 'the effects of a refund belong to its version');
  return refund;
}
