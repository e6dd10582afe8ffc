// The audit on two real MariaDB servers and a real Redis, with the services' own tables: books in
// order pass, and every kind of damage that somebody could do is found, named and counted. Each
// damage is done to the same small shop and undone by building it anew.
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import mysql from 'mysql2/promise';
import { type AuditTargets, lookOnce } from './look.js';

const PREFIX = `audit_${randomBytes(4).toString('hex')}_`;
const urls = [process.env['TEST_MYSQL_1'] ?? '', process.env['TEST_MYSQL_2'] ?? ''];
const redisUrl = process.env['TEST_REDIS'] ?? '';
const targets: AuditTargets = { mysqlUrls: urls, databasePrefix: PREFIX, redisUrl };
const SERVICES = ['inventory', 'order', 'payment'];

// sku-a lies on the first server, sku-b and the orders on the second: nothing can be joined by
// luck.
const [A, B] = [`${PREFIX}a`, `${PREFIX}b`];
const [SHARD_1, SHARD_2] = [7, 40];

let servers: mysql.Connection[];
let redis: Redis;

beforeAll(async () => {
  servers = await Promise.all(
    urls.map((uri) => mysql.createConnection({ uri, multipleStatements: true })),
  );
  redis = new Redis(redisUrl);
  for (const server of servers) {
    for (const service of SERVICES) {
      await server.query(`CREATE DATABASE ${PREFIX}${service}`);
      await server.query(`USE ${PREFIX}${service}`);
      await server.query(schemaOf(service));
    }
  }
}, 60_000);

afterAll(async () => {
  for (const server of servers ?? []) {
    for (const service of SERVICES) {
      await server.query(`DROP DATABASE IF EXISTS ${PREFIX}${service}`);
    }
    await server.end();
  }
  await redis?.del(gateKey(SHARD_1, A), gateKey(SHARD_2, B));
  redis?.disconnect();
});

beforeEach(buildShop);

test('books in order', async () => {
  const { problems, counts } = await lookOnce(targets);
  expect(problems).toEqual([]);
  expect(counts).toMatchObject({
    skus: 2,
    units: { total: 30, available: 22, reserved: 2, sold: 6 },
    orders: { PENDING_PAYMENT: 1, PAID: 1, SHIPPED: 1, CANCELLED: 2 },
    orderLines: 5,
    reservationLines: 5,
    payments: 5,
    outboxWaiting: 1,
  });
  const money = counts.money.get('EUR');
  expect(money).toMatchObject({ captured: 1_000n, refunded: 500n, payable: 500n });
});

