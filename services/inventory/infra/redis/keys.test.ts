// Promise: all keys of a partition lie in one slot of a cluster, whatever its SKUs are called, so that
// one script may touch all of them.
// Method: random SKU ids that the contract allows; the driver's own idea of a key's slot.

import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Command } from 'ioredis';
import { skuKeys } from './keys.js';

const skuId = fc.stringMatching(/^[A-Za-z0-9_.:-]{1,64}$/);
const partition = fc.integer({ min: 0, max: 63 });

function slotsOf(keys: readonly string[]): Set<number | null> {
  return new Set(keys.map((key) => new Command('get', [key]).getSlot()));
}

test('the slot depends on the partition alone', () => {
  fc.assert(
    fc.property(partition, fc.array(skuId, { minLength: 1, maxLength: 5 }), (number, skuIds) => {
      const keys = skuIds.flatMap((id) => Object.values<string>({ ...skuKeys(number, id) }));
      expect(slotsOf(keys).size).toBe(1);
    }),
  );
});

test('a cluster of a few masters gets a share of the partitions each', () => {
  const numbers = Array.from({ length: 64 }, (_, i) => i);
  const slots = [...slotsOf(numbers.map((number) => skuKeys(number, 'a').stock))];
  expect(slots).toHaveLength(64);
  const thirds = [0, 1, 2].map((i) => slots.filter((s) => Math.floor(Number(s) / 5462) === i));
  for (const third of thirds) expect(third.length).toBeGreaterThan(10);
});
