import { expect, test } from '@jest/globals';
import { SHARDS, shardOf } from './shard.js';

// Rows are stored under these numbers: if this fails, the function is wrong, not the table.
const VECTORS: [string, number][] = [
  ['', 11],
  ['a', 51],
  ['b', 50],
  ['user-1', 44],
  ['user-2', 17],
  ['sku-1', 15],
  ['sku-2', 20],
  ['user-1000000', 8],
  ['0198c0de-0000-7000-8000-000000000001', 49],
  ['käufer', 63],
  ['顧客', 26],
  ['🛒', 60],
];

test.each(VECTORS)('%j lives in shard %d for ever', (key, shard) => {
  expect(shardOf(key)).toBe(shard);
});

test('similar keys spread over all shards, within a quarter of their share', () => {
  const counts = new Array<number>(SHARDS).fill(0);
  for (let i = 0; i < 64_000; i++) {
    const shard = shardOf(`user-${i}`);
    counts[shard] = (counts[shard] ?? 0) + 1;
  }
  expect(Math.min(...counts)).toBeGreaterThan(750);
  expect(Math.max(...counts)).toBeLessThan(1_250);
});