describe('damage', () => {
  test.each<[string, number, string, string[]]>([
    [
      'an order for more than there is',
      2,
      'UPDATE %order.order_line SET quantity = 100, unit_price_minor = 3 WHERE order_id = 2',
      // Its reservation holds less, its SKU has less.
      ['OVERSOLD 87', 'UNHELD 97'],
    ],
    [
      'an order vanishes',
      2,
      'DELETE FROM %order.orders WHERE order_id = 2',
      ['LEAKED 3', 'PAYMENT 0', 'MONEY 0'],
    ],
    [
      'an order turns into a download',
      2,
      'UPDATE %order.orders SET order_type = 2 WHERE order_id = 2',
      ['LEAKED 3'],
    ],
    [
      'an order turns into a booking, which holds units too',
      2,
      'UPDATE %order.orders SET order_type = 4 WHERE order_id = 2',
      [],
    ],
    [
      'an order is cancelled by hand',
      2,
      'UPDATE %order.orders SET state = 6 WHERE order_id = 2',
      ['LEAKED 3', 'PAYMENT 0', 'MONEY 0'],
    ],
    [
      'a reservation vanishes',
      1,
      "DELETE FROM %inventory.reservation WHERE order_id = '3'",
      ['UNHELD 1', 'STOCK 1'],
    ],
    [
      'a confirm got lost',
      1,
      "UPDATE %inventory.reservation SET state = 1 WHERE order_id = '3'",
      ['UNHELD 0', 'STOCK -1', 'STOCK 1'],
    ],
    [
      'a hold ended long ago',
      1,
      reservationRow({ id: 99, quantity: 1, state: 1, sku: '%a' }),
      ['LEAKED 1', 'STOCK -1'],
    ],
    [
      'units moved past the ledger',
      1,
      'UPDATE %inventory.stock SET available = available - 1, total = total - 1',
      ['STOCK 0', 'LEDGER 0', 'DRIFT 1'],
    ],
    [
      'a ledger entry vanishes',
      1,
      'DELETE FROM %inventory.ledger WHERE entry = 2',
      ['LEDGER 0', 'LEDGER 0'],
    ],
    [
      'a ledger entry is changed',
      1,
      'UPDATE %inventory.ledger SET after_units = 19 WHERE entry = 2',
      ['LEDGER 0'],
    ],
    ['a restock vanishes', 1, 'DELETE FROM %inventory.restock', ['STOCK 0']],
    [
      'a limit counted wrongly',
      1,
      "INSERT INTO %inventory.buyer VALUES (7, '%a', 'u', 1)",
      ['STOCK 0'],
    ],
    ['an intent got lost', 2, 'DELETE FROM %payment.payment WHERE order_id = 1', ['PAYMENT 0']],
    [
      'a capture got lost',
      2,
      'UPDATE %payment.payment SET captured_minor = 0 WHERE order_id = 2',
      ['PAYMENT 0', 'MONEY 0'],
    ],
    [
      'money kept after a cancel',
      2,
      'UPDATE %payment.payment SET refunded_minor = 0 WHERE order_id = 4',
      ['PAYMENT 0', 'MONEY 0'],
    ],
    ['a refund was refused', 2, 'UPDATE %payment.refund SET state = 3', ['PAYMENT 0']],
    [
      'a total that is not its lines',
      2,
      'UPDATE %order.orders SET total_minor = 301, discount_minor = 1 WHERE order_id = 2',
      ['ORDER 0'],
    ],
    [
      'an effect is parked',
      2,
      "UPDATE %order.outbox SET parked_reason = 'no such SKU'",
      ['OUTBOX 0'],
    ],
  ])('%s', async (_what, server, sql, expected) => {
    await on(server, sql);
    const { problems } = await lookOnce(targets);
    const found = problems.map((problem) => `${problem.kind} ${problem.units}`);
    expect(found.sort()).toEqual([...expected].sort());
  });

  test('Redis believes in other units', async () => {
    await redis.hset(gateKey(SHARD_2, B), 'available', 12);
    const { problems } = await lookOnce(targets);
    expect(problems.map((problem) => `${problem.kind} ${problem.units}`)).toEqual(['DRIFT 2']);
  });

  test('Redis that forgot a SKU, or has it from another epoch, is in order', async () => {
    await redis.del(gateKey(SHARD_1, A));
    await redis.hset(gateKey(SHARD_2, B), { available: 99, epoch: 1 });
    expect((await lookOnce(targets)).problems).toEqual([]);
  });

  test('a deaf Redis is one problem, a deaf MySQL is the end', async () => {
    const deaf = { ...targets, redisUrl: 'redis://127.0.0.1:1' };
    expect((await lookOnce(deaf)).problems.map((problem) => problem.kind)).toEqual(['UNREACHABLE']);
    const gone = { ...targets, mysqlUrls: [...urls, 'mysql://u:p@127.0.0.1:1'] };
    await expect(lookOnce(gone)).rejects.toThrow('mysql 127.0.0.1:1 does not answer');
  });
});

describe('refunds of lines', () => {
  // Order 6: 3 of b paid, 1 of them refunded and back on sale, and 50 paid back out of goodwill.
  beforeEach(async () => {
    await on(2, REFUNDED.join(';'));
    await redis.hset(gateKey(SHARD_2, B), { available: 8 });
  });

  test.each<[string, string, string[]]>([
    ['in order', 'DO 0', []],
    [
      'paid back more than asked for, so that nothing is left',
      `UPDATE %payment.refund SET amount_minor = 200 WHERE refund_id = 'rg';
       UPDATE %payment.payment SET refunded_minor = 300 WHERE order_id = 6`,
      [],
    ],
    [
      'not paid back',
      `DELETE FROM %payment.refund WHERE refund_id = 'rl';
       UPDATE %payment.payment SET refunded_minor = 50 WHERE order_id = 6`,
      ['PAYMENT 0', 'MONEY 0'],
    ],
    [
      'paid back for an order that says nothing of it',
      `DELETE FROM %order.order_refund; UPDATE %order.orders SET refunded_minor = NULL`,
      ['PAYMENT 0', 'MONEY 0', 'UNHELD 1'],
    ],
    [
      'more units than were bought',
      'UPDATE %order.order_refund SET quantity = 4, returned = 0',
      ['ORDER 0', 'UNHELD 1'],
    ],
    [
      'units that did not come back',
      "UPDATE %inventory.reservation SET returned = NULL WHERE order_id = '6'",
      ['LEAKED 1', 'STOCK -1', 'STOCK 0'],
    ],
    ['a return vanishes', 'DELETE FROM %inventory.reservation_return', ['STOCK 0']],
  ])('%s', async (_what, sql, expected) => {
    await on(2, sql);
    const { problems } = await lookOnce(targets);
    const found = problems.map((problem) => `${problem.kind} ${problem.units}`);
    expect(found.sort()).toEqual([...expected].sort());
  });
});

