// The fences of the gate, one by one on real Redis: what each script refuses, and why that unit would
// otherwise be offered twice or never again. The random walks of gate.int.test.ts hold the rest.

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { silent, testUrl } from '../../../platform/real-servers.fixture.js';
import { connectRedis, type RedisLink, redisReady } from '../../../platform/redis/connect.js';
import type { Part } from '../../domain/reservation.js';
import { partitionOf } from '../../domain/split.js';
import { RedisGate } from './gate.js';

let redis: RedisLink;

beforeAll(async () => {
  redis = connectRedis({ url: testUrl('TEST_REDIS'), commandTimeoutMs: 2_000, log: silent });
  await redisReady(redis);
});

afterAll(() => redis.disconnect());

test('what was never loaded is not zero', async () => {
  const { reserve } = open();
  expect(await reserve('r1')).toMatchObject({ outcome: 'NOT_LOADED' });
});

test('the retry of the request that took the last unit hears its order', async () => {
  const { load, reserve } = open();
  await load({ epoch: 1, available: 1 });
  expect(await reserve('r1')).toMatchObject({ outcome: 'GRANTED', orderId: 'order of r1' });
  expect(await reserve('r1')).toMatchObject({ outcome: 'DUPLICATE', orderId: 'order of r1' });
  expect(await reserve('r2')).toMatchObject({ outcome: 'SOLD_OUT', available: 0 });
});

test('a Redis with another replication id is not believed, though its scripts are there', async () => {
  const { load, reserve, level } = open();
  await load({ epoch: 1, available: 5 });
  await reserve('r1');
  await restart();
  expect(await reserve('r2')).toMatchObject({ outcome: 'STALE' });
  expect(await level()).toMatchObject({ available: 4 });
  await load({ epoch: 2, available: 4 });
  expect(await reserve('r2')).toMatchObject({ outcome: 'GRANTED' });
});

test('a Redis that is behind what this process has seen is not believed', async () => {
  const { load, reserve, gate, skuId } = open();
  await load({ epoch: 2, available: 5 });
  gate.sawEpoch(skuId, 3);
  expect(await reserve('r1')).toMatchObject({ outcome: 'EPOCH' });
});

test('a load that comes late undoes nothing', async () => {
  const { load, reserve, level } = open();
  await load({ epoch: 3, available: 5 });
  await reserve('r1');
  expect(await load({ epoch: 2, available: 9 })).toEqual(['OLDER']);
  expect(await load({ epoch: 3, available: 9 })).toEqual(['OLDER']);
  expect(await level()).toMatchObject({ available: 4, epoch: 3 });
});

test('a refund counts once', async () => {
  const { load, reserve, refund, level } = open();
  await load({ epoch: 1, available: 5 });
  await reserve('r1');
  expect(await refund('r1', 1)).toEqual(['REFUNDED']);
  expect(await refund('r1', 1)).toEqual(['DUPLICATE']);
  expect(await level()).toMatchObject({ available: 5 });
});

test('a refund of an older epoch was counted by the load, and one of a newer waits for it', async () => {
  const { load, refund, level } = open();
  await load({ epoch: 2, available: 5 });
  expect(await refund('r1', 1)).toEqual(['SKIPPED']);
  expect(await refund('r1', 3)).toEqual(['NOT_LOADED']);
  expect(await level()).toMatchObject({ available: 5 });
});

test('older grants that come late do not open a closed request again', async () => {
  const { load, reserve, refund, gate, skuId, partition } = open();
  await load({ epoch: 1, available: 5 });
  await reserve('r1');
  await refund('r1', 1);
  const grants = [{ reservationId: 'r1', orderId: 'order of r1' }];
  await gate.remember({ partition, skuId, epoch: 1, grants, last: true });
  expect(await reserve('r1')).toEqual({ outcome: 'CLOSED' });
});

/** A SKU of its own for each test, so that they may share one Redis. */
function open() {
  const skuId = `fence-${Math.random().toString(36).slice(2)}`;
  const partition = partitionOf(skuId);
  const gate = new RedisGate(redis);
  const part = (reservationId: string): Part => ({
    partition,
    reservationId,
    orderId: `order of ${reservationId}`,
    userId: 'ann',
    fingerprint: '',
    lines: [{ skuId, quantity: 1, userLimit: 0 }],
  });
  return {
    gate,
    skuId,
    partition,
    load: (o: { epoch: number; available: number }) =>
      gate.install([{ partition, skuId, ...o, grants: [], nextEntry: undefined, buyers: [] }]),
    reserve: async (reservationId: string) => (await gate.reserve([part(reservationId)]))[0],
    refund: (reservationId: string, epoch: number) => {
      const units = { partition, skuId, reservationId, quantity: 1, epoch };
      return gate.refund([{ ...units, buyerId: '', mark: 'CLOSED' }]);
    },
    level: async () => (await gate.levels([{ partition, skuId }]))[0],
  };
}

/** Following a master that is not there, and no longer: the data and the scripts stay, the id is new. */
async function restart(): Promise<void> {
  await redis.call('REPLICAOF', '127.0.0.1', '1');
  await redis.call('REPLICAOF', 'NO', 'ONE');
}
