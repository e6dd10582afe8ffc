// Promises: an order is read from the one server that its id names, a user's orders from the one that
// the user hashes to, and the orders of a state from each server once, merged without a gap.
// Method: the whole service over gRPC on two real MySQL servers, each behind a proxy that remembers
// every statement; nothing runs in the background.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { OrderState } from '../../gen/spillway/order/v1/order_pb.js';
import { geneOf } from '../platform/ids.js';
import { StatementTap } from '../platform/mysql/statement-tap.fixture.js';
import { change, read } from '../platform/mysql/transaction.js';
import { eventually, testUrl } from '../platform/real-servers.fixture.js';
import { openScene, reason, soon } from './order-scene.fixture.js';

const USERS = 12;
const ORDERS_PER_USER = 5;
// Sixty pages one after the other take half a second, but not beside other test files.
const BUSY_MACHINE_MS_MAX = 30_000;
const { PENDING_PAYMENT, CANCELLED, COMPLETED } = OrderState;

// Shards 0 to 31 live on the first, 32 to 63 on the second.
const taps = [new StatementTap(testUrl('TEST_MYSQL_1')), new StatementTap(testUrl('TEST_MYSQL_2'))];
const urls = await Promise.all(taps.map((tap) => tap.listen()));
const scene = await openScene({ urls, background: false });
const { client, shards, place } = scene;

const users = Array.from({ length: USERS }, (_, i) => `lister-${i}`);
const placed: { orderId: string; userId: string; state: OrderState }[] = [];

beforeAll(async () => {
  for (let n = 0; n < ORDERS_PER_USER; n += 1) {
    placed.push(...(await Promise.all(users.map((userId, i) => placeOne(userId, (n + i) % 3)))));
  }
  // What an order causes is heard, and its row deleted, after the answer.
  await eventually(async () => (await outboxRows()) === 0);
}, BUSY_MACHINE_MS_MAX);

async function outboxRows(): Promise<number> {
  const count = 'SELECT COUNT(*) AS n FROM outbox';
  const parts = shards.servers.map((server) => read<{ n: string }>(server, soon(), count));
  return (await Promise.all(parts)).reduce((sum, [row]) => sum + Number(row?.n), 0);
}

async function placeOne(userId: string, third: number) {
  const { orderId } = await place({ userId });
  if (third === 0) await client.cancelOrder({ orderId }, soon());
  return { orderId, userId, state: third === 0 ? CANCELLED : PENDING_PAYMENT };
}

beforeEach(() => {
  for (const tap of taps) tap.statements.length = 0;
});

afterAll(async () => {
  await scene.close();
  for (const tap of taps) await tap.close();
});

const homeOf = (orderId: string) => (geneOf(BigInt(orderId)) < 32 ? 0 : 1);
const asked = () => taps.map((tap) => tap.statements.length);
const newestFirst = (ids: string[]) => [...ids].sort((a, b) => (BigInt(a) > BigInt(b) ? -1 : 1));
const idsIn = (state: OrderState) =>
  newestFirst(placed.filter((order) => order.state === state).map((order) => order.orderId));

async function pagesOf(request: { userId?: string; state?: OrderState }, pageSize: number) {
  const ids: string[] = [];
  let pages = 0;
  let pageToken = '';
  do {
    const page = await client.listOrders({ ...request, pageSize, pageToken }, soon());
    expect(page.orders.every((order) => order.lines.length === 2)).toBe(true);
    ids.push(...page.orders.map((order) => order.orderId));
    pages += 1;
    pageToken = page.nextPageToken;
  } while (pageToken !== '');
  return { ids, pages };
}

describe('one shard', () => {
  test('both servers have orders', () => {
    expect(new Set(placed.map((order) => homeOf(order.orderId)))).toEqual(new Set([0, 1]));
  });

  test('GetOrder asks the server of the id and no other', async () => {
    for (const { orderId } of placed.slice(0, USERS)) {
      for (const tap of taps) tap.statements.length = 0;
      await client.getOrder({ orderId }, soon());
      const home = homeOf(orderId);
      expect(taps[home]?.statements.some((sql) => sql.includes(orderId))).toBe(true);
      expect(asked()[1 - home]).toBe(0);
    }
  });

  test('also for an id that no order has', async () => {
    for (const { orderId } of placed.slice(0, USERS)) {
      for (const tap of taps) tap.statements.length = 0;
      const never = (BigInt(orderId) - (1n << 40n)).toString();
      expect(await reason(client.getOrder({ orderId: never }, soon()))).toBe('ORDER_UNKNOWN');
      expect(homeOf(never)).toBe(homeOf(orderId));
      expect(asked()[1 - homeOf(never)]).toBe(0);
    }
  });

  test('ListOrders of a user asks the server of the user and no other', async () => {
    for (const userId of users) {
      for (const tap of taps) tap.statements.length = 0;
      const own = placed.filter((order) => order.userId === userId).map((order) => order.orderId);
      expect((await pagesOf({ userId }, 2)).ids).toEqual(newestFirst(own));
      const home = homeOf(own[0] ?? '');
      expect(taps[home]?.statements.some((sql) => sql.includes(userId))).toBe(true);
      expect(asked()[1 - home]).toBe(0);
    }
  });
});

