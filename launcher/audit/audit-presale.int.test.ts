// The audit of what was sold in advance: a deposit and a balance are two payments of one order, and a
// deposit may be kept where its terms say so.
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import {
  AuditShop,
  ledgerChunk,
  lineRow,
  orderRow,
  paymentRow,
  reservationRow,
  SHARD_2,
} from './audit-shop.fixture.js';
import { lookOnce } from './look.js';

let shop: AuditShop;
beforeAll(async () => {
  shop = await AuditShop.open();
}, 60_000);
afterAll(() => shop?.close());

// 6 waits for its balance of 200, 7 is paid, 8 was given up by its buyer, who leaves the deposit.
beforeEach(async () => {
  await shop.build();
  await shop.on(2, PRESALES.join(';'));
  await shop.redis.hset(shop.keyOf('b'), { available: 4 });
});

test.each<[string, string, string[]]>([
  ['in order', 'DO 0', []],
  [
    'a deposit vanishes',
    'UPDATE %payment.payment SET captured_minor = 0 WHERE order_id = 6',
    ['PAYMENT 0', 'MONEY 0'],
  ],
  [
    'a balance that nobody told the order of',
    `UPDATE %payment.payment SET state = 5, captured_minor = 200
     WHERE order_id = 6 AND ordinal = 2`,
    ['PAYMENT 0', 'MONEY 0'],
  ],
  [
    'paid without its balance',
    'UPDATE %payment.payment SET captured_minor = 0 WHERE order_id = 7 AND ordinal = 2',
    ['PAYMENT 0', 'MONEY 0'],
  ],
  [
    'no balance to pay',
    'DELETE FROM %payment.payment WHERE order_id = 6 AND ordinal = 2',
    ['PAYMENT 0'],
  ],
  [
    'a deposit kept of an order that an operator gave up',
    `UPDATE %order.order_transition SET operator = 'operator' WHERE order_id = 8 AND version = 3`,
    ['PAYMENT 0', 'MONEY 0'],
  ],
  [
    'a deposit kept against its terms',
    `UPDATE %order.orders SET presale = REPLACE(presale, 'false', 'true') WHERE order_id = 8`,
    ['PAYMENT 0', 'MONEY 0'],
  ],
  [
    'units sold before the balance',
    "UPDATE %inventory.reservation SET state = 2 WHERE order_id = '6'",
    ['UNHELD 0', 'STOCK -3', 'STOCK 3'],
  ],
])('%s', async (_what, sql, expected) => {
  await shop.on(2, sql);
  const { problems, counts } = await lookOnce(shop.targets);
  const found = problems.map((problem) => `${problem.kind} ${problem.units}`);
  expect(found.sort()).toEqual([...expected].sort());
  expect(counts.orders).toMatchObject({ DEPOSIT_PAID: 1, CANCELLED: 3 });
});

const presaleRows = (id: number, state: number) => [
  orderRow(id, state === 7 ? 1 : state, 300),
  `UPDATE %order.orders SET order_type = 5, state = ${state}, presale =
    '{"depositMinor":"100","balanceOpensMs":1,"balanceDueMs":9,"depositRefundable":false}'
    WHERE order_id = ${id}`,
  lineRow(id, 0, '%b', 3),
  paymentRow(id, 5, 100, 100, 0),
];
const balanceRow = (id: number, state: number, captured: number) =>
  `INSERT INTO %payment.payment (shard_no, order_id, ordinal, user_id, state, currency,
     amount_minor, captured_minor, deadline_ms)
   VALUES (40, ${id}, 2, 'u', ${state}, 'EUR', 200, ${captured}, 9)`;
const stepRow = (id: number, version: number, from: number, to: number, operator: string) =>
  `INSERT INTO %order.order_transition VALUES
    (40, ${id}, ${version}, ${from}, ${to}, '${operator}', '', 5)`;

const PRESALES = [
  reservationRow({ id: 6, quantity: 3, state: 1, sku: '%b' }),
  reservationRow({ id: 7, quantity: 3, state: 2, sku: '%b' }),
  "UPDATE %inventory.stock SET available = 4, reserved = 5, sold = 7, version = 8 WHERE sku_id = '%b'",
  ledgerChunk(SHARD_2, '%b', 7, [10, 7, 4]),
  ...presaleRows(6, 7),
  balanceRow(6, 1, 0),
  ...presaleRows(7, 2),
  balanceRow(7, 5, 200),
  ...presaleRows(8, 6),
  balanceRow(8, 7, 0),
  stepRow(8, 2, 1, 7, 'payment'),
  stepRow(8, 3, 7, 6, 'user'),
];
