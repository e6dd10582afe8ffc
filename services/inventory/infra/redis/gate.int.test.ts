// Promise: the Lua scripts mean exactly what the memory gate says.
// Method: random walks of reserves, refunds, installs with all grants or some, further grants, losses
// and restarts on both, compared reply by reply. A failure prints the seed and the shortest walk.

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createLog } from '../../../platform/log.js';
import { connectRedis, type RedisLink, redisReady } from '../../../platform/redis/connect.js';
import type { Refund } from '../../domain/close.js';
import type { Part } from '../../domain/reservation.js';
import { MemoryGate } from '../memory/memory-gate.js';
import { RedisGate } from './gate.js';

const PARTITION = 7;
const WALKS = 2_000;

let redis: RedisLink;

beforeAll(async () => {
  const url = process.env.TEST_REDIS;
  if (!url) throw new Error('needs real servers: ./spillway with-servers -- npx jest ...');
  const log = createLog({ service: 'test', level: 'silent' });
  redis = connectRedis({ url, commandTimeoutMs: 2_000, log });
  await redisReady(redis);
});

afterAll(() => redis.disconnect());

const skuId = fc.constantFrom('sku-a', 'sku-b', 'sku-c');
const reservationId = fc.constantFrom('r1', 'r2', 'r3', 'r4');
const userId = fc.constantFrom('ann', 'bob');

const part: fc.Arbitrary<Part> = fc.record({
  partition: fc.constant(PARTITION),
  reservationId,
  orderId: fc.constantFrom('o1', 'o2', 'o3'),
  userId,
  fingerprint: fc.constant(''),
  lines: fc.uniqueArray(
    fc.record({
      skuId,
      quantity: fc.integer({ min: 1, max: 3 }),
      userLimit: fc.constantFrom(0, 0, 3),
    }),
    { minLength: 1, maxLength: 3, selector: (line) => line.skuId },
  ),
});

const refund: fc.Arbitrary<Refund> = fc.record({
  partition: fc.constant(PARTITION),
  skuId,
  reservationId,
  quantity: fc.integer({ min: 1, max: 3 }),
  epoch: fc.integer({ min: 1, max: 4 }),
  buyerId: fc.constantFrom('', 'ann'),
  mark: fc.constantFrom('CLOSED', 'o1', ''),
});

const install = fc.record({
  partition: fc.constant(PARTITION),
  skuId,
  epoch: fc.integer({ min: 1, max: 4 }),
  available: fc.integer({ min: 0, max: 6 }),
  grants: fc.uniqueArray(fc.record({ reservationId, orderId: fc.constant('o9') }), {
    selector: (grant) => grant.reservationId,
    maxLength: 2,
  }),
  nextEntry: fc.constantFrom(undefined, 1),
  buyers: fc.uniqueArray(fc.record({ userId, units: fc.integer({ min: 1, max: 3 }) }), {
    selector: (buyer) => buyer.userId,
  }),
});

const recollection = fc.record({
  partition: fc.constant(PARTITION),
  skuId,
  epoch: fc.integer({ min: 1, max: 4 }),
  grants: fc.array(fc.record({ reservationId, orderId: fc.constant('o8') }), { maxLength: 3 }),
  last: fc.boolean(),
});

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => ({ parts })),
  },
  {
    weight: 3,
    arbitrary: fc.array(refund, { minLength: 1, maxLength: 3 }).map((refunds) => ({ refunds })),
  },
  { weight: 4, arbitrary: install.map((load) => ({ load })) },
  { weight: 3, arbitrary: recollection.map((older) => ({ older })) },
  { weight: 1, arbitrary: fc.record({ saw: skuId, epoch: fc.integer({ min: 1, max: 4 }) }) },
  { weight: 1, arbitrary: fc.constant({ lost: 'all' }) },
  { weight: 1, arbitrary: fc.constant({ lost: 'identity' }) },
);

test('random walks end the same on Redis and in the model', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
      await redis.flushall();
      const real = new RedisGate(redis);
      const model = new MemoryGate();
      for (const one of steps) {
        expect(await take(real, one)).toEqual(await take(model, one));
      }
      const skus = ['sku-a', 'sku-b', 'sku-c'].map((id) => ({ partition: PARTITION, skuId: id }));
      const levels = (gate: RedisGate | MemoryGate) => gate.levels(skus);
      expect(await levels(real)).toEqual(await levels(model));
    }),
    { numRuns: WALKS },
  );
}, 120_000);

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

async function take(gate: RedisGate | MemoryGate, one: Step): Promise<unknown> {
  if ('parts' in one) return gate.reserve(one.parts);
  if ('refunds' in one) return gate.refund(one.refunds);
  if ('load' in one) return gate.install([one.load]);
  if ('older' in one) return gate.remember(one.older);
  if ('saw' in one) return gate.sawEpoch(one.saw, one.epoch);
  if (gate instanceof MemoryGate) return one.lost === 'all' ? gate.forget() : gate.restart();
  if (one.lost === 'all') await redis.flushall();
  else {
    await redis.replicaof('127.0.0.1', '1');
    await redis.replicaof('NO', 'ONE');
  }
  return undefined;
}
