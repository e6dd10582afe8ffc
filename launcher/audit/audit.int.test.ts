// The audit on two real MariaDB servers and a real Redis, with the services' own tables: books in
// order pass, and every kind of damage that somebody could do is found, named and counted. Each
// damage is done to the same small shop and undone by building it anew.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import {
  AuditShop,
  ledgerChunk,
  lineRow,
  orderRow,
  paymentRow,
  reservationRow,
  SHARD_2,
} from './audit-shop.fixture.js';
import { type AuditTargets, lookOnce } from './look.js';

let shop: AuditShop;
let targets: AuditTargets;
const on = (server: number, sql: string) => shop.on(server, sql);

beforeAll(async () => {
  shop = await AuditShop.open();
  targets = shop.targets;
}, 60_000);
afterAll(() => shop?.close());
beforeEach(() => shop.build());

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
      'a chunk of the ledger vanishes',
      1,
      'DELETE FROM %inventory.ledger_chunk WHERE entry = 2',
      // Too few, and the next one has none before it.
      ['LEDGER 0', 'LEDGER 0'],
    ],
    [
      'the end of a ledger vanishes',
      1,
      'DELETE FROM %inventory.ledger_chunk WHERE entry = 4',
      // Too few, and it ends elsewhere.
      ['LEDGER 0', 'LEDGER 0'],
    ],
    [
      'a chunk begins with other units',
      1,
      'UPDATE %inventory.ledger_chunk SET before_units = 19 WHERE entry = 2',
      // It does not follow, and its own end is not its sum.
      ['LEDGER 0', 'LEDGER 0'],
    ],
    [
      'a chunk ends with other units',
      1,
      'UPDATE %inventory.ledger_chunk SET after_units = 19 WHERE entry = 2',
      ['LEDGER 0', 'LEDGER 0'],
    ],
    [
      'a chunk is moved as a whole',
      1,
      'UPDATE %inventory.ledger_chunk SET before_units = 20, after_units = 19 WHERE entry = 2',
      // Its sum is right; neither it nor the next one follows.
      ['LEDGER 0'],
    ],
    [
      'a chunk counts other entries',
      1,
      'UPDATE %inventory.ledger_chunk SET entries = 1 WHERE entry = 2',
      // Too few, the next one has another number, and the text has two.
      ['LEDGER 0', 'LEDGER 0', 'LEDGER 0'],
    ],
    [
      'an entry vanishes from its chunk',
      1,
      "UPDATE %inventory.ledger_chunk SET moves = '812 c' WHERE entry = 2",
      ['LEDGER 0'],
    ],
    [
      'an entry of a chunk says other units',
      1,
      "UPDATE %inventory.ledger_chunk SET moves = '2-2 812 c,4 812 c' WHERE entry = 2",
      ['LEDGER 0'],
    ],
    [
      'a chunk cannot be read',
      1,
      "UPDATE %inventory.ledger_chunk SET moves = '812 c,812' WHERE entry = 2",
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
    await shop.redis.hset(shop.keyOf('b'), 'available', 12);
    const { problems } = await lookOnce(targets);
    expect(problems.map((problem) => `${problem.kind} ${problem.units}`)).toEqual(['DRIFT 2']);
  });

  test('Redis that forgot a SKU, or has it from another epoch, is in order', async () => {
    await shop.redis.del(shop.keyOf('a'));
    await shop.redis.hset(shop.keyOf('b'), { available: 99, epoch: 1 });
    expect((await lookOnce(targets)).problems).toEqual([]);
  });

  test('a deaf Redis is one problem, a deaf MySQL is the end', async () => {
    const deaf = { ...targets, redisUrl: 'redis://127.0.0.1:1' };
    expect((await lookOnce(deaf)).problems.map((problem) => problem.kind)).toEqual(['UNREACHABLE']);
    const gone = { ...targets, mysqlUrls: [...targets.mysqlUrls, 'mysql://u:p@127.0.0.1:1'] };
    await expect(lookOnce(gone)).rejects.toThrow('mysql 127.0.0.1:1 does not answer');
  });
});

describe('refunds of lines', () => {
  // Order 6: 3 of b paid, 1 of them refunded and back on sale, and 50 paid back out of goodwill.
  beforeEach(async () => {
    await on(2, REFUNDED.join(';'));
    await shop.redis.hset(shop.keyOf('b'), { available: 8 });
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

const refundRow = (refundId: string, requestId: string, amount: number) =>
  `INSERT INTO %payment.refund (shard_no, refund_id, order_id, request_id, currency, amount_minor,
     state, reason, provider, charge_number, created_ms, updated_ms)
   VALUES (40, '${refundId}', 6, '${requestId}', 'EUR', ${amount}, 2, '', 'sandbox', 'ch', 5, 5)`;

const REFUNDED = [
  reservationRow({ id: 6, quantity: 3, state: 2, sku: '%b' }),
  "UPDATE %inventory.reservation SET returned = 1 WHERE order_id = '6'",
  "INSERT INTO %inventory.reservation_return VALUES (40, 'r6', 'b1', '%b', 1)",
  "UPDATE %inventory.stock SET available = 8, sold = 6, version = 8 WHERE sku_id = '%b'",
  ledgerChunk(SHARD_2, '%b', 7, [10, 7, 8]),
  orderRow(6, 2, 300),
  'UPDATE %order.orders SET refunded_minor = 100 WHERE order_id = 6',
  "INSERT INTO %order.order_refund VALUES (40, 6, 3, 0, 'b1', '%b', 1, 100, 1, '', 5)",
  lineRow(6, 0, '%b', 3),
  paymentRow(6, 5, 300, 300, 150),
  refundRow('rl', '/lines-3', 100),
  refundRow('rg', 'goodwill', 50),
];
