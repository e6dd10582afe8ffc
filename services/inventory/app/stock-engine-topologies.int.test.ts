// Promise: Redis Cluster and Sentinel change nothing but REDIS_URL. The contract holds on a cluster, and
// a master that is killed under reserves costs seconds for its own partitions, and never a unit.
// Method: private servers that this test may kill; failovers are the servers' own.

import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { Cluster } from 'ioredis';
import { startTestRedis, type TestRedis } from '../../../test/harness/test-redis.js';
import { systemClock as clock } from '../../platform/clock.js';
import { createTestDatabase, type TestDatabase } from '../../platform/mysql/database.fixture.js';
import { migrate } from '../../platform/mysql/migrate.js';
import { eventually, silent as log, testUrl } from '../../platform/real-servers.fixture.js';
import { connectRedis, masters, type RedisLink, redisReady } from '../../platform/redis/connect.js';
import { partitionOf } from '../domain/split.js';
import { MysqlStockBook } from '../infra/mysql/stock-book.js';
import { RedisGate } from '../infra/redis/gate.js';
import { skuKeys } from '../infra/redis/keys.js';
import { HoldParts } from './hold-parts.js';
import { Rebase } from './rebase.js';
import { redisLossContract } from './redis-loss.contract.js';
import { Refunds } from './refunds.js';
import { ReserveStock } from './reserve-stock.js';
import { stockEngineContract } from './stock-engine.contract.js';

jest.setTimeout(60_000);

const UNITS = 300;
const RACERS = 400;
/** The master is killed when so many have their answer. */
const KILLED_AFTER = 60;
/** A second of silence, an election, and a client that looks every second. */
const SERVES_AGAIN_MS_MAX = 15_000;
const RACERS_AT_ONCE = 40;

let db: TestDatabase;

beforeAll(async () => {
  db = await createTestDatabase({ urls: [testUrl('TEST_MYSQL_1'), testUrl('TEST_MYSQL_2')] });
  const directory = new URL('../infra/mysql/sql/', import.meta.url);
  await migrate(db.shards, { directory, database: db.name, log });
});

afterAll(() => db.drop());

describe('on a Redis Cluster', () => {
  const redis = privateRedis('CLUSTER');
  const open = (o: { pageEntriesMax?: number }) =>
    Promise.resolve({
      gate: new RedisGate(redis.link()),
      book: new MysqlStockBook(db.shards, { holdMs: 60_000, ...o }),
      forget: () => onEveryMaster(redis.link(), (master) => master.flushall()),
      restart: () => promoteReplicas(redis.link()),
    });

  stockEngineContract(open, log);
  redisLossContract(open, log);

  test('a killed master', () => killMasterUnderReserves(redis.link(), redis.server()));
});

describe('with sentinels', () => {
  const redis = privateRedis('SENTINEL');

  test('a killed master', () => killMasterUnderReserves(redis.link(), redis.server()));
});

function privateRedis(topology: 'CLUSTER' | 'SENTINEL') {
  let server: TestRedis;
  let link: RedisLink;
  beforeAll(async () => {
    server = await startTestRedis(topology);
    link = connectRedis({ url: server.url, commandTimeoutMs: 500, log });
    await redisReady(link);
  });
  afterAll(async () => {
    link.disconnect();
    await server.stop();
  });
  return { link: () => link, server: () => server };
}

type Master = ReturnType<typeof masters>[number];

async function onEveryMaster(link: RedisLink, work: (master: Master) => Promise<unknown>) {
  await Promise.all(masters(link).map(work));
}

/** One after the other every replica takes its master's place, with all data and a new replication id. */
async function promoteReplicas(link: RedisLink): Promise<void> {
  const replicas = link instanceof Cluster ? link.nodes('slave') : [];
  expect(replicas).toHaveLength(3);
  for (const replica of replicas) {
    await replica.call('cluster', 'failover');
    await eventually(() => masters(link).includes(replica));
  }
}

