// The breaker, second by second.

import { expect, test } from '@jest/globals';
import { ManualClock } from '../../../platform/clock.js';
import { CircuitBreaker } from './circuit-breaker.js';

test('three failures open it, one probe at a time may close it', async () => {
  const clock = new ManualClock();
  const changes: boolean[] = [];
  const onChange = (opened: boolean) => changes.push(opened);
  const breaker = new CircuitBreaker({
    failuresMax: 3,
    openMs: 100,
    probeMsMax: 50,
    clock,
    onChange,
  });
  for (const well of [false, false, true, false, false, false]) {
    expect(breaker.enter()).toBe(true);
    if (well) breaker.succeeded();
    else breaker.failed();
  }
  expect([breaker.passable(), breaker.enter()]).toEqual([false, false]);
  await clock.advance(99);
  expect(breaker.enter()).toBe(false);
  await clock.advance(1);
  expect([breaker.passable(), breaker.enter(), breaker.enter()]).toEqual([true, true, false]);
  breaker.failed();
  await clock.advance(99);
  expect(breaker.enter()).toBe(false);
  await clock.advance(1);
  expect(breaker.enter()).toBe(true);
  // The probe is never answered: after its time another one may try.
  await clock.advance(50);
  expect(breaker.enter()).toBe(true);
  breaker.succeeded();
  expect([breaker.enter(), breaker.enter()]).toEqual([true, true]);
  expect(changes).toEqual([true, false]);
});
