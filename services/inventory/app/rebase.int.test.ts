// Promise: on real servers, whoever rebases, however often and at the same time, no unit is given away
// twice and every winner finds his order again, on whatever page of the past it stands.

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { systemClock as clock } from '../../platform/clock.js';
import { createTestDatabase, type TestDatabase } from '../../platform/mysql/database.fixture.js';
import { migrate } from '../../platform/mysql/migrate.js';
import { eventually, silent as log, testUrl } from '../../platform/real-servers.fixture.js';
import { connectRedis, type RedisLink, redisReady } from '../../platform/redis/connect.js';
import { granted } from '../domain/reservation.js';
import { partitionOf, split } from '../domain/split.js';
import { MysqlStockBook } from '../infra/mysql/stock-book.js';
import { RedisGate } from '../infra/redis/gate.js';
import { skuKeys } from '../infra/redis/keys.js';
import { HoldParts } from './hold-parts.js';
import { Rebase } from './rebase.js';
import { Refunds } from './refunds.js';

const UNITS = 300;
const STRANGERS = 100;
const ENTRIES_PER_PAGE = 40;
const TRIES_MAX = 50;
const BUYERS = [...Array(UNITS + STRANGERS).keys()];

let database: TestDatabase;
let redis: RedisLink;
let lastOrder = 0;

beforeAll(async () => {
  database = await createTestDatabase({
    urls: [testUrl('TEST_MYSQL_1'), testUrl('TEST_MYSQL_2')],
    poolSize: 8,
  });
  const directory = new URL('../infra/mysql/sql/', import.meta.url);
  await migrate(database.shards, { directory, database: database.name, log });
  redis = connectRedis({ url: testUrl('TEST_REDIS'), commandTimeoutMs: 2_000, log });
  await redisReady(redis);
}, 30_000);

afterAll(async () => {
  await database.drop();
  redis.disconnect();
});

test('a sold-out SKU whose gate forgot everything answers all winners, page by page', async () => {
  const [engine] = engines(1);
  const { skuId, orders } = await sell(engine, UNITS);
  await redis.flushall();
  const expected = BUYERS.map((buyer) => orders[buyer] ?? 'SOLD_OUT');
  expect(await Promise.all(BUYERS.map((buyer) => engine.buy(skuId, buyer)))).toEqual(expected);
  await eventually(async () => (await listed(skuId)) === `1 ${UNITS}`);
  expect(await Promise.all(BUYERS.map((buyer) => engine.buy(skuId, buyer)))).toEqual(expected);
  await engine.stop();
}, 30_000);

test('rebases without end beside a sale neither lose nor double a unit', async () => {
  const all = engines(3);
  const [first] = all;
  const skuId = await stock(first, UNITS);
  let selling = true;
  const rebasing = (async () => {
    while (selling) {
      await Promise.all([...Array(10).keys()].map((i) => at(all, i).rebase.run([skuId], soon())));
      // Without a pause every grant would be void before it is settled: right, but never done.
      await clock.sleep(20);
    }
  })();
  const answers = await Promise.all(BUYERS.map((buyer) => at(all, buyer).buy(skuId, buyer)));
  selling = false;
  await rebasing;
  expect(answers.filter((answer) => answer === 'SOLD_OUT')).toHaveLength(STRANGERS);
  expect(new Set(answers).size).toBe(UNITS + 1);
  const [row] = await first.book.stocks([skuId], soon());
  expect(row).toMatchObject({ available: 0, reserved: UNITS, total: UNITS });
  const again = BUYERS.map((buyer) => at(all, buyer + 1).buy(skuId, buyer));
  expect(await Promise.all(again)).toEqual(answers);
  await Promise.all(all.map((engine) => engine.stop()));
}, 60_000);

test('a fill that another load overtakes leaves that load alone', async () => {
  const [slow, fast] = engines(2);
  const { skuId } = await sell(slow, UNITS);
  const grantsPage = slow.book.grantsPage.bind(slow.book);
  let go = () => {};
  const held = new Promise<void>((resolve) => {
    go = resolve;
  });
  let pages = 0;
  slow.book.grantsPage = async (...page) => {
    pages += 1;
    await held;
    return grantsPage(...page);
  };
  await slow.rebase.run([skuId], soon());
  expect(await listed(skuId)).toMatch(/^0 /);
  await fast.rebase.run([skuId], soon());
  await eventually(async () => (await listed(skuId)) === `1 ${UNITS}`);
  await redis.hset(skuKeys(partitionOf(skuId), skuId).stock, 'listed', 'as it was');
  go();
  await slow.stop();
  expect(pages).toBe(1);
  expect(await listed(skuId)).toBe(`as it was ${UNITS}`);
  await fast.stop();
}, 30_000);

function engines(count: 1): [Engine];
function engines(count: 2): [Engine, Engine];
function engines(count: 3): [Engine, Engine, Engine];
function engines(count: number): Engine[] {
  return [...Array(count).keys()].map(() => new Engine());
}

class Engine {
  readonly gate = new RedisGate(redis);
  readonly book = new MysqlStockBook(database.shards, {
    holdMs: 60_000,
    pageEntriesMax: ENTRIES_PER_PAGE,
  });
  readonly rebase = new Rebase({ gate: this.gate, book: this.book, clock, log });
  readonly #refunds = new Refunds({ gate: this.gate, rebase: this.rebase, clock, log });
  readonly #parts = new HoldParts({
    gate: this.gate,
    book: this.book,
    rebase: this.rebase,
    refunds: this.#refunds,
    clock,
  });

  /** As the order service does: asks until it is known, each time with a new order id. */
  async buy(skuId: string, buyer: number): Promise<string> {
    for (let attempt = 1; ; attempt++) {
      lastOrder += 1;
      const ids = { reservationId: `${skuId}-${buyer}`, orderId: `${lastOrder}`, userId: 'ann' };
      const lines = [{ skuId, quantity: 1, userLimit: 0 }];
      const [result] = await this.#parts.hold(split({ ...ids, lines }), soon());
      if (result !== undefined && granted(result)) return result.orderId;
      if (result?.outcome !== 'UNKNOWN' || attempt === TRIES_MAX) return result?.outcome ?? '';
    }
  }

  async stop(): Promise<void> {
    await this.rebase.stop();
    await this.#refunds.stop();
    await this.book.stop();
  }
}

async function stock(engine: Engine, units: number): Promise<string> {
  const skuId = `rebase-${Math.random().toString(36).slice(2)}`;
  await engine.book.restock({ requestId: skuId, skuId, delta: units, reason: '' }, soon());
  await engine.rebase.run([skuId], soon());
  return skuId;
}

/** A SKU of its own with so many units, all sold; and who got which order. */
async function sell(engine: Engine, units: number): Promise<{ skuId: string; orders: string[] }> {
  const skuId = await stock(engine, units);
  const buyers = [...Array(units).keys()];
  return { skuId, orders: await Promise.all(buyers.map((buyer) => engine.buy(skuId, buyer))) };
}

/** What the gate says of its list: complete or not, and how long. */
async function listed(skuId: string): Promise<string> {
  const keys = skuKeys(partitionOf(skuId), skuId);
  return `${await redis.hget(keys.stock, 'listed')} ${await redis.hlen(keys.grants)}`;
}

function at<T>(list: readonly T[], index: number): T {
  return list[index % list.length] as T;
}

function soon(): number {
  return Date.now() + 20_000;
}
