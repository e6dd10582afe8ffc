// Promise: one clause finds rows of many shards, each shard and key once.

import { expect, test } from '@jest/globals';
import { inShards } from './in-shards.js';

test('keys are grouped by shard, and a key that comes twice is asked for once', () => {
  const keys = [
    [3, 'a'],
    [7, 'b'],
    [3, 'c'],
    [3, 'a'],
  ] as const;
  expect(inShards('sku_id', keys)).toEqual({
    sql: '((shard_no = ? AND sku_id IN (?)) OR (shard_no = ? AND sku_id IN (?)))',
    values: [3, ['a', 'c'], 7, ['b']],
  });
});

test('a join names the table of its keys', () => {
  const { sql } = inShards('order_id', [[3, 7n]], 'order_line.');
  expect(sql).toBe('((order_line.shard_no = ? AND order_line.order_id IN (?)))');
});
