// When to ask the provider again about open attempts. The waits double with the payment's age, from the
// first look to a longest wait, so that a provider that is stuck for hours is not asked every second.
// A buyer who was given up is looked for too, since the callback of a late capture may be lost: ever
// more rarely, and not for ever. A statement finds what comes after that.

import type { Attempt, Payment } from './payment.js';

export interface LookTimes {
  /** How long after the last change the provider is first asked. */
  readonly lookAfterMs: number;
  readonly lookEveryMsMax: number;
  /** How long after the deadline a buyer who was given up is looked for. */
  readonly lateLookMsMax: number;
}

/** Undefined when nothing is left to ask. */
export function nextLookMs(
  payment: Payment,
  openAttempts: readonly Attempt[],
  nowMs: number,
  times: LookTimes,
): number | undefined {
  if (openAttempts.length === 0) return undefined;
  if (openAttempts.every(({ state }) => state === 'TIMED_OUT')) {
    return lateLookMs(payment, nowMs, times);
  }
  const ageMs = nowMs - payment.updatedMs;
  const waitMs = Math.max(times.lookAfterMs, Math.min(ageMs, times.lookEveryMsMax));
  const waitsForBuyer = payment.state === 'INITIALISED' && payment.deadlineMs > nowMs;
  // At the deadline an order wants to be cancelled, which an absent buyer must not hold up.
  return waitsForBuyer ? Math.min(nowMs + waitMs, payment.deadlineMs) : nowMs + waitMs;
}

/** Some 13 looks in a day; the last one when the time is up. */
function lateLookMs(payment: Payment, nowMs: number, times: LookTimes): number | undefined {
  const endMs = payment.deadlineMs + times.lateLookMsMax;
  if (nowMs >= endMs) return undefined;
  const waitMs = Math.max(times.lookAfterMs, nowMs - payment.deadlineMs);
  return Math.min(nowMs + waitMs, endMs);
}
