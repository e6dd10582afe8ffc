// Promise: a look takes from both ends of what is due, so that a backlog of any length holds up nobody
// who becomes due now; and what one worker has claimed no other one sees.
// Method: one real server, orders whose deadlines lie some milliseconds apart, two stores.

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { systemClock } from '../../../platform/clock.js';
import { IdSource } from '../../../platform/ids.js';
import { eventually, testUrl } from '../../../platform/real-servers.fixture.js';
import type { DueQueue, NewOrder } from '../../app/ports.js';
import { lineOf } from '../../domain/orders.fixture.js';
import { orderKeys } from '../order-keys.js';
import { openOrderDatabase } from './order-database.fixture.js';

const LEASE_MS = 60_000;
const lease = () => ({ workerId: 3, fromMs: 0, untilMs: Number.MAX_SAFE_INTEGER });
const keys = orderKeys(new IdSource({ clock: systemClock, lease }));
const soon = () => Date.now() + 5_000;

let under: Awaited<ReturnType<typeof openOrderDatabase>>;
let queues: DueQueue[] = [];

beforeAll(async () => {
  under = await openOrderDatabase([testUrl('TEST_MYSQL_1')]);
  queues = [under.store, under.otherStore].flatMap((store) => store.dueQueues);
});
afterAll(() => under.close());

test.each([
  ['four of nine', 4, [0, 1, 7, 8]],
  ['one more of the oldest when the number is odd', 3, [2, 3, 6]],
  ['one alone is the oldest', 1, [4]],
  ['all that is left, once', 4, [5]],
  ['nothing', 4, []],
])('%s', async (story, limit, expected) => {
  if (story === 'four of nine') await placed(9);
  const claimed = await queues[0]?.claim(limit, LEASE_MS, soon());
  expect(claimed?.map(({ orderId }) => all.indexOf(orderId)).toSorted()).toEqual(expected);
});

test('two workers share a backlog, and no order is claimed twice', async () => {
  const ids = await placed(300);
  const claims: bigint[] = [];
  await Promise.all(
    queues.map(async (queue) => {
      for (let more = true; more; ) {
        const some = await queue.claim(16, LEASE_MS, soon());
        claims.push(...some.map(({ orderId }) => orderId));
        more = some.length > 0;
      }
    }),
  );
  expect(queues).toHaveLength(2);
  expect(claims).toHaveLength(ids.length);
  expect(new Set(claims)).toEqual(new Set(ids));
});

let all: bigint[] = [];

/** Orders that are due, the first of them the longest. */
async function placed(count: number): Promise<bigint[]> {
  all = Array.from({ length: count }, (_, i) => keys.newOrderId(`user-${i}`));
  // Sent in one batch, they are placed at the same millisecond.
  await Promise.all(all.map((orderId, i) => under.store.commit(unpaid(orderId, i), soon())));
  const last = all.at(-1) ?? 0n;
  const order = await under.store.read(last, soon());
  await eventually(() => Date.now() > (order?.paymentDeadlineMs ?? 0) + 50);
  return all;
}

function unpaid(orderId: bigint, i: number): NewOrder {
  return {
    orderId,
    userId: `user-${i}`,
    requestId: orderId.toString(),
    fingerprint: keys.digest(['one']),
    type: 'VIRTUAL',
    details: undefined,
    currency: 'EUR',
    totalMinor: 100n,
    discountMinor: 0n,
    payableMinor: 100n,
    presale: undefined,
    paymentWindowMs: 100 + i,
    lines: [lineOf('song', 1, 100n)],
    fresh: true,
  };
}
