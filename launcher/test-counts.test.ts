// Sums of test reports: nothing that broke may look green.
import { expect, test } from '@jest/globals';
import { checkCounts, jestCounts, mutantCounts, sumCounts } from './test-counts.js';

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

test('sums', () => {
  expect(
    sumCounts([
      { passed: 1, failed: 2 },
      { passed: 10, failed: 20 },
    ]),
  ).toEqual({ passed: 11, failed: 22 });
});
