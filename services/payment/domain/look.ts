// When to ask the provider again about an open attempt: the waits double with the payment's age, from
// the first look to a longest wait, so that a provider that is stuck for hours is not asked every second.

import type { Payment } from './payment.js';

export interface LookTimes {
  /** How long after the last change the provider is first asked. */
  readonly lookAfterMs: number;
  readonly lookEveryMsMax: number;
}

export function nextLookMs(payment: Payment, nowMs: number, times: LookTimes): number {
  const ageMs = nowMs - payment.updatedMs;
  const waitMs = Math.max(times.lookAfterMs, Math.min(ageMs, times.lookEveryMsMax));
  const waitsForBuyer = payment.state === 'INITIALISED' && payment.deadlineMs > nowMs;
  // At the deadline an order wants to be cancelled, which an absent buyer must not hold up.
  return waitsForBuyer ? Math.min(nowMs + waitMs, payment.deadlineMs) : nowMs + waitMs;
}
