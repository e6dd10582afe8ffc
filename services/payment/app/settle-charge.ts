// Tells a payment what the provider has said about a charge of it. The one place where such news meets
// the store, whether it was answered, called back or asked for.

import { requestDigest } from '../../platform/digest.js';
import type { Traced } from '../../platform/telemetry/trace-context.js';
import { applyCharge, type ChargeNews, type ChargeResult } from '../domain/charge.js';
import type { Decision } from '../domain/payment-file.js';
import { type PaymentKey, paymentIdOf } from '../domain/payment-id.js';
import type { RefundIdOf } from '../domain/refund.js';
import type { Charge, PaymentPorts } from './ports.js';

/** By this name whoever watches the logs finds news about money that does not fit our books. */
export const PAYMENT_MISMATCH = 'PAYMENT_MISMATCH';

export type SettleResult = ChargeResult | { outcome: 'DUPLICATE' };

export interface SettleCommand extends Traced {
  readonly payment: PaymentKey;
  readonly news: ChargeNews;
  readonly deadlineMs: number;
  /** Where the news came as an event, its id: a second copy changes nothing. */
  readonly event?: { readonly eventId: string; readonly kind: string };
}

export async function settleCharge(
  ports: PaymentPorts,
  { payment, news, deadlineMs, event, span }: SettleCommand,
): Promise<SettleResult> {
  const { lookAfterMs } = ports.settings;
  const refundIdOf = refundIdsOf(payment);
  const target = { payment, deadlineMs, span, ...(event && { eventId: event.eventId }) };
  const result = await ports.store.update<SettleResult>(target, (file, { nowMs, eventSeen }) => {
    if (eventSeen) return { result: { outcome: 'DUPLICATE' } };
    const decision = applyCharge(file, news, { nowMs, lookAfterMs, refundIdOf });
    return event === undefined ? decision : withEvent(decision, event, news.cause);
  });
  report(ports, payment, news, result);
  return result;
}

export function refundIdsOf(payment: PaymentKey): RefundIdOf {
  return (requestId) => `r-${requestDigest(paymentIdOf(payment), requestId)}`;
}

export function newsOf(attemptNo: number, charge: Charge, cause: string): ChargeNews {
  return {
    attemptNo,
    state: charge.state,
    providerNumber: charge.number,
    redirectUrl: charge.redirectUrl,
    money: { currency: charge.currency, amountMinor: charge.amountMinor },
    cause,
  };
}

/** An event that changes nothing is remembered too: it was taken. One that is refused is not. */
function withEvent(
  decision: Decision<ChargeResult>,
  event: { eventId: string; kind: string },
  cause: string,
): Decision<SettleResult> {
  const { outcome } = decision.result;
  const taken = outcome === 'APPLIED' || outcome === 'STALE' || outcome === 'SURPLUS';
  if (!taken) return decision;
  return { ...decision, change: { cause, ...decision.change, event } };
}

function report(
  ports: PaymentPorts,
  payment: PaymentKey,
  { attemptNo, cause }: ChargeNews,
  result: SettleResult,
) {
  const about = { paymentId: paymentIdOf(payment), attemptNo, cause };
  if (result.outcome === 'MISMATCH') {
    const { problem } = result;
    ports.log.error(
      { alarm: PAYMENT_MISMATCH, ...about, problem },
      'charge does not match its payment',
    );
  }
  if (result.outcome === 'SURPLUS') {
    ports.log.warn(about, 'second charge of one payment: it is refunded');
  }
}
