import { expect, test } from '@jest/globals';
import { SCENARIO_NAMES, SCENARIOS } from '../../loadtest/plan/scenario-table.js';
import { sizeOf } from './run-size.js';

test.each(SCENARIO_NAMES)('%s has its own size unless told otherwise', (name) => {
  expect(sizeOf(name, { short: false })).toEqual(SCENARIOS[name].full);
  expect(sizeOf(name, { short: true })).toEqual(SCENARIOS[name].short);
});

test('with twice the arrivals a scarce SKU stays as scarce', () => {
  const own = SCENARIOS['flash-sale'].full;
  expect(sizeOf('flash-sale', { short: false, rate: own.rate * 2 }).units).toBe(own.units * 2);
  expect(sizeOf('flash-sale', { short: false, seconds: 1, rate: 1 }).units).toBe(1);
});

test('a SKU of which there is plenty keeps its units', () => {
  const own = SCENARIOS.steady.full;
  expect(sizeOf('steady', { short: false, seconds: 1 })).toEqual({ ...own, seconds: 1 });
});

test.each(SCENARIO_NAMES.filter((name) => SCENARIOS[name].sellsOut))(
  '%s has more buyers than units, small and large',
  (name) => {
    for (const { rate, seconds, skus, units } of [SCENARIOS[name].full, SCENARIOS[name].short]) {
      // The ramp of a flash sale brings three quarters of a constant rate.
      expect(rate * seconds * 0.75).toBeGreaterThan(skus * units);
    }
  },
);
