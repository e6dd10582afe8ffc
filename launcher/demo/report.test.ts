// The report and the verdict: a run that kept its promises, and each promise broken.
import { describe, expect, test } from '@jest/globals';
import { problem } from '../audit/problem.js';
import { PLAIN } from '../audit/render.js';
import { auditReport } from '../audit/run-audit.js';
import { parseStat } from './cpu.js';
import type { DemoResult } from './demo-result.js';
import { renderDemo } from './report.js';
import { drawStock } from './stock-curve.js';
import { brokenPromises } from './verdict.js';

const counts = {
  skus: 21,
  units: { total: 7_000, available: 300, reserved: 0, sold: 6_700 },
  ledgerEntries: 9_000,
  orders: { PAID: 4_400, CANCELLED: 500 },
  orderLines: 5_000,
  reservationLines: 5_000,
  inFlightUnits: 0,
  payments: 4_900,
  outboxWaiting: 0,
  money: new Map(),
  providerAsked: true,
};

const good: DemoResult = {
  ok: true,
  broken: [],
  seed: 7,
  buyers: 20_000,
  concurrency: 400,
  accepted: 4_900,
  paid: 4_400,
  cancelled: 250,
  expired: 150,
  refunded: 100,
  pending: 0,
  sold_out: 15_100,
  refused_otherwise: {},
  failed: 0,
  duplicates_answered: 1_000,
  duplicates_unequal: 0,
  duplicates_refused: 0,
  troubles: {},
  retries: 3,
  callbacks: { events: 4_900, duplicated: 490, lost: 245, found_by_asking: 245 },
  orders_in_mysql: 4_900,
  units: 7_000,
  units_left: 300,
  units_promised: 6_700,
  units_moved: 6_700,
  oversold: 0,
  hot: { sku_id: 't-hot', units: 1_000, demand: 11_800, sold: 1_000, left: 0 },
  rush_seconds: 5.2,
  orders_per_second: 940,
  requests_per_second: 4_600,
  latency_ms: { p50: 80, p90: 110, p99: 160, max: 240 },
  till_seconds: 6,
  cpu: {
    micros_per_order: 900,
    micros_per_request: 180,
    micros_per_empty_call: 45,
    empty_calls_per_request: 4,
    by_process: [{ name: 'order', micros_per_request: 90 }],
  },
  audit: auditReport([], counts, 1, 900),
};

describe('the verdict', () => {
  test('a run that kept its promises', () => expect(brokenPromises(good)).toEqual([]));

  test('a hot SKU that nobody wanted need not sell out', () => {
    const hot = { ...good.hot, demand: 10, sold: 10, left: 990 };
    expect(brokenPromises({ ...good, hot })).toEqual([]);
  });

  test('a buyer without an answer may have an order', () => {
    expect(brokenPromises({ ...good, failed: 1, orders_in_mysql: 4_901 })).toEqual([]);
  });

  test.each<[string, Partial<DemoResult>]>([
    [
      'The audit found 1 problem.',
      { audit: auditReport([problem('LEAKED', 'o', 'x')], counts, 2, 9) },
    ],
    ['1 duplicates were answered with another order.', { duplicates_unequal: 1 }],
    ['1 duplicates were refused although their order stood.', { duplicates_refused: 1 }],
    ['Buyers hold 4900 orders, but MySQL has 4901.', { orders_in_mysql: 4_901 }],
    ['Buyers hold 4900 orders, but MySQL has 4899.', { orders_in_mysql: 4_899 }],
    ['Orders are worth 6700 units, but 6701 units have moved.', { units_moved: 6_701 }],
    [
      'The hot SKU sold 999 of 1000 units although more were wanted.',
      { hot: { ...good.hot, sold: 999 } },
    ],
    ['2 units are oversold.', { oversold: 2 }],
    [
      '245 callbacks were lost, but only 244 charges were found.',
      { callbacks: { events: 4_900, duplicated: 490, lost: 245, found_by_asking: 244 } },
    ],
  ])('%s', (sentence, change) => {
    expect(brokenPromises({ ...good, ...change })).toEqual([sentence]);
  });
});

test('the report says what happened and what it cost', () => {
  const text = renderDemo(good, [{ atMs: 0, available: 1_000 }], PLAIN);
  expect(text).toMatch(/orders accepted +4,900 +MySQL has 4,900/);
  expect(text).toMatch(/refused as sold out +15,100/);
  expect(text).toMatch(/came twice +490 +taken once/);
  expect(text).toMatch(/were lost +245 +245 found by asking the provider/);
  expect(text).toMatch(/hot units sold +1,000 +of 1,000; 11,800 were wanted/);
  expect(text).toMatch(/p50 80 ms .* p99 160 ms/);
  expect(text).toContain('4.0 times an empty grpc-js call (45 µs)');
  expect(text).not.toContain('✗');
});

test('broken promises end the report', () => {
  const text = renderDemo({ ...good, ok: false, broken: ['2 units are oversold.'] }, [], PLAIN);
  expect(text.trimEnd().endsWith('✗ 2 units are oversold.')).toBe(true);
});

describe('the stock curve', () => {
  const samples = [0, 100, 200, 300, 400].map((atMs, i) => ({ atMs, available: 100 - i * 25 }));

  test('falls from all to nothing', () => {
    expect(drawStock(samples, 100, { width: 8, height: 2 })).toEqual([
      '    100 ┤██▄▄',
      '      0 ┤██████▄▄',
      '        └────────',
      '         0 0.40 s',
    ]);
  });

  test('without samples there is none', () => {
    expect(drawStock([], 100, { width: 8, height: 2 })).toEqual([]);
  });
});

test('processor time is read past a name with spaces and parentheses', () => {
  const stat = '12 (a) b (c) S 1 1 1 0 -1 4194560 2 0 0 0 150 50 0 0 20 0';
  expect(parseStat(stat)).toBe(2_000_000);
  expect(parseStat('nonsense')).toBeUndefined();
});
