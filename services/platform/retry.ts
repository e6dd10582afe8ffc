// Tries again, a bounded number of times, with full jitter so that many who failed together do not
// come back together. The work must use the same idempotency key in every attempt.

import { assert } from './assert.js';
import { type Clock, systemClock } from './clock.js';

export interface RetryPolicy {
  attemptsMax: number;
  /** Upper bound of the first delay; it doubles with every attempt, up to delayMsMax. */
  delayMsMin: number;
  delayMsMax: number;
}

export interface RetryOptions {
  clock?: Clock;
  random?: () => number;
  /** Absolute. No attempt starts at or after it. */
  deadlineMs?: number;
  retryable: (error: unknown) => boolean;
}

/** Answers what the first successful attempt answered, or throws what the last one threw. */
export async function retry<T>(
  policy: RetryPolicy,
  o: RetryOptions,
  work: (attempt: number) => Promise<T>,
): Promise<T> {
  assert(policy.attemptsMax >= 1, 'attemptsMax starts at 1');
  const clock = o.clock ?? systemClock;
  for (let attempt = 1; ; attempt++) {
    try {
      return await work(attempt);
    } catch (error) {
      if (attempt >= policy.attemptsMax || !o.retryable(error)) throw error;
      const delayMs = retryDelayMs(policy, attempt, o.random ?? Math.random);
      if (o.deadlineMs !== undefined && clock.nowMs() + delayMs >= o.deadlineMs) throw error;
      await clock.sleep(delayMs);
    }
  }
}

/** The wait after the given failed attempt (1, 2, ...): between 0 and a doubling, capped bound. */
export function retryDelayMs(policy: RetryPolicy, attempt: number, random: () => number): number {
  const boundMs = Math.min(policy.delayMsMax, policy.delayMsMin * 2 ** (attempt - 1));
  return Math.floor(random() * boundMs);
}