describe('the orders of a state', () => {
  test.each([1, 7, 100])(
    'newest first, %i at a time, none twice, none left out',
    async (size) => {
      for (const state of [PENDING_PAYMENT, CANCELLED]) {
        const expected = idsIn(state);
        const { ids, pages } = await pagesOf({ state }, size);
        expect(ids).toEqual(expected);
        expect(pages).toBe(Math.ceil(expected.length / size));
      }
      expect((await pagesOf({ state: COMPLETED }, size)).ids).toEqual([]);
    },
    BUSY_MACHINE_MS_MAX,
  );

  test('one range per server and page', async () => {
    await client.listOrders({ state: PENDING_PAYMENT, pageSize: 5 }, soon());
    const ranges = taps.map((tap) => tap.statements.filter((sql) => sql.includes('by_state')));
    expect(ranges.map((statements) => statements.length)).toEqual([1, 1]);
    expect(ranges.flat().every((sql) => sql.endsWith('LIMIT 6'))).toBe(true);
  });

  test('without a user a state is needed', async () => {
    expect(await reason(client.listOrders({}, soon()))).toBe('FIELD_INVALID state');
    expect(asked()).toEqual([0, 0]);
  });

  test('a token of a user’s list does not continue it', async () => {
    const userId = placed[0]?.userId ?? '';
    const of = { userId, state: PENDING_PAYMENT, pageSize: 1 };
    const { nextPageToken: pageToken } = await client.listOrders(of, soon());
    const misused = client.listOrders({ state: PENDING_PAYMENT, pageToken }, soon());
    expect(await reason(misused)).toBe('FIELD_INVALID page_token');
  });

  test('rows that lie on a server that does not own their shard are not listed', async () => {
    const [mine] = placed.filter((order) => homeOf(order.orderId) === 0);
    const { orderId = '' } = mine ?? {};
    const foreign = geneOf(BigInt(orderId)) + 32;
    const copy = `UPDATE orders SET shard_no = ? WHERE shard_no = ? AND order_id = ?`;
    const server = shards.serverOf(0);
    const before = idsIn(mine?.state ?? CANCELLED);
    await change(server, soon(), copy, [foreign, foreign - 32, BigInt(orderId)]);
    try {
      const { ids } = await pagesOf({ state: mine?.state ?? CANCELLED }, 7);
      expect(ids).toEqual(before.filter((id) => id !== orderId));
    } finally {
      await change(server, soon(), copy, [foreign - 32, foreign, BigInt(orderId)]);
    }
  });
});

describe('cost', () => {
  test('a page reads as many rows as it needs, not as there are', async () => {
    const of = { state: CANCELLED, pageSize: 2 };
    const { nextPageToken: pageToken } = await client.listOrders(of, soon());
    await client.listOrders({ ...of, pageToken }, soon());
    const ranges = taps[0]?.statements.filter((sql) => sql.includes('by_state'));
    const [first = '', next = ''] = ranges ?? [];
    expect(next).toContain('order_id < ');
    // The page, one more, and the step that finds the edge.
    for (const sql of [first, next]) expect(await rowsRead(sql)).toBeLessThanOrEqual(3 + 1);
  });

  async function rowsRead(sql: string): Promise<number> {
    const connection = await shards.serverOf(0).connect();
    try {
      await connection.query(`USE ${scene.database}`);
      await connection.query('FLUSH STATUS');
      await connection.query(sql);
      const [rows] = await connection.query("SHOW SESSION STATUS LIKE 'Handler_read%'");
      const counts = rows as { Value: string }[];
      return counts.reduce((sum, row) => sum + Number(row.Value), 0);
    } finally {
      connection.destroy();
    }
  }
});

test('a server that is away fails the list of a state, and no list of the other server’s users', async () => {
  const there = placed.find((order) => homeOf(order.orderId) === 0);
  taps[1]?.goAway();
  try {
    const whole = client.listOrders({ state: PENDING_PAYMENT }, soon());
    expect(await reason(whole)).toBe('DEPENDENCY_UNAVAILABLE');
    const one = await client.listOrders({ userId: there?.userId ?? '' }, soon());
    expect(one.orders).toHaveLength(ORDERS_PER_USER);
  } finally {
    taps[1]?.goAway(false);
  }
});
