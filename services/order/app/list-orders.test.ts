// Promise: pages follow each other without a gap or a repetition, and a token continues only the
// listing that it came from.
// Method: the use case over a list of orders.

import { beforeEach, describe, expect, test } from '@jest/globals';
import { systemClock } from '../../platform/clock.js';
import { IdSource } from '../../platform/ids.js';
import type { Order, OrderState } from '../domain/order.js';
import { orderIn } from '../domain/orders.fixture.js';
import { orderKeys } from '../infra/order-keys.js';
import { type ListCommand, ListOrders } from './list-orders.js';
import type { OrderQuery, OrderStore } from './ports.js';

const lease = () => ({ workerId: 1, fromMs: 0, untilMs: Number.MAX_SAFE_INTEGER });
const keys = orderKeys(new IdSource({ clock: systemClock, lease }));

/** Oldest first. */
const orders: Order[] = [
  ['ada', 'PAID'],
  ['bob', 'PAID'],
  ['ada', 'CANCELLED'],
  ['cy', 'PAID'],
  ['ada', 'PAID'],
  ['bob', 'SHIPPED'],
  ['ada', 'PAID'],
].map(([userId = '', state], i) =>
  orderIn(state as OrderState, { userId, orderId: BigInt(i + 1) * 1_000_000_000n }),
);

let asked: OrderQuery[];
let list: ListOrders;

beforeEach(() => {
  asked = [];
  const store = { list: async (query: OrderQuery) => answer(query) };
  list = new ListOrders({ orders: store as unknown as OrderStore, keys });
});

function answer(query: OrderQuery): Order[] {
  asked.push(query);
  const { userId, state, beforeId, limit } = query;
  return [...orders]
    .reverse()
    .filter((order) => userId === undefined || order.userId === userId)
    .filter((order) => state === undefined || order.state === state)
    .filter((order) => beforeId === undefined || order.orderId < beforeId)
    .slice(0, limit);
}

const command = (changes: Partial<ListCommand>): ListCommand => ({
  userId: '',
  state: undefined,
  pageSize: 2,
  pageToken: '',
  ...changes,
});
const run = (changes: Partial<ListCommand>) => list.run(command(changes), 0);

async function pagesOf(changes: Partial<ListCommand>): Promise<number[][]> {
  const pages: number[][] = [];
  let pageToken = '';
  do {
    const page = await run({ ...changes, pageToken });
    if (page.outcome !== 'LISTED') throw new Error(page.outcome);
    pages.push(page.orders.map((order) => orders.indexOf(order)));
    pageToken = page.nextPageToken;
  } while (pageToken !== '');
  return pages;
}

test.each([
  [
    'a user',
    { userId: 'ada' },
    [
      [6, 4],
      [2, 0],
    ],
  ],
  ['a user and a state', { userId: 'ada', state: 'PAID' }, [[6, 4], [0]]],
  ['a state of all users', { state: 'PAID' }, [[6, 4], [3, 1], [0]]],
  ['a state of all users, one by one', { state: 'PAID', pageSize: 1 }, [[6], [4], [3], [1], [0]]],
  ['a state that nobody is in', { state: 'DELIVERED' }, [[]]],
  ['as many as a page holds', { userId: 'bob' }, [[5, 1]]],
] as const)('%s', async (_, changes, pages) => {
  expect(await pagesOf(changes)).toEqual(pages);
});

test('nobody may ask for everything', async () => {
  expect(await run({})).toEqual({ outcome: 'STATE_MISSING' });
  expect(asked).toEqual([]);
});

test('no more is asked for than a page and one', async () => {
  await run({ state: 'PAID', pageSize: 0 });
  await run({ state: 'PAID', pageSize: 3 });
  expect(asked.map((query) => query.limit)).toEqual([21, 4]);
});

describe('a token', () => {
  const tokenOf = async (changes: Partial<ListCommand>) => {
    const page = await run(changes);
    return page.outcome === 'LISTED' ? page.nextPageToken : '';
  };
  const text = (token: string) => Buffer.from(token, 'base64url').toString();
  const token = (written: string) => Buffer.from(written).toString('base64url');

  test('names its version and fits into the contract', async () => {
    const pageToken = await tokenOf({ state: 'PAID' });
    expect(text(pageToken)).toMatch(/^1\.[0-9]+\./);
    const longest = keys.digest(['']).length + '1..'.length + '9223372036854775807'.length;
    expect(Math.ceil((longest * 4) / 3)).toBeLessThanOrEqual(128);
  });

  test('continues no other listing', async () => {
    const ofState = await tokenOf({ state: 'PAID' });
    const ofUser = await tokenOf({ userId: 'ada', state: 'PAID' });
    for (const [pageToken, changes] of [
      [ofState, { state: 'SHIPPED' }],
      [ofState, { userId: 'ada', state: 'PAID' }],
      [ofState, { userId: 'PAID' }],
      [ofUser, { state: 'PAID' }],
      [ofUser, { userId: 'bob', state: 'PAID' }],
      [ofUser, { userId: 'ada' }],
    ] as const) {
      expect(await run({ ...changes, pageToken })).toEqual({ outcome: 'TOKEN_FOREIGN' });
    }
  });

  test('is refused in any other form', async () => {
    const pageToken = await tokenOf({ state: 'PAID' });
    const [, id = '', digest = ''] = text(pageToken).split('.');
    for (const wrong of [
      `${pageToken}A`,
      `${pageToken}=`,
      ` ${pageToken}`,
      token(`${id}.${digest}`),
      token(`2.${id}.${digest}`),
      token(`1.0${id}.${digest}`),
      token(`1.${BigInt(id) + 1n}.${digest}`),
      token(`1.${id}.${digest}.`),
      token(`1.-1.${digest}`),
      token('1..'),
      'x',
    ]) {
      expect(await run({ state: 'PAID', pageToken: wrong })).toEqual({ outcome: 'TOKEN_FOREIGN' });
    }
    expect(asked).toHaveLength(1);
  });
});
