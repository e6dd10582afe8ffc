import { describe, expect, test } from '@jest/globals';
import { ManualClock } from './clock.js';
import { retry, retryDelayMs } from './retry.js';

const POLICY = { attemptsMax: 4, delayMsMin: 100, delayMsMax: 300 };
const always = { random: () => 1, retryable: () => true };

// Fails the given number of times, then answers the number of the attempt.
function failing(times: number, clock: ManualClock) {
  const startMs = clock.nowMs();
  const startedMs: number[] = [];
  const work = async (attempt: number) => {
    startedMs.push(clock.nowMs() - startMs);
    if (attempt <= times) throw new Error(`failure ${attempt}`);
    return attempt;
  };
  return { work, startedMs };
}

describe('retry', () => {
  test.each([
    ['first time right', 0, [0], 1],
    ['delays double up to their maximum', 3, [0, 100, 300, 600], 4],
    ['the last error when attempts run out', 4, [0, 100, 300, 600], 'failure 4'],
  ])('%s', async (_, failures, expectedStartedMs, expected) => {
    const clock = new ManualClock();
    const { work, startedMs } = failing(failures, clock);
    const answer = retry(POLICY, { ...always, clock }, work).catch((e: Error) => e.message);
    await clock.advance(10_000);
    expect(await answer).toBe(expected);
    expect(startedMs).toEqual(expectedStartedMs);
  });

  test('an error that is not retryable ends it', async () => {
    const clock = new ManualClock();
    const { work, startedMs } = failing(2, clock);
    await expect(retry(POLICY, { ...always, retryable: () => false, clock }, work)).rejects.toThrow(
      'failure 1',
    );
    expect(startedMs).toEqual([0]);
  });

  test('no attempt starts at or after the deadline', async () => {
    const clock = new ManualClock();
    const { work, startedMs } = failing(9, clock);
    const deadlineMs = clock.nowMs() + 300;
    const answer = retry(POLICY, { ...always, clock, deadlineMs }, work).catch(
      (e: Error) => e.message,
    );
    await clock.advance(10_000);
    expect(await answer).toBe('failure 2');
    expect(startedMs).toEqual([0, 100]);
  });
});

test('full jitter: anywhere between nothing and the bound', () => {
  expect(retryDelayMs(POLICY, 2, () => 0)).toBe(0);
  expect(retryDelayMs(POLICY, 2, () => 0.5)).toBe(100);
  expect(retryDelayMs(POLICY, 60, () => 0.999)).toBe(299);
});
