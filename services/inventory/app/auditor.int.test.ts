// Promise, on real servers: what a process that died has left between gate and arbiter is for sale again
// before a buyer has waited long, and is found even if nobody asks; units that are merely slow are not
// taken from those who hold them.

import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { systemClock as clock } from '../../platform/clock.js';
import { createTestDatabase, type TestDatabase } from '../../platform/mysql/database.fixture.js';
import { migrate } from '../../platform/mysql/migrate.js';
import { eventually, silent as log, testUrl } from '../../platform/real-servers.fixture.js';
import { connectRedis, masters, type RedisLink, redisReady } from '../../platform/redis/connect.js';
import { partitionOf, split } from '../domain/split.js';
import { MysqlStockBook } from '../infra/mysql/stock-book.js';
import { RedisGate } from '../infra/redis/gate.js';
import { RedisLoadedSkus } from '../infra/redis/loaded-skus.js';
import { Auditor } from './auditor.js';
import { HoldParts } from './hold-parts.js';
import { Rebase } from './rebase.js';
import { Refunds } from './refunds.js';

let db: TestDatabase;
let redis: RedisLink;
const soon = () => Date.now() + 10_000;

beforeAll(async () => {
  db = await createTestDatabase({ urls: [testUrl('TEST_MYSQL_1'), testUrl('TEST_MYSQL_2')] });
  const directory = new URL('../infra/mysql/sql/', import.meta.url);
  await migrate(db.shards, { directory, database: db.name, log });
  redis = connectRedis({ url: testUrl('TEST_REDIS'), commandTimeoutMs: 2_000, log });
  await redisReady(redis);
}, 30_000);

beforeEach(() => redis.flushall());

afterAll(async () => {
  await db.drop();
  redis.disconnect();
});

/** What a process of inventory has, with a count of its rebases. */
function openProcess() {
  const gate = new RedisGate(redis);
  const rebased: string[] = [];
  const book = new MysqlStockBook(db.shards, { holdMs: 60_000 });
  const rebaseOfBook = book.rebase.bind(book);
  book.rebase = (skuIds, deadlineMs) => {
    rebased.push(...skuIds);
    return rebaseOfBook(skuIds, deadlineMs);
  };
  const rebase = new Rebase({ gate, book, clock, log });
  const refunds = new Refunds({ gate, rebase, clock, log });
  const loaded = new RedisLoadedSkus(() => masters(redis));
  const auditor = new Auditor({ gate, book, rebase, loaded, clock, log });
  const parts = new HoldParts({ gate, book, rebase, refunds, clock, watch: auditor });
  return {
    gate,
    book,
    rebase,
    auditor,
    rebased,
    /** Creates the SKU and loads it; counts from here on. */
    stock: async (skuId: string, delta: number) => {
      await book.restock({ requestId: skuId, skuId, delta, reason: '' }, soon());
      await rebase.run([skuId], soon());
      rebased.length = 0;
    },
    buy: async (skuId: string, buyer: string) => {
      const [result] = await parts.hold(split(request(skuId, buyer)), soon());
      return result?.outcome;
    },
    left: async (skuId: string) => {
      const [row] = await book.stocks([skuId], soon());
      const [level] = await gate.levels([{ partition: partitionOf(skuId), skuId }]);
      return [row?.available, level?.available];
    },
  };
}

function request(skuId: string, buyer: string) {
  const lines = [{ skuId, quantity: 1, userLimit: 0 }];
  return { reservationId: `${skuId}-${buyer}`, orderId: `o-${buyer}`, userId: buyer, lines };
}

