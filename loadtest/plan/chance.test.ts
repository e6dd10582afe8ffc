import { expect, test } from '@jest/globals';
import { Chance, zipf } from './chance.js';

const draws = (seed: number, arrival: number) => {
  const chance = new Chance(seed, arrival);
  return [chance.next(), chance.next(), chance.next()];
};

test('an arrival draws the same whenever it comes', () => {
  expect(draws(7, 12)).toEqual(draws(7, 12));
});

test('neighbours and other seeds draw differently', () => {
  const seen = [draws(7, 12), draws(7, 13), draws(8, 12)].map((drawn) => drawn.join());
  expect(new Set(seen).size).toBe(3);
});

test('first draws of neighbouring arrivals are spread evenly', () => {
  const tenths = new Array<number>(10).fill(0);
  for (let n = 0; n < 10_000; n++) {
    const tenth = new Chance(1, n).below(10);
    tenths[tenth] = (tenths[tenth] ?? 0) + 1;
  }
  // 1,000 each; the spread of such a count is about 30.
  for (const count of tenths) expect(Math.abs(count - 1_000)).toBeLessThan(200);
});

test.each([
  [0, 0],
  [0.9999999, 3],
])('of four, u = %d is SKU %d', (u, sku) => {
  expect(zipf(4)(u)).toBe(sku);
});

test('the first of a thousand is wanted ten times as often as the tenth', () => {
  const popular = zipf(1_000);
  const counts = new Map<number, number>();
  for (let i = 0; i < 100_000; i++) {
    const sku = popular(i / 100_000);
    counts.set(sku, (counts.get(sku) ?? 0) + 1);
  }
  expect((counts.get(0) ?? 0) / (counts.get(9) ?? 1)).toBeCloseTo(10, 0);
});
