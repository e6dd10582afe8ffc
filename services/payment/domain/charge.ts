// What the provider says about a charge, from whatever source: the answer to the charge, a callback, or
// the answer to a question of ours. All three come here, in any order and any number of times, and
// states only move forward. Money that nobody is owed any more goes back in the same change.

import { capturedNews, refundNews } from './news.js';
import { type Attempt, type AttemptState, nextVersion, open, type Payment } from './payment.js';
import { applyChange, type Change, type Decision, type PaymentFile } from './payment-file.js';
import { type RefundIdOf, refundRest, surplusRefund } from './refund.js';

export type ChargeState = 'INITIALISED' | 'PROCESSING' | 'SUCCEEDED' | 'FAILED';

export interface ChargeNews {
  readonly attemptNo: number;
  /** Whoever says so unasked: another provider than the attempt's has no say in it. */
  readonly provider?: string;
  readonly state: ChargeState;
  /** Empty when the provider refused before it made a charge. */
  readonly providerNumber: string;
  readonly redirectUrl?: string;
  /** What the provider says it charges; undefined when it did not say. */
  readonly money?: { readonly currency: string; readonly amountMinor: bigint };
  /** Whether this answers a question of ours: then a buyer who is late is given up. */
  readonly asked?: boolean;
  readonly cause: string;
}

export type ChargeResult =
  | { outcome: 'APPLIED' | 'STALE' | 'SURPLUS'; payment: Payment }
  /** It cannot be true beside what was said before. Nothing is applied before the provider is asked. */
  | { outcome: 'CONTRADICTED'; attempt: Attempt }
  | { outcome: 'PAYMENT_UNKNOWN' }
  /** It is not about a charge of ours. Nothing is applied; a person must look. */
  | { outcome: 'MISMATCH'; problem: string };

export interface ChargeRules {
  readonly nowMs: number;
  readonly lookAfterMs: number;
  readonly refundIdOf: RefundIdOf;
}

export function applyCharge(
  file: PaymentFile | undefined,
  news: ChargeNews,
  rules: ChargeRules,
): Decision<ChargeResult> {
  if (file === undefined) return { result: { outcome: 'PAYMENT_UNKNOWN' } };
  const attempt = file.attempts.find((a) => a.attemptNo === news.attemptNo);
  const problem = problemOf(file.payment, attempt, news);
  if (attempt === undefined || problem !== undefined) {
    return { result: { outcome: 'MISMATCH', problem: problem ?? 'no such attempt' } };
  }
  if (contradicts(attempt, news)) return { result: { outcome: 'CONTRADICTED', attempt } };
  const state = nextAttemptState(attempt, news, file.payment.deadlineMs < rules.nowMs);
  const next: Attempt = {
    ...attempt,
    state,
    providerNumber: attempt.providerNumber || news.providerNumber,
    redirectUrl: attempt.redirectUrl || (news.redirectUrl ?? ''),
  };
  if (same(attempt, next)) return { result: { outcome: 'STALE', payment: file.payment } };
  const won = state === 'SUCCEEDED' && attempt.state !== 'SUCCEEDED';
  return won ? captured(file, next, news, rules) : moved(file, next, news, rules);
}

function problemOf(payment: Payment, attempt: Attempt | undefined, news: ChargeNews) {
  if (attempt === undefined) return `attempt ${news.attemptNo} does not exist`;
  const { money, provider, providerNumber } = news;
  if (provider !== undefined && provider !== attempt.provider) {
    return `provider ${provider} instead of ${attempt.provider}`;
  }
  if (money !== undefined && money.currency !== payment.currency) {
    return `currency ${money.currency} instead of ${payment.currency}`;
  }
  if (money !== undefined && money.amountMinor !== payment.amountMinor) {
    return `amount ${money.amountMinor} instead of ${payment.amountMinor}`;
  }
  const other = attempt.providerNumber !== '' && attempt.providerNumber !== providerNumber;
  return other && providerNumber !== ''
    ? `charge ${providerNumber} instead of ${attempt.providerNumber}`
    : undefined;
}

/** Only what came unasked: an answer to a question of ours is what settles such a thing. */
function contradicts(attempt: Attempt, { provider, asked, state }: ChargeNews): boolean {
  if (provider === undefined || asked === true) return false;
  const said = attempt.state;
  return (
    (said === 'FAILED' && state === 'SUCCEEDED') || (said === 'SUCCEEDED' && state === 'FAILED')
  );
}