function openEngine(link: RedisLink) {
  const gate = new RedisGate(link);
  const book = new MysqlStockBook(db.shards, { holdMs: 60_000 });
  const rebase = new Rebase({ gate, book, clock, log });
  const refunds = new Refunds({ gate, rebase, clock, log });
  book.onRefund((units) => refunds.send(units));
  const parts = new HoldParts({ gate, book, rebase, refunds, clock });
  return { book, rebase, reserve: new ReserveStock({ parts, book }) };
}

type TestEngine = ReturnType<typeof openEngine>;

async function killMasterUnderReserves(link: RedisLink, server: TestRedis): Promise<void> {
  const skuId = `failover-${Math.random().toString(36).slice(2)}`;
  const engines = [openEngine(link), openEngine(link)];
  const [first] = engines as [TestEngine];
  const deadlineMs = Date.now() + 50_000;
  await first.book.restock({ requestId: skuId, skuId, delta: UNITS, reason: '' }, deadlineMs);
  await first.rebase.run([skuId], deadlineMs);

  let answered = 0;
  let killedMs = 0;
  let servesAgainMs = Number.POSITIVE_INFINITY;
  const race = async (racer: number) => {
    const engine = engines[racer % engines.length] as TestEngine;
    const startMs = performance.now();
    const outcome = await persist(engine, skuId, racer, deadlineMs);
    answered += 1;
    if (outcome === 'RESERVED' && killedMs > 0 && startMs > killedMs) {
      servesAgainMs = Math.min(servesAgainMs, performance.now() - killedMs);
    }
    if (answered === KILLED_AFTER) {
      const address = await masterOf(link, skuId);
      killedMs = performance.now();
      server.kill(address);
    }
    return outcome;
  };
  const outcomes = await inCrowd(RACERS, RACERS_AT_ONCE, race);

  expect(servesAgainMs).toBeLessThan(SERVES_AGAIN_MS_MAX);
  const winners = outcomes.filter((one) => one === 'RESERVED' || one === 'DUPLICATE').length;
  expect(winners).toBeLessThanOrEqual(UNITS);
  const [stock] = await first.book.stocks([skuId], deadlineMs);
  expect(stock).toMatchObject({ total: UNITS, sold: 0, reserved: winners });
  // Nothing is lost either: whatever was refused too early can still be had.
  const rest = await inCrowd(UNITS - winners, RACERS_AT_ONCE, (i) => {
    return persist(first, skuId, RACERS + i, deadlineMs);
  });
  expect(rest).toEqual(Array(UNITS - winners).fill('RESERVED'));
}

/** Asks under one key until there is an answer, as the order service does. */
async function persist(
  engine: TestEngine,
  skuId: string,
  racer: number,
  deadlineMs: number,
): Promise<string> {
  const ids = { reservationId: `${skuId}-${racer}`, orderId: `${racer}`, userId: `u${racer}` };
  const request = { ...ids, lines: [{ skuId, quantity: 1, userLimit: 0 }] };
  for (;;) {
    const [result] = await engine.reserve.reserve([request], deadlineMs);
    const outcome = result?.outcome ?? 'UNKNOWN';
    if (outcome !== 'UNKNOWN' || Date.now() > deadlineMs) return outcome;
    await sleep(20);
  }
}

/** host:port of the server that answers for the SKU; the others of a cluster say MOVED. */
async function masterOf(link: RedisLink, skuId: string): Promise<string> {
  const key = skuKeys(partitionOf(skuId), skuId).stock;
  for (const master of masters(link)) {
    if ((await master.exists(key).catch(() => 0)) !== 1) continue;
    const port = /^tcp_port:(\d+)/m.exec(await master.info('server'))?.[1];
    return `127.0.0.1:${port}`;
  }
  throw new Error(`nobody has ${skuId}`);
}

async function inCrowd<T>(
  count: number,
  atOnce: number,
  work: (index: number) => Promise<T>,
): Promise<T[]> {
  const results: T[] = [];
  let next = 0;
  const worker = async () => {
    while (next < count) {
      const index = next++;
      results[index] = await work(index);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return results;
}
