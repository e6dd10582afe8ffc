// The contract on real Redis and two real MySQL servers, and a race of many for few.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { systemClock as clock } from '../../platform/clock.js';
import { createLog } from '../../platform/log.js';
import { connectShards, type ShardMap } from '../../platform/mysql/connect.js';
import { migrate } from '../../platform/mysql/migrate.js';
import { connectRedis, type RedisLink, redisReady } from '../../platform/redis/connect.js';
import { split } from '../domain/split.js';
import { MysqlStockBook } from '../infra/mysql/stock-book.js';
import { RedisGate } from '../infra/redis/gate.js';
import { HoldParts } from './hold-parts.js';
import { Rebase } from './rebase.js';
import { redisLossContract } from './redis-loss.contract.js';
import { Refunds } from './refunds.js';
import { ReserveStock } from './reserve-stock.js';
import { stockEngineContract } from './stock-engine.contract.js';

const log = createLog({ service: 'test', level: 'silent' });
const database = `it_inventory_${Math.random().toString(36).slice(2, 10)}`;

let shards: ShardMap;
let redis: RedisLink;

beforeAll(async () => {
  const { TEST_MYSQL_1, TEST_MYSQL_2, TEST_REDIS } = process.env;
  if (!TEST_MYSQL_1 || !TEST_MYSQL_2 || !TEST_REDIS) {
    throw new Error('needs real servers: ./spillway with-servers -- npx jest ...');
  }
  const urls = [
    { from: 0, to: 31, url: TEST_MYSQL_1 },
    { from: 32, to: 63, url: TEST_MYSQL_2 },
  ];
  shards = connectShards({ shards: urls, database, poolSize: 8, log });
  await migrate(shards, {
    directory: new URL('../infra/mysql/sql/', import.meta.url),
    database,
    log,
  });
  redis = connectRedis({ url: TEST_REDIS, commandTimeoutMs: 2_000, log });
  await redisReady(redis);
}, 30_000);

afterAll(async () => {
  for (const server of shards.servers) await server.pool.query(`DROP DATABASE ${database}`);
  await shards.close();
  redis.disconnect();
});

function open(o: { pageEntriesMax?: number } = {}) {
  return {
    gate: new RedisGate(redis),
    book: new MysqlStockBook(shards, { holdMs: 60_000, ...o }),
    forget: async () => {
      await redis.flushall();
    },
    // Following a master that is not there, and no longer: the data stays, the replication id is new,
    // as after a restart or a promotion.
    restart: async () => {
      await redis.replicaof('127.0.0.1', '1');
      await redis.replicaof('NO', 'ONE');
    },
  };
}

describe('the reservation engine on real servers', () => {
  stockEngineContract((o) => Promise.resolve(open(o)), log);
  redisLossContract((o) => Promise.resolve(open(o)), log);

  test('engines that meet a cold Redis at once load a SKU once each, not for each other', async () => {
    const deadlineMs = Date.now() + 20_000;
    const skuId = `cold-${Math.random().toString(36).slice(2)}`;
    const engines = [open(), open(), open()].map(({ gate, book }) => {
      const rebase = new Rebase({ gate, book, clock, log });
      const refunds = new Refunds({ gate, rebase, clock, log });
      return { book, parts: new HoldParts({ gate, book, rebase, refunds, clock }) };
    });
    const [first] = engines;
    await first?.book.restock({ requestId: skuId, skuId, delta: 900, reason: '' }, deadlineMs);
    const outcomes = await Promise.all(
      [...Array(600).keys()].map((i) => {
        const lines = [{ skuId, quantity: 1, userLimit: 0 }];
        const ids = { reservationId: `${skuId}-${i}`, orderId: `${i}`, userId: `u${i}` };
        return engines[i % 3]?.parts.hold(split({ ...ids, lines }), deadlineMs);
      }),
    );
    expect(outcomes.map((results) => results?.[0]?.outcome)).toEqual(Array(600).fill('RESERVED'));
    const [stock] = (await first?.book.stocks([skuId], deadlineMs)) ?? [];
    expect(stock?.reserved).toBe(600);
    // Born with epoch 1; three engines found it missing.
    expect(stock?.epoch).toBeLessThanOrEqual(4);
  }, 30_000);

  test('300 racers for 40 units on 3 engines: exactly 40 win, and every retry finds its answer', async () => {
    const engines = [open(), open(), open()].map(({ gate, book }) => {
      const rebase = new Rebase({ gate, book, clock, log });
      const refunds = new Refunds({ gate, rebase, clock, log });
      const parts = new HoldParts({ gate, book, rebase, refunds, clock });
      return { book, rebase, reserve: new ReserveStock({ parts, book }) };
    });
    const skuId = `race-${Math.random().toString(36).slice(2)}`;
    const deadlineMs = Date.now() + 20_000;
    const [first] = engines;
    await first?.book.restock({ requestId: skuId, skuId, delta: 40, reason: '' }, deadlineMs);
    // Loaded beforehand: while three cold engines load it at once, a refusal may be premature.
    await first?.rebase.run([skuId], deadlineMs);
    const attempt = async (racer: number, copy: number) => {
      const engine = engines[(racer + copy) % engines.length];
      const request = {
        reservationId: `${skuId}-${racer}`,
        orderId: `${racer}-${copy}`,
        userId: `u${racer}`,
        lines: [{ skuId, quantity: 1, userLimit: 0 }],
      };
      const [result] = (await engine?.reserve.reserve([request], deadlineMs)) ?? [];
      return result;
    };
    const racers = [...Array(300).keys()];
    const answers = await Promise.all(
      racers.map((racer) => Promise.all([attempt(racer, 0), attempt(racer, 1)])),
    );
    const winners = answers.filter((pair) => pair.some((one) => one && 'orderId' in one));
    expect(winners).toHaveLength(40);
    // Both copies of a winner have the same order, whichever engine they came through.
    for (const pair of winners) {
      const orders = new Set(
        pair.map((one) => (one && 'orderId' in one ? one.orderId : 'refused')),
      );
      expect(orders.size).toBe(1);
    }
    const [stock] = (await first?.book.stocks([skuId], deadlineMs)) ?? [];
    expect(stock).toMatchObject({ available: 0, reserved: 40, sold: 0, total: 40 });
  }, 30_000);
});