test('one wrong line among thousands is found', async () => {
  const lines = 3_000;
  const orders: string[] = [];
  for (let i = 0; i < lines; i++) {
    const id = 10_000 + i;
    orders.push(`INSERT INTO %order.order_line VALUES (40, ${id}, 0, '%a', 't', 1, 100, NULL)`);
    orders.push(orderRow(id, 1, 100));
  }
  await on(2, orders.join(';'));
  const reservations = Array.from({ length: lines }, (_, i) =>
    reservationRow({ id: 10_000 + i, quantity: i === 1_234 ? 2 : 1, state: 1, sku: '%a' }),
  );
  await on(1, reservations.join(';'));
  const { problems } = await lookOnce(targets);
  const wrong = problems.filter((problem) => problem.kind === 'LEAKED');
  expect(wrong.map((problem) => `${problem.subject} ${problem.units}`)).toEqual(['order 11234 1']);
  expect(problems.filter((problem) => problem.kind === 'UNHELD')).toEqual([]);
}, 60_000);

/**
 * Two SKUs and five orders: 1 pending (2 of b), 2 paid (3 of b), 3 shipped (1 of a, 1 of b), 4 paid
 * and cancelled, 5 cancelled by an operator after shipping (1 of a is away, its money is back).
 */
async function buildShop(): Promise<void> {
  for (const [i, server] of servers.entries()) {
    await server.query(
      SERVICES.flatMap((service) =>
        tablesOf(service).map((table) => `DELETE FROM ${PREFIX}${service}.${table}`),
      ).join(';'),
    );
    await on(i + 1, i === 0 ? FIRST : SECOND);
  }
  await redis.hset(gateKey(SHARD_1, A), { available: 12, epoch: 3 });
  await redis.hset(gateKey(SHARD_2, B), { available: 10, epoch: 3 });
}

const ledgerRows = (shard: number, sku: string, units: readonly number[]) =>
  units.map((after, i) => {
    const before = i === 0 ? 0 : units[i - 1];
    return `INSERT INTO %inventory.ledger VALUES
      (${shard}, '${sku}', ${i + 1}, ${before}, ${after}, 1, '', 'c', 5)`;
  });

function reservationRow(o: { id: number; quantity: number; state: number; sku: string }): string {
  const shard = o.sku === '%a' ? SHARD_1 : SHARD_2;
  return `INSERT INTO %inventory.reservation (shard_no, reservation_id, line_no, sku_id, order_id,
    user_id, fingerprint, quantity, limited, state, epoch, hold_until_ms) VALUES (${shard},
    'r${o.id}', 0, '${o.sku}', '${o.id}', 'u', 'f', ${o.quantity}, 0, ${o.state}, 3, 5)`;
}

function orderRow(id: number, state: number, total: number, shipped = false): string {
  const tracking = shipped ? `'dhl', '1Z'` : 'NULL, NULL';
  return `INSERT INTO %order.orders (shard_no, order_id, user_id, request_id, fingerprint,
    order_type, state, version, currency, total_minor, discount_minor, payable_minor,
    payment_deadline_ms, due_ms, paid_ms, carrier, tracking_number, created_ms, updated_ms)
    VALUES (40, ${id}, 'u', 'q${id}', 'f', 1, ${state}, 1, 'EUR', ${total}, 0, ${total}, 9,
    ${state === 1 ? 9 : 'NULL'}, NULL, ${tracking}, 5, 5)`;
}

const lineRow = (id: number, line: number, sku: string, quantity: number) =>
  `INSERT INTO %order.order_line VALUES (40, ${id}, ${line}, '${sku}', 't', ${quantity}, 100, NULL)`;

const paymentRow = (
  id: number,
  state: number,
  amount: number,
  captured: number,
  refunded: number,
) =>
  `INSERT INTO %payment.payment (shard_no, order_id, user_id, state, currency, amount_minor,
     captured_minor, refunded_minor, deadline_ms)
   VALUES (40, ${id}, 'u', ${state}, 'EUR', ${amount}, ${captured}, ${refunded}, 9)`;

const refundRow = (refundId: string, requestId: string, amount: number) =>
  `INSERT INTO %payment.refund (shard_no, refund_id, order_id, request_id, currency, amount_minor,
     state, reason, provider, charge_number, created_ms, updated_ms)
   VALUES (40, '${refundId}', 6, '${requestId}', 'EUR', ${amount}, 2, '', 'sandbox', 'ch', 5, 5)`;