test('a sale that died between gate and arbiter goes on in the next process, to the last unit', async () => {
  const dead = openProcess();
  await dead.stock('last-20', 20);
  const lost = [...Array(20).keys()].flatMap((i) => split(request('last-20', `dead-${i}`)));
  await dead.gate.reserve(lost);
  expect(await dead.left('last-20')).toEqual([20, 0]);

  const alive = openProcess();
  expect(await alive.buy('last-20', 'early')).toBe('SOLD_OUT');
  await eventually(async () => (await alive.left('last-20'))[1] === 20);
  const outcomes = await Promise.all(
    [...Array(30).keys()].map((i) => alive.buy('last-20', `buyer-${i}`)),
  );
  expect(outcomes.filter((outcome) => outcome === 'RESERVED')).toHaveLength(20);
  expect(outcomes.filter((outcome) => outcome === 'SOLD_OUT')).toHaveLength(10);
  expect(alive.rebased).toEqual(['last-20']);
  await alive.auditor.stop();
}, 30_000);

test('a commit that takes its time keeps its units, here and in other processes', async () => {
  const slow = openProcess();
  const other = openProcess();
  await slow.stock('slow-5', 5);
  const server = db.shards.serverOf(partitionOf('slow-5'));
  const lock = await server.connect();
  await lock.query('START TRANSACTION');
  await lock.query(
    `SELECT * FROM ${db.name}.stock WHERE shard_no = ? AND sku_id = 'slow-5' FOR UPDATE`,
    [partitionOf('slow-5')],
  );
  const bought = [...Array(5).keys()].map((i) => slow.buy('slow-5', `buyer-${i}`));
  await eventually(async () => (await other.left('slow-5'))[1] === 0);
  for (let i = 0; i < 20; i++) {
    expect(await slow.buy('slow-5', `loser-${i}`)).toBe('SOLD_OUT');
    await clock.sleep(20);
  }
  expect(await other.buy('slow-5', 'loser')).toBe('SOLD_OUT');
  await clock.sleep(200);
  expect(slow.rebased).toEqual([]);
  await lock.query('ROLLBACK');
  await lock.end();
  expect(await Promise.all(bought)).toEqual(Array(5).fill('RESERVED'));
  // The other one has asked for a rebase: it stood behind the commit, and took nobody's unit.
  expect(other.rebased.length).toBeLessThanOrEqual(1);
  await eventually(async () => (await slow.left('slow-5')).every((units) => units === 0));
  await Promise.all([slow.auditor.stop(), other.auditor.stop()]);
}, 30_000);

test('10,000 SKUs are swept in looks that do not rest, and only what drifted is loaded anew', async () => {
  const skuIds = [...Array(10_000).keys()].map((i) => `swept-${i}`);
  await loadAll(skuIds, 7);
  const drifted = [skuIds[17], skuIds[4_711], skuIds[9_999]] as string[];
  const dead = openProcess();
  await dead.gate.reserve(drifted.flatMap((skuId) => split(request(skuId, 'dead'))));

  const alive = openProcess();
  let looks = 1;
  while ((await alive.auditor.look()) === 'MORE') looks += 1;
  expect(looks).toBeLessThanOrEqual(10);
  // The last ones are seen the second time, some time after the first.
  await clock.sleep(250);
  await alive.auditor.look();
  await eventually(async () => {
    const left = await Promise.all(drifted.map((skuId) => alive.left(skuId)));
    return left.flat().every((units) => units === 7);
  });
  expect([...alive.rebased].sort()).toEqual([...drifted].sort());
  await alive.auditor.stop();
}, 60_000);

async function loadAll(skuIds: readonly string[], available: number): Promise<void> {
  const groups = db.shards.groupByServer(skuIds, partitionOf);
  for (const [server, group] of groups) {
    const rows = group.map((skuId) => [
      partitionOf(skuId),
      skuId,
      1,
      0,
      available,
      0,
      0,
      available,
    ]);
    const columns = 'shard_no, sku_id, epoch, version, available, reserved, sold, total';
    await server.pool.query(`INSERT INTO stock (${columns}) VALUES ?`, [rows]);
  }
  const loads = skuIds.map((skuId) => ({
    partition: partitionOf(skuId),
    skuId,
    epoch: 1,
    available,
    grants: [],
    nextEntry: undefined,
    buyers: [],
  }));
  const { gate } = openProcess();
  for (let at = 0; at < loads.length; at += 500) await gate.install(loads.slice(at, at + 500));
}
