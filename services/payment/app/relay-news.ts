// Delivers what changes have left to be told: captures and full refunds to the order service, refunds to
// the provider. Called at least once per piece of news; every receiver is asked under a stable key.

import { assert } from '../../platform/assert.js';
import type { Traced } from '../../platform/telemetry/trace-context.js';
import type { CapturedNews, NewsKind, RefundNews } from '../domain/news.js';
import { type PaymentKey, paymentKeyOf } from '../domain/payment-id.js';
import type { PaymentPorts, PaymentRecord, PaymentRecordOutcome } from './ports.js';
import { applyRefundNews, refundAll } from './refund-payment.js';

/** DONE: never again. RETRY: later again. park: a person must look. */
export type Delivery = 'DONE' | 'RETRY' | { park: string };

export interface NewsEvent extends Traced {
  readonly payload: unknown;
}

export type NewsHandlers = Record<NewsKind, (events: NewsEvent[]) => Promise<Delivery[]>>;

export function newsHandlers(ports: PaymentPorts): NewsHandlers {
  return {
    'payment.captured': (events) => tellOrders(ports, events, 'CAPTURED'),
    'payment.refunded': (events) => tellOrders(ports, events, 'REFUNDED'),
    'refund.requested': (events) => Promise.all(events.map((event) => askForRefund(ports, event))),
  };
}

async function tellOrders(
  ports: PaymentPorts,
  events: readonly NewsEvent[],
  news: PaymentRecord['news'],
): Promise<Delivery[]> {
  const captures = events.map((event) => event.payload as CapturedNews);
  const records = captures.map((capture, i) => ({
    span: events[i]?.span,
    orderId: capture.order_id,
    paymentId: capture.payment_id,
    news,
    currency: capture.currency,
    capturedMinor: BigInt(capture.captured_minor),
  }));
  const outcomes = await ports.orders.recordPayments(records, stepDeadline(ports));
  return Promise.all(captures.map((c, i) => deliveryOf(ports, c, outcomes[i] ?? 'UNKNOWN')));
}

async function deliveryOf(
  ports: PaymentPorts,
  capture: CapturedNews,
  outcome: PaymentRecordOutcome,
): Promise<Delivery> {
  switch (outcome) {
    case 'RECORDED':
      return 'DONE';
    case 'UNKNOWN':
      return 'RETRY';
    case 'MISMATCH':
      ports.log.error({ capture }, 'order does not know this payment or asks another amount');
      return { park: 'order service answers MISMATCH' };
    case 'REFUND': {
      const payment = paymentOf(capture);
      await refundAll(ports, payment, 'paid after the order was gone', stepDeadline(ports));
      return 'DONE';
    }
  }
}

export async function askForRefund(
  ports: PaymentPorts,
  { payload, span }: NewsEvent,
): Promise<Delivery> {
  const news = payload as RefundNews;
  const provider = ports.providers.get(news.provider);
  if (provider === undefined) return { park: `no provider ${news.provider}` };
  const answer = await provider.refund({
    key: news.refund_id,
    chargeNumber: news.charge_number,
    currency: news.currency,
    amountMinor: BigInt(news.amount_minor),
    span,
  });
  if (answer.outcome === 'UNKNOWN') {
    ports.log.debug({ refundId: news.refund_id, reason: answer.reason }, 'refund not answered');
    return 'RETRY';
  }
  const refused = answer.outcome === 'REFUSED';
  await applyRefundNews(ports, {
    payment: paymentOf(news),
    refundId: news.refund_id,
    state: refused ? 'PARKED' : 'SUCCEEDED',
    providerNumber: refused ? '' : answer.number,
    deadlineMs: stepDeadline(ports),
    span,
  });
  if (!refused) return 'DONE';
  ports.log.error({ refundId: news.refund_id, reason: answer.reason }, 'refund refused');
  return { park: `provider refuses the refund: ${answer.reason}`.slice(0, PARK_REASON_MAX) };
}

/** The column's width. */
const PARK_REASON_MAX = 200;

function paymentOf(news: { readonly payment_id: string }): PaymentKey {
  const payment = paymentKeyOf(news.payment_id);
  assert(payment, 'news are of a payment');
  return payment;
}

function stepDeadline(ports: PaymentPorts): number {
  return ports.clock.nowMs() + ports.settings.stepMsMax;
}