const FIRST = [
  "INSERT INTO %inventory.stock VALUES (7, '%a', 3, 4, 12, 0, 2, 14)",
  "INSERT INTO %inventory.restock VALUES (7, 'fill', '%a', 14, '', 5)",
  ...ledgerRows(SHARD_1, '%a', [14, 13, 13, 12]),
  reservationRow({ id: 3, quantity: 1, state: 2, sku: '%a' }),
  reservationRow({ id: 5, quantity: 1, state: 2, sku: '%a' }),
].join(';');

const SECOND = [
  "INSERT INTO %inventory.stock VALUES (40, '%b', 3, 6, 10, 2, 4, 16)",
  "INSERT INTO %inventory.restock VALUES (40, 'fill', '%b', 16, '', 5)",
  ...ledgerRows(SHARD_2, '%b', [16, 14, 11, 10, 6, 10]),
  reservationRow({ id: 1, quantity: 2, state: 1, sku: '%b' }),
  reservationRow({ id: 2, quantity: 3, state: 2, sku: '%b' }),
  reservationRow({ id: 3, quantity: 1, state: 2, sku: '%b' }),
  reservationRow({ id: 4, quantity: 4, state: 4, sku: '%b' }),
  orderRow(1, 1, 200),
  lineRow(1, 0, '%b', 2),
  paymentRow(1, 1, 200, 0, 0),
  orderRow(2, 2, 300),
  lineRow(2, 0, '%b', 3),
  paymentRow(2, 5, 300, 300, 0),
  orderRow(3, 3, 200, true),
  lineRow(3, 0, '%a', 1),
  lineRow(3, 1, '%b', 1),
  paymentRow(3, 5, 200, 200, 0),
  orderRow(4, 6, 400),
  lineRow(4, 0, '%b', 4),
  paymentRow(4, 5, 400, 400, 400),
  orderRow(5, 6, 100, true),
  lineRow(5, 0, '%a', 1),
  paymentRow(5, 5, 100, 100, 100),
  `INSERT INTO %payment.refund VALUES
    (40, 'rf', 4, 1, 'q', 'EUR', 400, 2, 0, '', 'sandbox', 'ch', 'n', 5, 5)`,
  "INSERT INTO %order.outbox VALUES (40, '4', 2, 'stock.return', '{}', 5, 0, NULL, 5)",
].join(';');

const REFUNDED = [
  reservationRow({ id: 6, quantity: 3, state: 2, sku: '%b' }),
  "UPDATE %inventory.reservation SET returned = 1 WHERE order_id = '6'",
  "INSERT INTO %inventory.reservation_return VALUES (40, 'r6', 'b1', '%b', 1)",
  "UPDATE %inventory.stock SET available = 8, sold = 6, version = 8 WHERE sku_id = '%b'",
  ...ledgerRows(SHARD_2, '%b', [16, 14, 11, 10, 6, 10, 7, 8]).slice(6),
  orderRow(6, 2, 300),
  'UPDATE %order.orders SET refunded_minor = 100 WHERE order_id = 6',
  "INSERT INTO %order.order_refund VALUES (40, 6, 3, 0, 'b1', '%b', 1, 100, 1, '', 5)",
  lineRow(6, 0, '%b', 3),
  paymentRow(6, 5, 300, 300, 150),
  refundRow('rl', '/lines-3', 100),
  refundRow('rg', 'goodwill', 50),
];

/** `%order.` and friends name databases, `%a` and `%b` SKUs. */
async function on(server: number, sql: string): Promise<void> {
  const text = sql
    .replaceAll(/%(order|inventory|payment)\./g, `${PREFIX}$1.`)
    .replaceAll('%a', A)
    .replaceAll('%b', B);
  await servers[server - 1]?.query(text);
}

function folderOf(service: string): URL {
  return new URL(`../../services/${service}/infra/mysql/sql/`, import.meta.url);
}

function schemaOf(service: string): string {
  const folder = folderOf(service);
  const files = readdirSync(folder).filter((name) => name.endsWith('.sql'));
  return files
    .sort()
    .map((name) => readFileSync(new URL(name, folder), 'utf8'))
    .join('\n');
}

function tablesOf(service: string): string[] {
  const names = schemaOf(service).matchAll(/CREATE TABLE IF NOT EXISTS (\w+)/g);
  return [...names].map((match) => match[1] ?? '');
}

function gateKey(shard: number, skuId: string): string {
  return `{p${String(shard).padStart(2, '0')}}:sku:${skuId}`;
}
