// The store in MySQL keeps the contract of orders' contents, on two real servers. And: what many
// orders have in common lies there once per shard, and is never counted as stored before it is.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { geneOf } from '../../../platform/ids.js';
import { migrate } from '../../../platform/mysql/migrate.js';
import { StatementTap } from '../../../platform/mysql/statement-tap.fixture.js';
import { change, read } from '../../../platform/mysql/transaction.js';
import { silent, testUrl } from '../../../platform/real-servers.fixture.js';
import type { NewOrder } from '../../app/ports.js';
import { boughtLine, newOrder, newUser, soon } from '../new-orders.fixture.js';
import { orderContentsContract } from '../order-contents.contract.js';
import { openOrderDatabase } from './order-database.fixture.js';

describe('contents of orders in MySQL', () => {
  orderContentsContract(() => openOrderDatabase());
});

test('the columns are added once, although the migration is run again', async () => {
  const under = await openOrderDatabase();
  try {
    const forget = "DELETE FROM schema_migration WHERE name = '0002_details'";
    for (const server of under.shards.servers) await change(server, { deadlineMs: soon() }, forget);
    const directory = new URL('./sql/', import.meta.url);
    const o = { directory, database: under.name, log: silent };
    expect(await migrate(under.shards, o)).toHaveLength(under.shards.servers.length);
    const order = newOrder({ details: { kind: 'SHIPPING', recipient: 'Ada', address: 'here' } });
    expect(await under.store.commit(order, soon())).toMatchObject({ outcome: 'COMMITTED' });
  } finally {
    await under.close();
  }
});

describe('snapshots', () => {
  const tap = new StatementTap(testUrl('TEST_MYSQL_1'));
  let under: Awaited<ReturnType<typeof openOrderDatabase>>;

  beforeAll(async () => {
    under = await openOrderDatabase([await tap.listen()]);
  });
  afterAll(async () => {
    await under.close();
    await tap.close();
  });

  const commit = (order: NewOrder) => under.store.commit(order, soon());
  const titleOf = async (orderId: bigint) =>
    (await under.store.read(orderId, soon()))?.lines[0]?.title;
  function orderFor(title: string, userId = newUser()): NewOrder {
    const attributes = { of: title };
    const line = boughtLine(1, { skuId: 'sku', title, unitPriceMinor: 100n, attributes });
    return newOrder({ userId, requestId: `buys-${title}`, lines: [line] });
  }

  test('two processes that sell the same write it once per shard, and then no more', async () => {
    const orders = Array.from({ length: 300 }, () => orderFor('flash'));
    const stores = [under.store, under.otherStore];
    const commits = orders.map((order, i) => stores[i % 2]?.commit(order, soon()));
    const outcomes = (await Promise.all(commits)).map((result) => result?.outcome);
    expect(new Set(outcomes)).toEqual(new Set(['COMMITTED']));
    const [server] = under.shards.servers;
    if (!server) throw new Error('no server');
    const sql = "SELECT shard_no FROM snapshot WHERE title = 'flash'";
    const rows = await read<{ shard_no: number }>(server, { deadlineMs: soon() }, sql);
    const shards = new Set(orders.map(({ orderId }) => geneOf(orderId)));
    expect(rows).toHaveLength(shards.size);

    tap.statements.length = 0;
    const users = orders.slice(0, 64).map(({ userId }) => userId);
    for (const userId of users) {
      // As the same process knows it.
      const again = { ...orderFor('flash', userId), requestId: 'again' };
      expect(await under.store.commit(again, soon())).toMatchObject({ outcome: 'COMMITTED' });
    }
    const written = tap.statements.filter((statement) => /INSERT INTO snapshot/.test(statement));
    const known = new Set(
      orders.filter((_, i) => i % 2 === 0).map(({ orderId }) => geneOf(orderId)),
    );
    const others = orders.slice(0, 64).map(({ orderId }) => geneOf(orderId));
    const unknown = new Set(others.filter((shard) => !known.has(shard)));
    expect(written).toHaveLength(unknown.size);
  });

  test('one that was rolled back with its batch is written again', async () => {
    const first = orderFor('before');
    await commit(first);
    // A retry after the offer has changed: its insert fails on the key that is taken.
    const changed = orderFor('after', first.userId);
    const retry = { ...changed, orderId: first.orderId, requestId: first.requestId };
    expect(await commit(retry)).toMatchObject({ outcome: 'EXISTING' });
    const next = orderFor('after', first.userId);
    await commit(next);
    expect(await titleOf(next.orderId)).toBe('after');
    expect(await titleOf(first.orderId)).toBe('before');
  });

  test('an order that is older than snapshots keeps its own title', async () => {
    const { orderId, ...rest } = orderFor('old');
    await commit({ orderId, ...rest });
    const server = under.shards.serverOf(geneOf(orderId));
    const sql = `UPDATE order_line SET snapshot_hash = NULL, title = 'Old tea'
      WHERE shard_no = ? AND order_id = ?`;
    await change(server, { deadlineMs: soon() }, sql, [geneOf(orderId), orderId]);
    const [line] = (await under.store.read(orderId, soon()))?.lines ?? [];
    const own = { skuId: 'sku', title: 'Old tea', attributes: {}, snapshotHash: '' };
    expect(line).toEqual({ ...own, quantity: 1, unitPriceMinor: 100n });
  });
});
