// Promise: every pass over the masters sees each of them that stays, whichever come, go or fail.

import { expect, test } from '@jest/globals';
import type { Redis } from 'ioredis';
import { skuKeys } from './keys.js';
import { RedisLoadedSkus } from './loaded-skus.js';

test('the masters are walked over one after another, and then again', async () => {
  const loaded = new RedisLoadedSkus(() => [node(2, ['c']), node(1, ['a', 'b'])]);
  expect(await loaded.next(1)).toEqual({ skuIds: ['a'], ended: false });
  expect(await loaded.next(5)).toEqual({ skuIds: ['b', 'c'], ended: true });
  expect(await loaded.next(5)).toEqual({ skuIds: ['a', 'b', 'c'], ended: true });
});

test('a master that is gone in the middle is passed over; one that came is met', async () => {
  let nodes = [node(1, ['a', 'b', 'c']), node(3, ['d'])];
  const loaded = new RedisLoadedSkus(() => nodes);
  await loaded.next(1);
  nodes = [node(2, ['e']), node(3, ['d'])];
  expect(await loaded.next(9)).toEqual({ skuIds: ['e', 'd'], ended: true });
});

test('a master that does not answer keeps nobody waiting', async () => {
  const broken = node(1, []);
  broken.scan = () => Promise.reject(new Error('Connection is closed.'));
  const loaded = new RedisLoadedSkus(() => [broken, node(2, ['a'])]);
  expect(await loaded.next(9)).toEqual({ skuIds: ['a'], ended: true });
});

test('without a master there is nothing to see', async () => {
  const loaded = new RedisLoadedSkus(() => []);
  expect(await loaded.next(9)).toEqual({ skuIds: [], ended: true });
});

test('keys that are not ours are left out, and a look has its bound all the same', async () => {
  const keys = [...Array(50).keys()].map((i) => `{p07}:sku:not a sku ${i}`);
  const loaded = new RedisLoadedSkus(() => [nodeOf(1, [...keys, skuKeys(7, 'a').stock])]);
  expect(await loaded.next(9)).toEqual({ skuIds: [], ended: false });
});

function node(port: number, skuIds: string[]): Redis {
  return nodeOf(
    port,
    skuIds.map((skuId) => skuKeys(7, skuId).stock),
  );
}

// Answers one key a scan; the cursor is the index of the next one.
function nodeOf(port: number, keys: string[]): Redis {
  const scan = (cursor: string) => {
    const next = Number(cursor) + 1;
    const more = next < keys.length ? String(next) : '0';
    return Promise.resolve([more, keys.slice(next - 1, next)]);
  };
  return { options: { host: '127.0.0.1', port }, scan } as unknown as Redis;
}
