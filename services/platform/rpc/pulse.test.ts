// Promise: whatever is read first after a standstill, calls that arrive then are sifted; others never are.

import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { Pulse, SIFT_MS } from './pulse.js';

let pulse: Pulse;

beforeEach(() => {
  jest.useFakeTimers();
  pulse = new Pulse();
  pulse.start();
});

afterEach(() => {
  pulse.stop();
  jest.useRealTimers();
});

/** Time passes, and nothing runs. */
const standStill = (ms: number) => jest.setSystemTime(Date.now() + ms);
const sifting = () => pulse.sifting(Date.now());

test('a process that runs sifts nothing', () => {
  jest.advanceTimersByTime(60_000);
  expect(sifting()).toBe(false);
});

test('nor one that stood still for less than a second', () => {
  jest.advanceTimersByTime(200);
  standStill(999);
  expect(sifting()).toBe(false);
});

test.each(['a call is read', 'the timer runs'])('after a standstill, when %s first', (first) => {
  standStill(3_000);
  if (first === 'the timer runs') jest.advanceTimersByTime(200);
  expect(sifting()).toBe(true);
  jest.advanceTimersByTime(SIFT_MS - 1);
  expect(sifting()).toBe(true);
  jest.advanceTimersByTime(1);
  expect(sifting()).toBe(false);
});

test('a server that has stopped has no pulse to miss', () => {
  pulse.stop();
  standStill(60_000);
  expect(sifting()).toBe(false);
});
