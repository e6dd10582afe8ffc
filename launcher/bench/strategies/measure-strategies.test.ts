// What several trials of a strategy say together.
import { expect, test } from '@jest/globals';
import { figuresFrom } from './measure-strategies.js';

const sample = {
  operations: 90,
  calls: 100,
  seconds: 1,
  cpu: [['mysql', 9_000]] as [string, number][],
  p50Ms: 10,
  p99Ms: 50,
  others: undefined,
};
const trial = {
  acceptedPerSecond: 90,
  sample,
  attempts: 100,
  bought: 90,
  rush: { attempts: 100, failed: 0, oversold: 0, lost: 0 },
};

test('rates are medians, wrongs are counted together', () => {
  const rush = { attempts: 100, failed: 5, oversold: 3, lost: 2 };
  const trials = [trial, { ...trial, acceptedPerSecond: 110, rush }];
  expect(figuresFrom('optimistic_lock', 100, trials)).toEqual({
    strategy: 'optimistic_lock',
    concurrency: 100,
    accepted_per_second: 100,
    accepted_per_second_spread: [90, 110],
    success_share: 0.9,
    p50_ms: 10,
    p99_ms: 50,
    cpu_us: 100,
    oversold: 3,
    lost: 2,
    // 20 failed while there was stock, 5 at the end, 3 oversold, 2 lost, of 400 answers.
    correct_share: 0.925,
  });
});

test('nobody is wrong only if nobody is', () => {
  const right = { ...trial, bought: 100 };
  expect(figuresFrom('database_constraint', 500, [right]).correct_share).toBe(1);
});
