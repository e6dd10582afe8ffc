import { describe, expect, test } from '@jest/globals';
import { figuresOf, limitOf, median, othersMax } from './figures.js';
import { GENERATOR, type Sample } from './measure.js';

const limit = {
  cpu_us: 40,
  per_second: 20_000,
  cpu_us_spread: [40, 40] as [number, number],
  per_second_spread: [20_000, 20_000] as [number, number],
  generator_us: 5,
};

const sample = (operations: number, cpu: Sample['cpu'], others?: number): Sample => ({
  operations,
  calls: operations,
  seconds: 2,
  cpu,
  p50Ms: 1.234,
  p99Ms: 5,
  others,
});

test.each([
  [[], 0],
  [[3], 3],
  [[9, 1, 5], 5],
  [[4, 1, 2, 3], 2.5],
])('the median of %j is %d', (values, middle) => {
  expect(median(values)).toBe(middle);
});

describe('figures', () => {
  const samples = [
    sample(1_000, [
      ['inventory', 30_000],
      ['redis', 5_000],
      [GENERATOR, 4_000],
    ]),
    sample(2_000, [
      ['inventory', 40_000],
      ['redis', 20_000],
      [GENERATOR, 8_000],
    ]),
    sample(4_000, [
      ['redis', 40_000],
      ['inventory', 40_000],
      ['order', 40],
      ['sandbox', 4_000],
      [GENERATOR, 16_000],
    ]),
  ];

  test('are medians with their spread; what makes the load and what is not ours is not counted', () => {
    expect(figuresOf(samples, limit)).toEqual({
      per_second: 1_000,
      per_second_spread: [500, 2_000],
      p50_ms: 1.23,
      p99_ms: 5,
      cpu_us: 30,
      cpu_us_spread: [20.01, 35],
      ratio_to_limit: 0.75,
      cpu_us_by_process: { inventory: 20, redis: 10, generator: 4 },
    });
  });

  test('are rates alone where processor times cannot be read', () => {
    const blind = samples.map((each) => ({ ...each, cpu: [] }));
    expect(figuresOf(blind, undefined)).toEqual({
      per_second: 1_000,
      per_second_spread: [500, 2_000],
      p50_ms: 1.23,
      p99_ms: 5,
    });
  });
});

test('the unit is the median of its rounds, and absent without processor times', () => {
  const calls = [40_000, 44_000, 60_000].map((micros) =>
    sample(1_000, [
      ['limit', micros],
      [GENERATOR, 9_000],
    ]),
  );
  expect(limitOf(calls)).toEqual({
    cpu_us: 44,
    cpu_us_spread: [40, 60],
    per_second: 500,
    per_second_spread: [500, 500],
    generator_us: 9,
  });
  expect(limitOf([])).toBeUndefined();
  expect(limitOf([sample(1, [])])).toBeUndefined();
});

test('others are told by their worst round', () => {
  expect(othersMax([sample(1, [], 0.021), sample(1, [], 0.5)])).toBe(0.5);
  expect(othersMax([sample(1, [])])).toBeUndefined();
});
