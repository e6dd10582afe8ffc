// Refunds, from the request to the provider's answer. The request reserves the amount; the outbox then
// asks the provider under the refund's id until it answers. The whole rest goes back by itself when the
// order turns out to be gone.

import type { Span, Traced } from '../../platform/telemetry/trace-context.js';
import type { Payment, Refund } from '../domain/payment.js';
import type { PaymentKey } from '../domain/payment-id.js';
import {
  type RefundCommand,
  type RefundResult,
  type RefundUpToResult,
  refundRest,
  refundUpTo,
  requestRefund,
  settleRefund,
} from '../domain/refund.js';
import type { PaymentPorts } from './ports.js';
import { refundIdsOf } from './settle-charge.js';

export function refundPayment(
  ports: PaymentPorts,
  payment: PaymentKey,
  command: RefundCommand,
  deadlineMs: number,
  span?: Span,
): Promise<RefundResult> {
  const refundIdOf = refundIdsOf(payment);
  return ports.store.update({ payment, deadlineMs, span }, (file, { nowMs }) =>
    requestRefund(file, command, refundIdOf, nowMs),
  );
}

/** What an order owes its buyer, as far as it has not been paid back before. */
export function refundOwed(
  ports: PaymentPorts,
  payment: PaymentKey,
  command: RefundCommand,
  deadlineMs: number,
  span?: Span,
): Promise<RefundUpToResult> {
  const refundIdOf = refundIdsOf(payment);
  return ports.store.update({ payment, deadlineMs, span }, (file, { nowMs }) =>
    refundUpTo(file, command, refundIdOf, nowMs),
  );
}

/** Undefined when there is no such payment. */
export function refundAll(
  ports: PaymentPorts,
  payment: PaymentKey,
  reason: string,
  deadlineMs: number,
  span?: Span,
): Promise<Payment | undefined> {
  const refundIdOf = refundIdsOf(payment);
  return ports.store.update({ payment, deadlineMs, span }, (file, { nowMs }) =>
    file === undefined ? { result: undefined } : refundRest(file, reason, refundIdOf, nowMs),
  );
}

export interface RefundSettlement extends Traced {
  readonly payment: PaymentKey;
  readonly refundId: string;
  readonly state: 'SUCCEEDED' | 'PARKED';
  readonly providerNumber: string;
  readonly deadlineMs: number;
  /** Who says so, when it came unasked. */
  readonly provider?: string;
  /** What the provider says that it paid back; a difference is not applied. */
  readonly money?: { readonly currency: string; readonly amountMinor: bigint };
  readonly event?: { readonly eventId: string; readonly kind: string };
}

export type RefundSettlementResult =
  | { outcome: 'SETTLED' | 'STALE'; refund: Refund }
  | { outcome: 'REFUND_UNKNOWN' | 'PAYMENT_UNKNOWN' | 'DUPLICATE' }
  | { outcome: 'MISMATCH'; problem: string };

export function applyRefundNews(
  ports: PaymentPorts,
  settlement: RefundSettlement,
): Promise<RefundSettlementResult> {
  const { payment, deadlineMs, event, span } = settlement;
  const target = { payment, deadlineMs, span, ...(event && { eventId: event.eventId }) };
  return ports.store.update<RefundSettlementResult>(target, (file, { nowMs, eventSeen }) => {
    if (eventSeen) return { result: { outcome: 'DUPLICATE' } };
    if (file === undefined) return { result: { outcome: 'PAYMENT_UNKNOWN' } };
    const decision = settleRefund(file, settlement, nowMs);
    if (decision.result.outcome === 'REFUND_UNKNOWN') return decision;
    const problem = differenceOf(decision.result.refund, settlement);
    if (problem !== undefined) return { result: { outcome: 'MISMATCH', problem } };
    if (event === undefined) return decision;
    return { ...decision, change: { cause: event.kind, ...decision.change, event } };
  });
}

function differenceOf(refund: Refund, { money, provider }: RefundSettlement): string | undefined {
  if (provider !== undefined && provider !== refund.provider) {
    return `provider ${provider} instead of ${refund.provider}`;
  }
  if (money === undefined) return undefined;
  return refund.currency === money.currency && refund.amountMinor === money.amountMinor
    ? undefined
    : `${money.amountMinor} ${money.currency} instead of ${refund.amountMinor} ${refund.currency}`;
}
