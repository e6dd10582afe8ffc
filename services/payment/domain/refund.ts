// Paying captured money back. A refund reserves its amount in the payment when it is asked for, so
// that no two refunds can return the same cent; the provider is asked afterwards, until it answers.

import { capturedNews, refundNews } from './news.js';
import { type Attempt, nextVersion, type Payment, type Refund } from './payment.js';
import type { Change, Decision, PaymentFile } from './payment-file.js';

/** Refunds that no caller of RefundPayment asked for: no id of theirs begins with a slash. */
export function ownRequestId(name: string): string {
  return `/${name}`;
}

/** The request id of refunds that nobody asked for: the order was gone when the money came. */
export const AUTO_REQUEST_ID = ownRequestId('auto');

/** Derives a refund's id from its request id; the digest is machinery, so it is handed in. */
export type RefundIdOf = (requestId: string) => string;

export interface RefundCommand {
  readonly requestId: string;
  readonly currency: string;
  readonly amountMinor: bigint;
  readonly reason: string;
}

export type RefundResult =
  | { outcome: 'ACCEPTED'; payment: Payment; refund: Refund }
  | { outcome: 'REFUND_EXCEEDS_CAPTURED' | 'TRANSITION_ILLEGAL'; payment: Payment }
  | { outcome: 'CURRENCY_DIFFERS'; payment: Payment }
  | { outcome: 'REQUEST_ID_REUSED' | 'PAYMENT_UNKNOWN' };

export function requestRefund(
  file: PaymentFile | undefined,
  command: RefundCommand,
  refundIdOf: RefundIdOf,
  nowMs: number,
): Decision<RefundResult> {
  if (file === undefined) return { result: { outcome: 'PAYMENT_UNKNOWN' } };
  const { payment } = file;
  const refundId = refundIdOf(command.requestId);
  const earlier = file.refunds.find((refund) => refund.refundId === refundId);
  if (earlier !== undefined) {
    const same =
      earlier.amountMinor === command.amountMinor && earlier.currency === command.currency;
    return same
      ? { result: { outcome: 'ACCEPTED', payment, refund: earlier } }
      : { result: { outcome: 'REQUEST_ID_REUSED' } };
  }
  if (payment.capturedMinor === 0n) return { result: { outcome: 'TRANSITION_ILLEGAL', payment } };
  if (payment.currency !== command.currency) {
    return { result: { outcome: 'CURRENCY_DIFFERS', payment } };
  }
  if (payment.refundedMinor + command.amountMinor > payment.capturedMinor) {
    return { result: { outcome: 'REFUND_EXCEEDS_CAPTURED', payment } };
  }
  const { amountMinor, requestId, reason } = command;
  const refund = counted(file, { refundId, requestId, amountMinor, reason }, nowMs);
  const change = refundChange(payment, refund, nowMs);
  return { result: { outcome: 'ACCEPTED', payment: change.payment, refund }, change };
}

export type RefundUpToResult =
  | { outcome: 'ACCEPTED'; currency: string; refundedMinor: bigint }
  | { outcome: 'TRANSITION_ILLEGAL' | 'CURRENCY_DIFFERS'; payment: Payment }
  | { outcome: 'REQUEST_ID_REUSED' | 'PAYMENT_UNKNOWN' };

/**
 * What an order owes its buyer. Part of it may have been paid back by others: then the rest of the
 * money is all that goes back. Nothing is remembered of a refund that found nothing left, and need
 * not be: a payment is captured once, so nothing will ever be left again.
 */
export function refundUpTo(
  file: PaymentFile | undefined,
  command: RefundCommand,
  refundIdOf: RefundIdOf,
  nowMs: number,
): Decision<RefundUpToResult> {
  if (file === undefined) return { result: { outcome: 'PAYMENT_UNKNOWN' } };
  const { payment } = file;
  const { currency } = command;
  const requestId = ownRequestId(command.requestId);
  const refundId = refundIdOf(requestId);
  const earlier = file.refunds.find((refund) => refund.refundId === refundId);
  if (earlier !== undefined) {
    const { amountMinor: refundedMinor } = earlier;
    return earlier.currency === currency && refundedMinor <= command.amountMinor
      ? { result: { outcome: 'ACCEPTED', currency, refundedMinor } }
      : { result: { outcome: 'REQUEST_ID_REUSED' } };
  }
  if (payment.capturedMinor === 0n) return { result: { outcome: 'TRANSITION_ILLEGAL', payment } };
  if (payment.currency !== currency) return { result: { outcome: 'CURRENCY_DIFFERS', payment } };
  const leftMinor = payment.capturedMinor - payment.refundedMinor;
  const amountMinor = smaller(leftMinor, command.amountMinor);
  const result = { outcome: 'ACCEPTED', currency, refundedMinor: amountMinor } as const;
  if (amountMinor === 0n) return { result };
  const { reason } = command;
  const refund = counted(file, { refundId, requestId, amountMinor, reason }, nowMs);
  return { result, change: refundChange(payment, refund, nowMs) };
}

