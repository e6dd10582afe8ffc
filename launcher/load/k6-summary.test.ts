import { expect, test } from '@jest/globals';
import { readK6Summary } from './k6-summary.js';

/** As k6 2.2.0 hands it to handleSummary(), shortened. */
const SUMMARY = {
  root_group: {
    name: '',
    checks: [
      { name: 'units add up', path: '::units add up', id: 'a', passes: 21, fails: 0 },
      { name: 'create is lawful', path: '::create is lawful', id: 'b', passes: 61, fails: 2 },
    ],
    groups: [],
  },
  metrics: {
    oversold: {
      type: 'counter',
      contains: 'default',
      values: { count: 0, rate: 0 },
      thresholds: { 'count==0': { ok: true } },
    },
    'grpc_req_duration{op:create}': {
      type: 'trend',
      values: { count: 63, med: 4.5, 'p(95)': 90.1, 'p(99)': 120.25, max: 130 },
      thresholds: { 'p(99)<100': { ok: false } },
    },
    dropped_iterations: { values: { count: 3, rate: 0.5 } },
    iterations: { values: { count: 60, rate: 10 } },
    vus_max: { values: { value: 20, min: 20, max: 25 } },
  },
};

test('thresholds and checks are told one by one, with the number they speak of', () => {
  const read = readK6Summary(JSON.stringify(SUMMARY));
  expect(read.thresholds).toEqual([
    { name: 'grpc_req_duration{op:create} p(99)<100', ok: false, detail: '120.3 ms' },
    { name: 'oversold count==0', ok: true, detail: '0' },
  ]);
  expect(read.checks).toEqual([
    { name: 'create is lawful', ok: false, detail: '2 of 63 times not' },
    { name: 'units add up', ok: true, detail: '21 times' },
  ]);
  expect([read.iterations, read.dropped, read.vusMax]).toEqual([60, 3, 25]);
  expect(read.latencies.map(({ operation }) => operation)).toEqual(['create']);
});

test.each([
  ['without thresholds', { ...SUMMARY, metrics: { iterations: { values: { count: 1 } } } }],
  ['of another shape', { metrics: {} }],
])('a summary %s is an error', (_, summary) => {
  expect(() => readK6Summary(JSON.stringify(summary))).toThrow();
});
