import { cpus } from 'node:os';
import { expect, test } from '@jest/globals';
import { othersShare, parseBusy } from './machine-busy.js';

test('counts all columns but the two that wait, and not the guests that user time holds already', () => {
  const stat = 'cpu  100 20 30 99999 88888 4 5 6 70 80\ncpu0 1 1 1 1 1 1 1 1 1 1\n';
  expect(parseBusy(stat)).toBe((100 + 20 + 30 + 4 + 5 + 6) * 10_000);
});

test.each(['', 'intr 1 2 3', 'cpu 1 2'])('cannot read %j', (stat) => {
  expect(parseBusy(stat)).toBeUndefined();
});

test('the share of others is of all processors, and stays between nothing and all', () => {
  const second = 1_000_000 * cpus().length;
  expect(othersShare(second, 0.75 * second, 1)).toBeCloseTo(0.25);
  expect(othersShare(2 * second, second, 2)).toBeCloseTo(0.5);
  expect(othersShare(10, 20, 1)).toBe(0);
  expect(othersShare(9 * second, 0, 1)).toBe(1);
});
