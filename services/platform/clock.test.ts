import { expect, test } from '@jest/globals';
import { ManualClock, systemClock } from './clock.js';

test('a manual clock wakes sleepers in the order in which they are due', async () => {
  const clock = new ManualClock(1_000);
  const woken: string[] = [];
  void clock.sleep(30).then(() => woken.push(`c at ${clock.nowMs()}`));
  void clock.sleep(10).then(() => woken.push(`a at ${clock.nowMs()}`));
  void clock
    .sleep(10)
    .then(() => clock.sleep(10))
    .then(() => woken.push(`b at ${clock.nowMs()}`));
  await clock.advance(20);
  expect(woken).toEqual(['a at 1010', 'b at 1020']);
  await clock.advance(10);
  expect(woken).toEqual(['a at 1010', 'b at 1020', 'c at 1030']);
});

test('stepping the wall clock leaves the monotonic clock alone', () => {
  const clock = new ManualClock(1_000);
  clock.stepWallClock(-500);
  expect([clock.nowMs(), clock.monotonicMs()]).toEqual([500, 0]);
});

test.each([
  ['system', systemClock],
  ['manual', new ManualClock()],
])('%s: a sleep ends early when aborted, before or during it', async (_, clock) => {
  const abort = new AbortController();
  const sleep = clock.sleep(60_000, abort.signal);
  abort.abort();
  await sleep;
  await clock.sleep(60_000, abort.signal);
});
