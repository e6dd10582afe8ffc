// The MySQL store keeps the contract of the payment store, on two real servers, and survives what only a
// real server can do to it.

import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { systemClock } from '../../../platform/clock.js';
import { connectShards, type ShardMap } from '../../../platform/mysql/connect.js';
import { migrate } from '../../../platform/mysql/migrate.js';
import { Outbox } from '../../../platform/mysql/outbox.js';
import type { NewPayment } from '../../domain/create.js';
import { startAttempt } from '../../domain/start.js';
import { paymentStoreContract } from '../payment-store.contract.js';
import { MysqlDuePayments } from './due-payments.js';
import { MysqlPaymentStore } from './payment-store.js';

const database = `t${randomBytes(4).toString('hex')}_payment`;
const log = pino({ level: 'silent' });
const soon = () => Date.now() + 5_000;

let shards: ShardMap;
let store: MysqlPaymentStore;
let outbox: Outbox;
let lastOrderId = BigInt(Date.now()) << 22n;

/** Every call another gene, so that the shards of both servers are used. */
function nextOrderId(): bigint {
  lastOrderId += (1n << 16n) + 1n;
  return lastOrderId;
}

beforeAll(async () => {
  shards = connectShards({
    shards: [
      { from: 0, to: 31, url: process.env.TEST_MYSQL_1 ?? '' },
      { from: 32, to: 63, url: process.env.TEST_MYSQL_2 ?? '' },
    ],
    database,
    poolSize: 8,
    log,
  });
  await migrate(shards, { directory: new URL('./sql/', import.meta.url), database, log });
  const handlers = { 'payment.captured': retryAll, 'refund.requested': retryAll };
  const bounds = { firstDelayMs: 60_000, batchMax: 100, attemptsMax: 3 };
  outbox = new Outbox({ shards, handlers, log, clock: systemClock, ...bounds });
  store = new MysqlPaymentStore({ shards, outbox, log });
});

afterAll(async () => {
  await store.stop();
  await outbox.stop();
  for (const server of shards.servers) await server.pool.query(`DROP DATABASE ${database}`);
  await shards.close();
});

async function retryAll(events: unknown[]): Promise<'RETRY'[]> {
  return events.map(() => 'RETRY');
}

describe('payment store on MySQL', () => {
  paymentStoreContract(async () => {
    return { store, due: shards.servers.map((s) => new MysqlDuePayments(s)), nextOrderId };
  });

  test('of 40 starters in two processes one wins', async () => {
    const elsewhere = new MysqlPaymentStore({ shards, outbox, log });
    const rounds = await Promise.all(
      Array.from({ length: 10 }, async () => {
        const item = newPayment();
        await store.create([item], soon());
        const target = { payment: item, deadlineMs: soon() };
        const starts = Array.from({ length: 40 }, (_, i) =>
          (i % 2 === 0 ? store : elsewhere).update(target, (file, { nowMs }) => {
            const command = { requestId: `r${i}`, method: 'card', provider: 'sandbox' };
            const rest = { providerUp: true, lookAfterMs: 60_000 };
            return startAttempt(file, { ...command, ...rest }, nowMs);
          }),
        );
        const results = await Promise.all(starts);
        return results.filter((result) => result.outcome === 'STARTED').length;
      }),
    );
    await elsewhere.stop();
    expect(rounds).toEqual(rounds.map(() => 1));
  });

  test('a refused change is taken out of its batch, the others are kept', async () => {
    const items = Array.from({ length: 5 }, newPayment);
    await store.create(items, soon());
    const settled = await Promise.allSettled(
      items.map((payment, i) =>
        store.update({ payment, deadlineMs: soon() }, (file, { nowMs }) => {
          const method = i === 2 ? 'm'.repeat(33) : 'card';
          const command = { requestId: 'a', method, provider: 'sandbox', providerUp: true };
          return startAttempt(file, { ...command, lookAfterMs: 60_000 }, nowMs);
        }),
      ),
    );
    const words = settled.map((s) => s.status);
    expect(words).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled', 'fulfilled']);
  });

  test('the book holds what no decision should ever do', async () => {
    const { orderId } = newPayment();
    const [server] = shards.servers;
    const wrong = (captured: number, refunded: number) =>
      server?.pool.query(
        `INSERT INTO payment (shard_no, order_id, user_id, currency, amount_minor, deadline_ms,
          captured_minor, refunded_minor) VALUES (0, ?, 'ann', 'EUR', 500, 0, ?, ?)`,
        [orderId, captured, refunded],
      );
    await expect(wrong(499, 0)).rejects.toThrow(/payment_captured/);
    await expect(wrong(500, 501)).rejects.toThrow(/payment_refunded/);
  });

  test('the batches find their rows by key', async () => {
    const ids = Array.from({ length: 3 }, () => nextOrderId());
    const keys = ids.map((id) => [Number((id >> 16n) & 63n), id, 1]);
    for (const server of shards.servers) {
      const [plan] = await server.pool.query(
        'EXPLAIN SELECT * FROM payment FORCE INDEX (PRIMARY) WHERE (shard_no, order_id, ordinal) IN (?)',
        [keys],
      );
      expect(plan).toMatchObject([{ type: 'range', key: 'PRIMARY' }]);
    }
  });
});

function newPayment(): NewPayment {
  const key = { orderId: nextOrderId(), part: 'FIRST' } as const;
  const times = { opensMs: undefined, deadlineMs: soon() + 60_000 };
  return { ...key, userId: 'ann', currency: 'EUR', amountMinor: 5n, ...times };
}
