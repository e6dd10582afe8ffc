// The plan of capacity, followed by hand for a result whose numbers are round.
import { describe, expect, test } from '@jest/globals';
import { sampleFigures, sampleResult } from '../sample-result.fixture.js';
import { capacityCosts, missingForCapacity, planCapacity, redundant } from './capacity.js';
import { capacityDocument } from './capacity-document.js';

describe('cost of an order with all that follows it', () => {
  test('is made of each kind of process apart', () => {
    const { micros, topologyFactor, latencyMs } = capacityCosts(sampleResult);
    // 80 created + 0.8 x (120 - 80) paid + 0.05 x 80 cancelled + 3 x 50 read + 10 x 50 sold out.
    expect(micros.order).toBeCloseTo(766);
    // 35 + 0.8 x 40 + 0.05 x 40 + 3 x 10.
    expect(micros.mysql).toBeCloseTo(99);
    expect(micros.gateway).toBeCloseTo(64);
    expect(topologyFactor).toBeCloseTo(180 / 150);
    expect(latencyMs).toEqual({ p50: 20, p99: 60 });
  });

  test('a paid order that came out cheaper than a new one adds nothing', () => {
    const paid_order = sampleFigures(100, { order: 70 });
    expect(capacityCosts({ ...sampleResult, paid_order }).micros.order).toBeCloseTo(734);
  });

  test('one topology alone tells no factor', () => {
    expect(capacityCosts({ ...sampleResult, growth: [] }).topologyFactor).toBe(1);
  });

  test('what was not measured is named', () => {
    const { get_order: _get, ...rest } = sampleResult;
    expect(missingForCapacity(rest)).toEqual(['get_order']);
  });
});

test('processes, masters, servers and calls in flight', () => {
  const micros = { order: 600, inventory: 60, payment: 6, gateway: 1, redis: 50, mysql: 400 };
  const costs = { micros, topologyFactor: 1.2, latencyMs: { p50: 20, p99: 60 } };
  const plan = planCapacity(costs, 10_000);
  // 10,000 x 600 µs x 1.2 = 7.2 cores, at 60 % use 12 processes.
  expect(plan.cores.order).toBeCloseTo(7.2);
  expect(plan.services).toEqual({
    order: { needed: 12, spare: 2 },
    inventory: { needed: 2, spare: 2 },
    payment: { needed: 1, spare: 2 },
    gateway: { needed: 1, spare: 2 },
  });
  // 0.6 cores at 50 % are two masters; 4.8 cores at half of 8 are two servers.
  expect([plan.redisMasters, plan.mysqlServers]).toEqual([2, 2]);
  expect(plan.inFlight).toEqual({ p50: 200, p99: 600 });
  expect(plan.coresTotal).toBe(12 + 2 + 2 + 2 + 1 + 2 + 1 + 2 + 2 * 2 + 2 * 8 * 2);
});

test.each([
  [0.1, { needed: 1, spare: 2 }],
  [20, { needed: 20, spare: 2 }],
  [20.1, { needed: 21, spare: 3 }],
  [200, { needed: 200, spare: 20 }],
])('%d processes are %j', (processes, expected) => {
  expect(redundant(processes)).toEqual(expected);
});

test('the document shows the formulas, both plans, and what was extrapolated', () => {
  const text = capacityDocument(sampleResult);
  expect(text).toContain('| order | 766.0 |');
  expect(text).toContain('| Orders per second | 10,000 | 100,000 |');
  expect(text).toContain('10,000 x 766.0 µs x 1.20 = 9.2 busy cores; 9.2 / 0.6 = 16 processes');
  expect(text).toContain('f = 1.20');
  expect(text).toMatch(/Extrapolated: that the cost per order stays/);
  expect(text).not.toMatch(/not possible/);
});

test('the document says when there would be more servers than shards', () => {
  const dear = sampleFigures(9_000, { order: 80, mysql: 9_000 });
  const result = { ...sampleResult, create_order: dear };
  expect(capacityDocument(result)).toMatch(/More than 64 servers of a kind are not possible/);
});
