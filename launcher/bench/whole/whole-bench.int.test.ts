// Promise: the whole benchmark measures what it says. Method: all of it in small, on real servers;
// a measurement none of whose calls did what it should fails by itself, and of the strategies the
// one that protects nothing must be seen to oversell.
import { describe, expect, jest, test } from '@jest/globals';
import { silent } from '../../steps.js';
import { type Lab, withLab } from '../lab.js';
import { measureStrategies } from '../strategies/measure-strategies.js';
import { measureGrowthInPlace } from './growth-in-place.js';
import { MEASUREMENTS } from './parts.js';
import { runWholeBench } from './run-whole-bench.js';
import { openScene } from './scene.js';

jest.setTimeout(300_000);

test('every operation beside the empty call', async () => {
  const options = { command: 'bench', seconds: 0.3, rounds: 1 };
  const wanted = new Set(MEASUREMENTS);
  const result = await runWholeBench({ ...options, growthRowsMax: 0, wanted }, silent);
  expect(result.limit?.cpu_us).toBeGreaterThan(0);
  expect(Object.keys(result)).toEqual(['machine', 'versions', 'options', 'limit', ...MEASUREMENTS]);
  for (const name of MEASUREMENTS) {
    expect([name, result[name]?.per_second]).toEqual([name, expect.any(Number)]);
    expect(result[name]?.per_second).toBeGreaterThan(0);
    expect(result[name]?.ratio_to_limit).toBeGreaterThan(0);
  }
  const payers = Object.keys(result.paid_order?.cpu_us_by_process ?? {});
  expect(payers).toEqual(expect.arrayContaining(['gateway', 'payment', 'order']));
});

describe('in one lab', () => {
  const inLab = (work: (lab: Lab, signal: AbortSignal) => Promise<void>) =>
    withLab({ programs: ['sandbox', 'order', 'inventory', 'payment', 'gateway'] }, silent, work);

  test('the strategies, and what an order costs when something is larger', () =>
    inLab(async (lab, signal) => {
      const o = { seconds: 0.3, rounds: 1, processes: lab.processes, signal };
      const strategies = await measureStrategies(lab, { ...o, concurrencies: [100] });
      const wrong = strategies.filter((each) => each.oversold + each.lost > 0);
      expect(strategies).toHaveLength(7);
      expect(wrong.map((each) => each.strategy)).toEqual(['check_then_update']);
      expect(strategies.at(-1)).toMatchObject({
        strategy: 'redis_gate_settled',
        success_share: 1,
        correct_share: 1,
      });

      const scene = await openScene(lab, signal);
      try {
        const points = await measureGrowthInPlace(lab, scene, { ...o, growthRowsMax: 640 });
        const names = points.map(({ dimension, value }) => `${dimension} ${value}`);
        const inPlace =
          'lines 1, lines 5, lines 20, skus 1, skus 100, skus 2000, users 100, users 10000';
        expect(names.join(', ')).toBe(`${inPlace}, users 1000000, past_orders 0, past_orders 640`);
        for (const point of points) expect(point.create_order.per_second).toBeGreaterThan(0);
      } finally {
        scene.close();
      }
    }));
});
