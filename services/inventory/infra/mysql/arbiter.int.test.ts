// Promise: MySQL alone gives units away, so each rule holds when the gate let everything through.
// Method: two real servers, no Redis; grants as a gate would have made them.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { transact } from '../../../platform/mysql/transaction.js';
import { testUrl } from '../../../platform/real-servers.fixture.js';
import type { Refund } from '../../domain/close.js';
import type { Grant } from '../../domain/reservation.js';
import { partitionOf, split } from '../../domain/split.js';
import { lockStocks } from './rows.js';
import { StatementDoor } from './statement-door.fixture.js';
import { openStockDatabase, soon } from './stock-database.fixture.js';

type Database = Awaited<ReturnType<typeof openStockDatabase>>;
type Book = ReturnType<Database['book']>;

let under: Database;

beforeAll(async () => {
  under = await openStockDatabase();
});

afterAll(() => under.close());

describe('without a gate', () => {
  test('no more is given away than there is, by two processes at once', async () => {
    const skuId = await stocked(under.book(), 'bound', 5);
    const books = [under.book(), under.book()];
    const outcomes = await Promise.all(
      [...Array(12).keys()].map(async (i) => {
        const book = books[i % 2] as Book;
        return `${(await settle(book, grant(skuId, `r${i}`)))?.outcome}`;
      }),
    );
    const expected = [...Array(5).fill('RESERVED'), ...Array(7).fill('SOLD_OUT')];
    expect(outcomes.sort()).toEqual(expected);
    expect(await stockOf(skuId)).toMatchObject({ available: 0, reserved: 5, total: 5 });
  });

  test('a grant from before a rebase moves nothing', async () => {
    const skuId = await stocked(under.book(), 'epoch', 5);
    const [load] = await under.book().rebase([skuId], soon());
    expect(load).toMatchObject({ epoch: 2, available: 5 });
    const late = await settle(under.book(), grant(skuId, 'late'));
    expect(late).toEqual({ outcome: 'EPOCH', skuId, epoch: 2 });
    expect(await stockOf(skuId)).toMatchObject({ available: 5, reserved: 0, epoch: 2 });
  });

  test('the limit per user holds', async () => {
    const skuId = await stocked(under.book(), 'limit', 5);
    const take = async (id: string) =>
      (await settle(under.book(), grant(skuId, id, { userLimit: 2 })))?.outcome;
    expect([await take('r1'), await take('r2'), await take('r3')]).toEqual([
      'RESERVED',
      'RESERVED',
      'USER_LIMIT',
    ]);
  });

  test('a release that comes first leaves a tombstone, and the late grant runs into it', async () => {
    const skuId = await stocked(under.book(), 'tomb', 5);
    const which = { partition: partitionOf(skuId), reservationId: 'r1', orderId: 'o1' };
    const closing = { verb: 'release', ...which, skuIds: [skuId] } as const;
    expect(await under.book().close(closing, soon())).toBe('DONE');
    const late = await settle(under.book(), grant(skuId, 'r1'));
    expect(late).toEqual({ outcome: 'CLOSED' });
    expect(await stockOf(skuId)).toMatchObject({ available: 5, reserved: 0 });
  });
});

test('who has locked a SKU keeps others from it until his commit', async () => {
  const skuId = await stocked(under.book(), 'lock', 5);
  const partition = partitionOf(skuId);
  const server = under.shards.serverOf(partition);
  const order: string[] = [];
  const lock = (then: () => Promise<void>) =>
    transact(server, { name: 'test', deadlineMs: soon() }, async (tx) => {
      await lockStocks(tx, [[partition, skuId]]);
      await then();
    });
  let second: Promise<void> | undefined;
  await lock(async () => {
    second = lock(async () => void order.push('second has it'));
    await new Promise((resolve) => setTimeout(resolve, 200));
    order.push('first ends');
  });
  await second;
  expect(order).toEqual(['first ends', 'second has it']);
});

describe('when a statement is late', () => {
  let door: StatementDoor;
  let behind: Database;

  beforeAll(async () => {
    door = new StatementDoor(testUrl('TEST_MYSQL_1'));
    behind = await openStockDatabase([await door.listen()]);
  });

  afterAll(async () => {
    await behind.close();
    await door.close();
  });

  test('a COMMIT that arrives after its connection was lost is found, not done again', async () => {
    const skuId = await stocked(behind.book(), 'commit', 5);
    // The statement itself, which the protocol's byte for a query precedes, and not READ COMMITTED.
    const commit = door.hold((sent) => sent.includes('\x03COMMIT'), { cut: true });
    // Short, because the driver keeps the timer of a statement whose connection was cut.
    const settling = settle(behind.book(), grant(skuId, 'r1'), Date.now() + 2_000);
    await commit.arrived;
    // Long enough for a look that would find nothing.
    await new Promise((resolve) => setTimeout(resolve, 300));
    commit.open();
    expect(await settling).toEqual({ outcome: 'DUPLICATE', orderId: 'order-of-r1' });
    const [stock] = await behind.book().stocks([skuId], soon());
    expect(stock).toMatchObject({ available: 4, reserved: 1, version: 2 });
  });

  test('units that come back while a load is read are counted in it or refunded, not both', async () => {
    const skuId = await stocked(behind.book(), 'load', 5);
    const book = behind.book();
    await settle(book, grant(skuId, 'r1'));
    const refunds: Refund[] = [];
    book.onRefund((units) => refunds.push(...units));

    // A number that is read again without the row's lock would have to pass here.
    const reading = door.hold(
      (sent) => sent.includes('FROM stock') && !sent.includes('FOR UPDATE'),
      { cut: false },
    );
    const loading = book.rebase([skuId], soon());
    await Promise.race([reading.arrived, loading]);
    const which = { partition: partitionOf(skuId), reservationId: 'r1', orderId: 'order-of-r1' };
    await book.close({ verb: 'release', ...which, skuIds: [skuId] }, soon());
    reading.open();
    const [load] = await loading;
    const later = refunds.filter((refund) => refund.epoch >= (load?.epoch ?? 0));
    expect((load?.available ?? 0) + later.length).toBe(5);
  });
});

async function settle(book: Book, one: Grant, deadlineMs = soon()) {
  return (await book.settle([one], deadlineMs))[0];
}

async function stocked(book: Book, name: string, units: number): Promise<string> {
  const skuId = `sku-${name}`;
  await book.restock({ requestId: skuId, skuId, delta: units, reason: '' }, soon());
  return skuId;
}

async function stockOf(skuId: string) {
  return (await under.book().stocks([skuId], soon()))[0];
}

/** One unit, as a gate would let it through that was loaded under the first epoch. */
function grant(skuId: string, reservationId: string, o: { userLimit?: number } = {}): Grant {
  const lines = [{ skuId, quantity: 1, userLimit: o.userLimit ?? 0 }];
  const ids = { reservationId, orderId: `order-of-${reservationId}`, userId: 'ann' };
  const [part] = split({ ...ids, lines });
  if (part === undefined) throw new Error('one line is one part');
  return { ...part, epochs: [1], fresh: [true] };
}
