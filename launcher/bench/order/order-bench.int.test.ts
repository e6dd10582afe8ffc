// Promise: every measurement measures what it says. Method: the order service's benchmark in small,
// on real servers; a measurement none of whose calls did what it should fails by itself.
import { expect, jest, test } from '@jest/globals';
import { silent } from '../../steps.js';
import { runOrderBench } from './run-order-bench.js';

jest.setTimeout(300_000);

const FIGURES = {
  per_second: expect.any(Number),
  per_second_spread: [expect.any(Number), expect.any(Number)],
  p50_ms: expect.any(Number),
  p99_ms: expect.any(Number),
};

test('measures every operation and the growth', async () => {
  const options = { command: 'bench order', seconds: 0.3, rounds: 1 };
  const result = await runOrderBench({ ...options, growthRowsMax: 6_400 }, silent);
  const { machine, versions, limit, growth, open_loop: promises, ...rest } = result;
  const { options: told, ...measured } = rest;
  expect(machine.cores).toBeGreaterThan(0);
  expect(versions.node).toBe(process.version);
  expect(told).toEqual(options);
  expect(promises.map((promise) => promise.operation)).toEqual([
    'create_order',
    'get_order',
    'ship_order',
  ]);
  for (const promise of promises) expect(promise.per_second).toBeGreaterThan(0);
  expect(limit?.cpu_us).toBeGreaterThan(0);
  expect(Object.keys(measured)).toEqual([
    'create_order',
    'create_order_limited',
    'sold_out',
    'duplicate',
    'get_order',
    'ship_order',
    'deliver_order',
    'cancel_order',
  ]);
  for (const [name, figures] of Object.entries(measured)) {
    expect([name, figures]).toEqual([name, expect.objectContaining(FIGURES)]);
    expect(figures.per_second).toBeGreaterThan(0);
  }
  expect(growth.map((level) => level.past_orders)).toEqual([0, 6_400]);
});
