// What a change tells others: the order service hears of captures and full refunds, the provider is
// asked for refunds. Payloads are plain JSON (amounts as decimal text) because they wait in a table.

import type { Payment, Refund } from './payment.js';
import { paymentIdOf } from './payment-id.js';

export type NewsKind = 'payment.captured' | 'payment.refunded' | 'refund.requested';

export interface News {
  readonly kind: NewsKind;
  /** With the version, names the news for ever: writing it twice is impossible. */
  readonly aggregateId: string;
  readonly version: number;
  readonly payload: CapturedNews | RefundNews;
}

/** Of payment.captured and payment.refunded. */
export interface CapturedNews {
  readonly order_id: string;
  readonly payment_id: string;
  readonly currency: string;
  readonly captured_minor: string;
}

/** Of refund.requested: all that the provider must be told. */
export interface RefundNews {
  readonly order_id: string;
  readonly payment_id: string;
  readonly refund_id: string;
  readonly provider: string;
  readonly charge_number: string;
  readonly currency: string;
  readonly amount_minor: string;
}

export function capturedNews(
  kind: 'payment.captured' | 'payment.refunded',
  payment: Payment,
): News {
  const paymentId = paymentIdOf(payment);
  return {
    kind,
    aggregateId: paymentId,
    version: payment.version,
    payload: {
      order_id: `${payment.orderId}`,
      payment_id: paymentId,
      currency: payment.currency,
      captured_minor: `${payment.capturedMinor}`,
    },
  };
}

export function refundNews(payment: Payment, refund: Refund): News {
  return {
    kind: 'refund.requested',
    aggregateId: refund.refundId,
    version: 1,
    payload: {
      order_id: `${payment.orderId}`,
      payment_id: paymentIdOf(payment),
      refund_id: refund.refundId,
      provider: refund.provider,
      charge_number: refund.chargeNumber,
      currency: refund.currency,
      amount_minor: `${refund.amountMinor}`,
    },
  };
}
