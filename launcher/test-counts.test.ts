// Sums of test reports: nothing that broke may look green.
import { expect, test } from '@jest/globals';
import {
  buildCounts,
  checkCounts,
  jestCounts,
  loadCounts,
  mutantCounts,
  sumCounts,
} from './test-counts.js';

const step = (name: string, ok: boolean) => ({ name, ok, seconds: 1 });
const report = (steps: object[], passed: number, failed: number) => ({
  steps,
  tests: { passed, failed },
});

test.each<[string, unknown, number, number]>([
  // what                                  report                                            passed failed
  [
    'each step and each unit test count one',
    report([step('tests', true), step('lint', true)], 5, 0),
    6,
    0,
  ],
  ['a failed step', report([step('tests', true), step('lint', false)], 5, 0), 5, 1],
  [
    'failed unit tests count themselves, not their step',
    report([step('tests', false)], 5, 2),
    5,
    2,
  ],
  ['a runner that fails without a failed test', report([step('tests', false)], 5, 0), 5, 1],
  ['no report', undefined, 0, 1],
  ['another format', { steps: 'none' }, 0, 1],
])('checks: %s', (_, given, passed, failed) => {
  expect(checkCounts(given)).toEqual({ passed, failed });
});

test.each<[string, unknown, number, number]>([
  ['counted', { numPassedTests: 3, numFailedTests: 1, numRuntimeErrorTestSuites: 0 }, 3, 1],
  [
    'a file that cannot run is a failure',
    { numPassedTests: 3, numFailedTests: 0, numRuntimeErrorTestSuites: 1 },
    3,
    1,
  ],
  ['no report', undefined, 0, 1],
])('jest: %s', (_, given, passed, failed) => {
  expect(jestCounts(given)).toEqual({ passed, failed });
});

test.each<[string, unknown, number, number]>([
  [
    'whatever is not killed is a failure',
    {
      mutants: ['KILLED', 'SURVIVED', 'UNUSABLE', 'KILLED'].map((outcome) => {
        return { name: 'a bug', outcome };
      }),
    },
    2,
    2,
  ],
  ['none at all', { mutants: [] }, 0, 1],
  ['no report', undefined, 0, 1],
])('mutants: %s', (_, given, passed, failed) => {
  expect(mutantCounts(given)).toEqual({ passed, failed });
});

const kept = { name: 'a promise', ok: true };
const broken = { name: 'another', ok: false };
const underLoad = (run: object) => ({
  ok: true,
  runs: [{ thresholds: [kept], checks: [], verdict: [kept], ...run }],
});

test.each<[string, unknown, number, number]>([
  ['every promise counts', underLoad({ checks: [kept, broken] }), 3, 1],
  ['a question of the verdict too', underLoad({ verdict: [broken, kept] }), 2, 1],
  ['a run that was never judged', underLoad({ verdict: [] }), 0, 1],
  ['a run without a threshold', underLoad({ thresholds: [] }), 0, 1],
  ['no run', { ok: true, runs: [] }, 0, 1],
  ['no report', undefined, 0, 1],
])('load: %s', (_, given, passed, failed) => {
  expect(loadCounts(given)).toEqual({ passed, failed });
});

test.each<[string, unknown, number, number]>([
  ['each counts', { builds: [kept, broken, kept] }, 2, 1],
  ['none at all', { builds: [] }, 0, 1],
  ['no report', undefined, 0, 1],
])('broken builds: %s', (_, given, passed, failed) => {
  expect(buildCounts(given)).toEqual({ passed, failed });
});

test('sums', () => {
  expect(
    sumCounts([
      { passed: 1, failed: 2 },
      { passed: 10, failed: 20 },
    ]),
  ).toEqual({ passed: 11, failed: 22 });
});
