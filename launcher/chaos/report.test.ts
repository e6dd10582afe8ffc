import { expect, test } from '@jest/globals';
import { PLAIN } from '../audit/render.js';
import type { CaseResult, ChaosResult } from './chaos-result.js';
import { renderCase, renderChaos } from './report.js';

const STATS = {
  answers: 12_345,
  granted: 678,
  refused: 90,
  unknown: 12,
  shed: 0,
  p50_ms: 2,
  p99_ms: 31,
  max_ms: 1_900,
  silence_ms: 210,
  selling_ms: 40,
  rebases: 9,
  lag_ms: 3,
};

const KEPT: CaseResult = {
  id: 'T-R1',
  story: 'kill -9 of Redis',
  ok: true,
  seed: 42,
  took_ms: 24_400,
  violations: [],
  unmet: [],
  stats: STATS,
};

const BROKEN: CaseResult = {
  ...KEPT,
  id: 'T-M2',
  ok: false,
  violations: Array.from({ length: 10 }, (_, i) => ({
    invariant: 'I2',
    subject: `r${i}`,
    detail: 'granted, but there is no row',
  })),
  unmet: ['the fault did not happen: commits cut after'],
  history: 'logs/history.jsonl',
};

function run(...cases: CaseResult[]): ChaosResult {
  const load = { seed: 42, seconds: 20, rate_per_second: 2_500, redis_cluster: false };
  return { ok: cases.every((one) => one.ok), ...load, cases };
}

test('a case that kept its promises is two lines', () => {
  expect(renderCase(KEPT, PLAIN).split('\n')).toEqual([
    '  T-R1   kept    24 s  678 grants in 12,345 attempts, 12 unknown, p99 0.03 s, ' +
      'silent 0.21 s at most, 9 rebases, selling again after 0.04 s',
    '         kill -9 of Redis',
  ]);
});

test('a broken one says what broke, a bounded number of times, and where to look', () => {
  const text = renderCase(BROKEN, PLAIN);
  expect(text).toContain('BROKEN');
  expect(text).toContain('I2 r7: granted, but there is no row');
  expect(text).not.toContain('r8');
  expect(text).toContain('... and 2 more in the history');
  expect(text).toContain('expected the fault did not happen: commits cut after');
  expect(text).toContain('history: logs/history.jsonl');
});

test('a machine that is too busy is told of', () => {
  const stats = { ...STATS, lag_ms: 410 };
  expect(renderCase({ ...KEPT, stats }, PLAIN)).toContain('our own timers came up to 0.41 s late');
});

test('a SKU that never sold again is no number', () => {
  const stats = { ...STATS, selling_ms: Number.POSITIVE_INFINITY };
  expect(renderCase({ ...KEPT, stats }, PLAIN)).toContain('selling again after never');
});

test('the sum says that all is well', () => {
  const text = renderChaos(run(KEPT), PLAIN);
  expect(text).toContain('1 case: 12,345 attempts, 678 grants, 12 unknown on the way.');
  expect(text).toContain('Every promise was kept.');
});

test('or how to see again what is not', () => {
  const text = renderChaos(run(KEPT, BROKEN), PLAIN);
  expect(text).toContain('Broken: T-M2.');
  const again = './spillway chaos --case T-M2 --seed 42 --seconds 20 --rate 2500';
  expect(text).toContain(again);
  expect(renderChaos({ ...run(BROKEN), redis_cluster: true }, PLAIN)).toContain(
    `${again} --redis-cluster`,
  );
});
