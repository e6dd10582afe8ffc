// Where buyers of one strategy go, and the books that say afterwards what was sold: rows of the
// database, counted by the benchmark itself, whatever the strategy believes.
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import mysql, { type Connection } from 'mysql2/promise';
import { assert } from '../../../services/platform/assert.js';
import { SHARDS, shardOf } from '../../../services/platform/shard.js';
import type { Lab } from '../lab.js';
import { CreateTemplate } from '../order/messages.js';
import { Shop } from '../order/shop.js';
import { RawClient } from '../raw-client.js';
import {
  type BuyOutcome,
  DATABASE,
  decodeOutcome,
  encodeBuy,
  OURS,
  pathOf,
  REDIS_DATABASE,
  redisKeys,
  type StrategyName,
  TABLES,
  type TextbookName,
} from './strategy.js';

export interface Counter {
  offer(skuId: string, units: number): Promise<void>;
  buy(skuId: string, buyerId: string): Promise<BuyOutcome>;
  /** Resolves when everything that was promised has been written. */
  drained(): Promise<void>;
  sold(skuId: string): Promise<number>;
}

export interface Counters {
  of(name: StrategyName): Counter;
  close(): void;
}

const LOOK_INTERVAL_MS = 10;
/** Some strategies are slow, and how slow is what is measured. */
const BUY_MS_MAX = 60_000;

export async function openCounters(lab: Lab): Promise<Counters> {
  const uri = lab.mysqlUrls[0] ?? '';
  const books = await mysql.createConnection({ uri });
  await books.query(`CREATE DATABASE IF NOT EXISTS ${DATABASE}`);
  await books.changeUser({ database: DATABASE });
  for (const table of TABLES) await books.query(table);
  const address = await lab.start({
    name: 'strategy-1',
    script: 'strategies/strategy-server',
    env: { BENCH_MYSQL_URL: uri, BENCH_REDIS_URL: lab.redisUrl },
    ready: answersTcp,
  });
  const redis = new Redis(lab.redisUrl, { db: REDIS_DATABASE });
  const client = new RawClient([address], BUY_MS_MAX);
  const own = await OwnCounter.open(lab);
  const parts = { books, redis, client };
  return {
    of: (name) => (name === OURS ? own : new TextbookCounter(name, parts)),
    close() {
      books.destroy();
      redis.disconnect();
      client.close();
      own.close();
    },
  };
}

interface TextbookParts {
  readonly books: Connection;
  readonly redis: Redis;
  readonly client: RawClient;
}

class TextbookCounter implements Counter {
  readonly #path: string;
  readonly #o: TextbookParts;

  constructor(name: TextbookName, o: TextbookParts) {
    this.#path = pathOf(name);
    this.#o = o;
  }

  async offer(skuId: string, units: number): Promise<void> {
    await this.#o.books.query('INSERT INTO stock VALUES (?, ?, 1)', [skuId, units]);
    await this.#o.redis.set(redisKeys.available(skuId), units);
  }

  async buy(skuId: string, buyerId: string): Promise<BuyOutcome> {
    return decodeOutcome(await this.#o.client.call(this.#path, encodeBuy(skuId, buyerId)));
  }

  async drained(): Promise<void> {
    const { redis } = this.#o;
    const { waiting, writing } = redisKeys;
    while ((await redis.llen(waiting)) + (await redis.llen(writing)) > 0) {
      await sleep(LOOK_INTERVAL_MS);
    }
  }

  async sold(skuId: string): Promise<number> {
    const [rows] = await this.#o.books.query('SELECT COUNT(*) AS sold FROM sale WHERE sku_id = ?', [
      skuId,
    ]);
    return Number((rows as { sold: number }[])[0]?.sold ?? 0);
  }
}

/**
 * Spillway as any caller uses it: what is bought is a whole order with its payment intent, which is
 * more than the others write.
 */
class OwnCounter implements Counter {
  readonly #shop: Shop;
  readonly #books: readonly Connection[];
  #offered = { skuId: '', template: new CreateTemplate({ skuIds: [''] }) };

  static async open(lab: Lab): Promise<OwnCounter> {
    const database = 'spillway_inventory';
    const open = (uri: string) => mysql.createConnection({ uri, database });
    return new OwnCounter(new Shop(lab), await Promise.all(lab.mysqlUrls.map(open)));
  }

  private constructor(shop: Shop, books: readonly Connection[]) {
    this.#shop = shop;
    this.#books = books;
  }

  async offer(skuId: string, units: number): Promise<void> {
    await this.#shop.offer(skuId, units);
    this.#offered = { skuId, template: new CreateTemplate({ skuIds: [skuId] }) };
  }

  /** Of the SKU that was offered last; request and buyer are made by the template. */
  async buy(skuId: string): Promise<BuyOutcome> {
    assert(skuId === this.#offered.skuId, `${skuId} is not on sale`);
    const refusal = await this.#shop.refusalOf(this.#offered.template);
    if (refusal === undefined) return 'BOUGHT';
    return refusal.endsWith(` left of ${skuId}`) ? 'SOLD_OUT' : 'FAILED';
  }

  /** What was answered is settled. */
  drained(): Promise<void> {
    return Promise.resolve();
  }

  async sold(skuId: string): Promise<number> {
    const shard = shardOf(skuId);
    const server = Math.floor((shard * this.#books.length) / SHARDS);
    const result = await this.#books[server]?.query(
      'SELECT SUM(quantity) AS sold FROM reservation WHERE shard_no = ? AND sku_id = ?',
      [shard, skuId],
    );
    return Number((result?.[0] as { sold: number | null }[] | undefined)?.[0]?.sold ?? 0);
  }

  close(): void {
    this.#shop.close();
    for (const book of this.#books) book.destroy();
  }
}

async function answersTcp(address: string): Promise<void> {
  const { hostname, port } = new URL(`http://${address}`);
  await new Promise<void>((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port) });
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.destroy();
      resolve();
    });
  });
}