function smaller(a: bigint, b: bigint): bigint {
  if (a < b) return a;
  return b;
}

/** Returns all that is left; when asked again, nothing is left. */
export function refundRest(
  file: PaymentFile,
  reason: string,
  refundIdOf: RefundIdOf,
  nowMs: number,
): Decision<Payment> {
  const { payment } = file;
  const refundId = refundIdOf(AUTO_REQUEST_ID);
  const amountMinor = payment.capturedMinor - payment.refundedMinor;
  if (amountMinor === 0n) return { result: payment };
  const auto = { refundId, requestId: AUTO_REQUEST_ID, amountMinor, reason };
  const change = refundChange(payment, counted(file, auto, nowMs), nowMs);
  return { result: change.payment, change };
}

/** A second charge of one payment goes back whole; the payment's own amounts do not change. */
export function surplusRefund(
  payment: Payment,
  attempt: Attempt,
  refundIdOf: RefundIdOf,
  nowMs: number,
): Refund {
  const requestId = ownRequestId(`surplus-${attempt.attemptNo}`);
  return {
    ...newRefund(attempt, nowMs),
    refundId: refundIdOf(requestId),
    requestId,
    currency: payment.currency,
    amountMinor: payment.amountMinor,
    surplus: true,
    reason: 'second charge of one payment',
  };
}

/** What the provider has said about a refund; a refusal parks it for a person, who may try again. */
export function settleRefund(
  file: PaymentFile | undefined,
  news: { refundId: string; state: 'SUCCEEDED' | 'PARKED'; providerNumber: string },
  nowMs: number,
): Decision<{ outcome: 'SETTLED' | 'STALE'; refund: Refund } | { outcome: 'REFUND_UNKNOWN' }> {
  const refund = file?.refunds.find((r) => r.refundId === news.refundId);
  if (file === undefined || refund === undefined) {
    return { result: { outcome: 'REFUND_UNKNOWN' } };
  }
  if (refund.state === 'SUCCEEDED' || refund.state === news.state) {
    return { result: { outcome: 'STALE', refund } };
  }
  const { state, providerNumber } = news;
  const settled: Refund = { ...refund, state, providerNumber, updatedMs: nowMs };
  const refunds = file.refunds.map((r) => (r === refund ? settled : r));
  const returned = wholeAmountReturned(file.payment, refunds) && !settled.surplus;
  const change: Change = {
    refunds: [settled],
    cause: `refund ${state}`,
    ...(returned && { news: [capturedNews('payment.refunded', file.payment)] }),
  };
  return { result: { outcome: 'SETTLED', refund: settled }, change };
}

function wholeAmountReturned(payment: Payment, refunds: readonly Refund[]): boolean {
  const returnedMinor = refunds
    .filter((refund) => refund.state === 'SUCCEEDED' && !refund.surplus)
    .reduce((sum, refund) => sum + refund.amountMinor, 0n);
  return returnedMinor > 0n && returnedMinor === payment.capturedMinor;
}

function counted(
  { payment, attempts }: PaymentFile,
  refund: Pick<Refund, 'refundId' | 'requestId' | 'amountMinor' | 'reason'>,
  nowMs: number,
): Refund {
  const paid = attempts.find((a) => a.providerNumber === payment.providerNumber);
  const charge = { provider: paid?.provider ?? '', providerNumber: payment.providerNumber };
  const { currency } = payment;
  return { ...newRefund(charge, nowMs), ...refund, currency, surplus: false };
}

function newRefund(charge: Pick<Attempt, 'provider' | 'providerNumber'>, nowMs: number) {
  return {
    state: 'PENDING' as const,
    provider: charge.provider,
    chargeNumber: charge.providerNumber,
    providerNumber: '',
    createdMs: nowMs,
    updatedMs: nowMs,
  };
}

function refundChange(payment: Payment, refund: Refund, nowMs: number) {
  const next = nextVersion(payment, nowMs, {
    refundedMinor: payment.refundedMinor + refund.amountMinor,
  });
  const news = [refundNews(next, refund)];
  return { payment: next, refunds: [refund], news, cause: `refund ${refund.requestId}` };
}