/** A buyer who was given up may still come back: from TIMED_OUT all that a provider says is news. */
const RANK: Record<AttemptState, number> = {
  PENDING: 0,
  INITIALISED: 1,
  TIMED_OUT: 2,
  PROCESSING: 3,
  FAILED: 4,
  SUCCEEDED: 5,
};

function nextAttemptState(attempt: Attempt, news: ChargeNews, late: boolean): AttemptState {
  const stillWaiting = attempt.state === 'INITIALISED' && news.state === 'INITIALISED';
  if (stillWaiting && news.asked === true && late) return 'TIMED_OUT';
  return RANK[news.state] > RANK[attempt.state] ? news.state : attempt.state;
}

function same(a: Attempt, b: Attempt): boolean {
  return (
    a.state === b.state && a.providerNumber === b.providerNumber && a.redirectUrl === b.redirectUrl
  );
}

/** Anything but a capture: the payment follows only if this attempt is its last one. */
function moved(
  file: PaymentFile,
  attempt: Attempt,
  news: ChargeNews,
  rules: ChargeRules,
): Decision<ChargeResult> {
  const { payment } = file;
  const current = attempt.attemptNo === payment.attemptNo;
  const inProgress = ['PENDING', 'INITIALISED', 'PROCESSING'].includes(payment.state);
  const state = current && inProgress ? attempt.state : payment.state;
  const dueMs = dueAfter(file, attempt, rules);
  const changed = state !== payment.state || dueMs !== payment.dueMs;
  const next = changed ? nextVersion(payment, rules.nowMs, { state, dueMs }) : payment;
  return {
    result: { outcome: 'APPLIED', payment: next },
    change: { ...(changed && { payment: next }), attempts: [attempt], cause: news.cause },
  };
}

function captured(
  file: PaymentFile,
  attempt: Attempt,
  news: ChargeNews,
  rules: ChargeRules,
): Decision<ChargeResult> {
  const { payment } = file;
  const { nowMs, refundIdOf } = rules;
  const surplus = file.attempts.some((a) => a.state === 'SUCCEEDED');
  if (surplus) return surplusCapture(file, attempt, news, rules);

  const cancelled = payment.state === 'CANCELLED';
  const next = nextVersion(payment, nowMs, {
    state: cancelled ? 'CANCELLED' : 'SUCCEEDED',
    capturedMinor: payment.amountMinor,
    providerNumber: attempt.providerNumber,
    dueMs: dueAfter(file, attempt, rules),
  });
  const change: Change = { payment: next, attempts: [attempt], cause: news.cause };
  if (!cancelled) {
    const told = { ...change, news: [capturedNews('payment.captured', next)] };
    return { result: { outcome: 'APPLIED', payment: next }, change: told };
  }
  const after = applyChange(file, change) ?? file;
  const refund = refundRest(after, 'captured after it was cancelled', refundIdOf, nowMs);
  // Capture and refund are one change, so one version.
  const refunded = { ...refund.result, version: next.version };
  return {
    result: { outcome: 'APPLIED', payment: refunded },
    change: { ...change, ...refund.change, payment: refunded, cause: news.cause },
  };
}

function surplusCapture(
  file: PaymentFile,
  attempt: Attempt,
  news: ChargeNews,
  rules: ChargeRules,
): Decision<ChargeResult> {
  const { payment } = file;
  const refund = surplusRefund(payment, attempt, rules.refundIdOf, rules.nowMs);
  const owed = refund.amountMinor > 0n;
  const next = nextVersion(payment, rules.nowMs, { dueMs: dueAfter(file, attempt, rules) });
  return {
    result: { outcome: 'SURPLUS', payment: next },
    change: {
      payment: next,
      attempts: [attempt],
      ...(owed && { refunds: [refund], news: [refundNews(payment, refund)] }),
      cause: news.cause,
    },
  };
}

/** When to ask again: as long as any attempt is open, not only the last one, money may move. */
function dueAfter(file: PaymentFile, changed: Attempt, rules: ChargeRules): number | undefined {
  const { payment } = file;
  const attempts = file.attempts.map((a) => (a.attemptNo === changed.attemptNo ? changed : a));
  if (!attempts.some(open)) return undefined;
  const dueMs = rules.nowMs + rules.lookAfterMs;
  const waits = changed.state === 'INITIALISED' && payment.deadlineMs > rules.nowMs;
  return waits ? Math.min(dueMs, payment.deadlineMs) : dueMs;
}
