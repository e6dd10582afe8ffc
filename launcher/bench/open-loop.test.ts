// Calls start by the clock whatever becomes of earlier ones, and a stall shows in the latency of
// the calls that should have started during it.
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { measureOpen } from './open-loop.js';

const signal = new AbortController().signal;
const OPEN = { ratePerSecond: 500, seconds: 0.4, signal };

test('starts as many calls as the rate says, and counts what they did', async () => {
  let calls = 0;
  const call = async () => (++calls % 2 === 0 ? 1 : undefined);
  const sample = await measureOpen({ concurrency: 1, call }, OPEN);
  expect(sample).toMatchObject({ started: 200, done: 100, dropped: 0 });
});

test('callers do not wait for each other', async () => {
  let inFlight = 0;
  let most = 0;
  const call = async () => {
    most = Math.max(most, ++inFlight);
    await sleep(150);
    inFlight -= 1;
    return 1;
  };
  const { started, p50Ms } = await measureOpen({ concurrency: 1, call }, OPEN);
  expect(started).toBe(200);
  // 500 a second for 150 ms each are 75 at a time.
  expect(most).toBeGreaterThan(30);
  expect(p50Ms).toBeGreaterThanOrEqual(149);
});

test('a call that could not start in time has waited since then', async () => {
  let first = true;
  const call = async () => {
    // Nothing starts while this process is busy, as when it waits for a stalled peer.
    const endMs = performance.now() + (first ? 300 : 0);
    first = false;
    while (performance.now() < endMs);
    return 1;
  };
  const { p50Ms, p99Ms } = await measureOpen({ concurrency: 1, call }, OPEN);
  expect(p50Ms).toBeGreaterThan(50);
  expect(p99Ms).toBeGreaterThan(250);
});

test('a call that fails ends it', async () => {
  const call = () => Promise.reject(new Error('gone'));
  await expect(measureOpen({ concurrency: 1, call }, OPEN)).rejects.toThrow('gone');
});
