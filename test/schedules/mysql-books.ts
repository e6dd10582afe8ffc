// The books of a schedule on real servers: the stores that production uses, each on a database of its
// own, with outboxes that nobody but the schedule empties. Time passes by making everything older,
// because these databases go by their own clocks.

import { storeLimits } from '../../services/order/config.js';
import { MysqlOrderStore } from '../../services/order/infra/mysql/order-store.js';
import { MysqlDuePayments } from '../../services/payment/infra/mysql/due-payments.js';
import { MysqlPaymentStore } from '../../services/payment/infra/mysql/payment-store.js';
import { systemClock } from '../../services/platform/clock.js';
import { geneOf } from '../../services/platform/ids.js';
import {
  createTestDatabase,
  type TestDatabase,
} from '../../services/platform/mysql/database.fixture.js';
import { migrate } from '../../services/platform/mysql/migrate.js';
import { Outbox } from '../../services/platform/mysql/outbox.js';
import { ShardGates } from '../../services/platform/mysql/shard-gates.js';
import { change, read } from '../../services/platform/mysql/transaction.js';
import { silent, testUrl } from '../../services/platform/real-servers.fixture.js';
import type { Books, Mail } from './books.js';
import { ORDER_ID } from './world.js';

export interface MysqlBooks {
  /** The same databases, empty. */
  open(): Promise<Books>;
  close(): Promise<void>;
}

export async function mysqlBooks(): Promise<MysqlBooks> {
  const [order, payment] = await Promise.all([
    openDatabase('order', testUrl('TEST_MYSQL_1')),
    openDatabase('payment', testUrl('TEST_MYSQL_2')),
  ]);
  const { shards, name: database } = order;
  const gates = new ShardGates({ shards, database, log: silent, clock: systemClock });
  await gates.open();
  const orders = new MysqlOrderStore({
    gates,
    outbox: order.outbox,
    clock: systemClock,
    limits: storeLimits,
    announced: false,
    changed: () => undefined,
  });
  const payments = new MysqlPaymentStore({
    shards: payment.shards,
    outbox: payment.outbox,
    log: silent,
  });
  const books: Books = {
    clock: systemClock,
    async advance(ms) {
      await run(
        order,
        'UPDATE orders SET payment_deadline_ms = payment_deadline_ms - ?, due_ms = due_ms - ?',
        [ms, ms],
      );
      await run(
        payment,
        'UPDATE payment SET due_ms = due_ms - ?, deadline_ms = deadline_ms - ?, updated_ms = updated_ms - ?',
        [ms, ms, ms],
      );
    },
    orders,
    payments,
    due: payment.shards.servers.map((server) => new MysqlDuePayments(server)),
    mail: async () => [...(await mailOf(order, 'order')), ...(await mailOf(payment, 'payment'))],
    payment: (orderId) => {
      const target = { payment: { orderId, part: 'FIRST' }, deadlineMs: soon() } as const;
      return payments.update(target, (file) => ({ result: file }));
    },
  };
  return {
    async open() {
      await Promise.all([wipe(order), wipe(payment)]);
      return books;
    },
    async close() {
      await Promise.all([orders.stop(), payments.stop()]);
      for (const opened of [order, payment]) {
        await opened.outbox.stop();
        await opened.drop();
      }
    },
  };
}

interface Opened extends TestDatabase {
  readonly outbox: Outbox;
}

const soon = () => Date.now() + 30_000;

async function openDatabase(service: 'order' | 'payment', url: string): Promise<Opened> {
  const database = await createTestDatabase({ urls: [url], poolSize: 12 });
  const { shards, name } = database;
  const directory = new URL(`../../services/${service}/infra/mysql/sql/`, import.meta.url);
  await migrate(shards, { directory, database: name, log: silent });
  const outbox = new Outbox({
    shards,
    handlers: {},
    log: silent,
    clock: systemClock,
    firstDelayMs: 3_600_000,
    batchMax: 100,
    attemptsMax: 3,
  });
  return { ...database, outbox };
}

/** What a schedule writes, by table; the gates of the shards stay. */
const WRITTEN = {
  order: ['orders', 'order_line', 'order_transition', 'order_refund', 'outbox'],
  payment: [
    'payment',
    'payment_attempt',
    'payment_transition',
    'provider_event',
    'refund',
    'outbox',
  ],
} as const;

async function wipe(opened: Opened): Promise<void> {
  const known = await read<{ name: string }>(
    opened.first,
    { deadlineMs: soon() },
    'SELECT table_name AS name FROM information_schema.tables WHERE table_schema = DATABASE()',
  );
  const names = new Set(known.map(({ name }) => name));
  for (const table of new Set([...WRITTEN.order, ...WRITTEN.payment])) {
    if (names.has(table)) await run(opened, `DELETE FROM ${table}`, []);
  }
}

async function run(opened: Opened, sql: string, values: readonly number[]): Promise<void> {
  await change(opened.shards.serverOf(geneOf(ORDER_ID)), { deadlineMs: soon() }, sql, [...values]);
}

interface OutboxRow {
  aggregate_id: string;
  version: string;
  kind: string;
  payload: string;
}

async function mailOf(opened: Opened, from: Mail['from']): Promise<Mail[]> {
  const server = opened.first;
  const rows = await read<OutboxRow>(
    server,
    { deadlineMs: soon() },
    'SELECT aggregate_id, version, kind, payload FROM outbox ORDER BY created_ms',
  );
  return rows.map((row) => {
    const { aggregate_id: aggregateId, kind } = row;
    const version = Number(row.version);
    return {
      key: `${from} ${aggregateId}/${version}/${kind}`,
      from,
      event: { shard: 0, aggregateId, version, kind, payload: JSON.parse(row.payload) as unknown },
      async done() {
        await change(
          server,
          { deadlineMs: soon() },
          'DELETE FROM outbox WHERE aggregate_id = ? AND version = ? AND kind = ?',
          [aggregateId, version, kind],
        );
      },
    };
  });
}
