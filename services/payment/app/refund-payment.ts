// Refunds, from the request to the provider's answer. The request reserves the amount; the outbox then
// asks the provider under the refund's id until it answers. The whole rest goes back by itself when the
// order turns out to be gone.

import type { Payment, Refund } from '../domain/payment.js';
import {
  type RefundCommand,
  type RefundResult,
  refundRest,
  requestRefund,
  settleRefund,
} from '../domain/refund.js';
import type { PaymentPorts } from './ports.js';
import { refundIdsOf } from './settle-charge.js';

export function refundPayment(
  ports: PaymentPorts,
  orderId: bigint,
  command: RefundCommand,
  deadlineMs: number,
): Promise<RefundResult> {
  const refundIdOf = refundIdsOf(orderId);
  return ports.store.update({ orderId, deadlineMs }, (file, { nowMs }) =>
    requestRefund(file, command, refundIdOf, nowMs),
  );
}

/** Undefined when there is no such payment. */
export function refundAll(
  ports: PaymentPorts,
  orderId: bigint,
  reason: string,
  deadlineMs: number,
): Promise<Payment | undefined> {
  const refundIdOf = refundIdsOf(orderId);
  return ports.store.update({ orderId, deadlineMs }, (file, { nowMs }) =>
    file === undefined ? { result: undefined } : refundRest(file, reason, refundIdOf, nowMs),
  );
}

export interface RefundSettlement {
  readonly orderId: bigint;
  readonly refundId: string;
  readonly state: 'SUCCEEDED' | 'PARKED';
  readonly providerNumber: string;
  readonly deadlineMs: number;
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
  const { orderId, deadlineMs, event, money } = settlement;
  const target = { orderId, deadlineMs, ...(event && { eventId: event.eventId }) };
  return ports.store.update<RefundSettlementResult>(target, (file, { nowMs, eventSeen }) => {
    if (eventSeen) return { result: { outcome: 'DUPLICATE' } };
    if (file === undefined) return { result: { outcome: 'PAYMENT_UNKNOWN' } };
    const decision = settleRefund(file, settlement, nowMs);
    if (decision.result.outcome === 'REFUND_UNKNOWN') return decision;
    const problem = differenceOf(decision.result.refund, money);
    if (problem !== undefined) return { result: { outcome: 'MISMATCH', problem } };
    if (event === undefined) return decision;
    return { ...decision, change: { cause: event.kind, ...decision.change, event } };
  });
}

function differenceOf(refund: Refund, money: RefundSettlement['money']): string | undefined {
  if (money === undefined) return undefined;
  return refund.currency === money.currency && refund.amountMinor === money.amountMinor
    ? undefined
    : `${money.amountMinor} ${money.currency} instead of ${refund.amountMinor} ${refund.currency}`;
}
