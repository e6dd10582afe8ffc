// What the rest of the mesh must do after an order has changed. Effects are stored with the change,
// in the same transaction, and delivered at least once, in no promised order.

import type { Order } from './order.js';

export type EffectKind =
  /** Create the payment intent. */
  | 'order.created'
  /** Turn the held units into sold ones. */
  | 'order.paid'
  /** Give the held units back. */
  | 'stock.release'
  /** Put the sold units back on sale. */
  | 'stock.return'
  /** Pay the captured money back. */
  | 'payment.refund';

export interface IntentPayload {
  readonly userId: string;
  readonly currency: string;
  readonly amountMinor: string;
  readonly deadlineMs: number;
}

export interface StockPayload {
  readonly userId: string;
  readonly requestId: string;
  readonly skuIds: readonly string[];
}

export interface RefundPayload {
  readonly currency: string;
  readonly amountMinor: string;
}

/** What is stored, as JSON: amounts are text because JSON numbers end at 2^53. */
export function payloadOf(
  kind: EffectKind,
  order: Order,
): IntentPayload | StockPayload | RefundPayload {
  switch (kind) {
    case 'order.created':
      return {
        userId: order.userId,
        currency: order.currency,
        amountMinor: order.payableMinor.toString(),
        deadlineMs: order.paymentDeadlineMs,
      };
    case 'order.paid':
    case 'stock.release':
    case 'stock.return':
      return {
        userId: order.userId,
        requestId: order.requestId,
        skuIds: order.lines.map((line) => line.skuId),
      };
    case 'payment.refund':
      return { currency: order.currency, amountMinor: order.payableMinor.toString() };
  }
}
