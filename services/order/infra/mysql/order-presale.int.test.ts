// The store in MySQL keeps the contract of what is paid in two parts on two real servers, and its table
// holds what no decision should ever do.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { geneOf } from '../../../platform/ids.js';
import { newOrder, soon } from '../new-orders.fixture.js';
import { orderPresaleContract } from '../order-presale.contract.js';
import { openOrderDatabase } from './order-database.fixture.js';

describe('presales in MySQL', () => {
  orderPresaleContract(() => openOrderDatabase());
});

describe('the table', () => {
  let under: Awaited<ReturnType<typeof openOrderDatabase>>;
  beforeAll(async () => {
    under = await openOrderDatabase();
  });
  afterAll(() => under.close());

  test.each([
    ['a deposit of what is paid at once', 'state = 7', /deposit_of_presale/],
    ['nothing to wait for', 'due_ms = NULL', /due_while_unpaid/],
    ['a state that nobody knows', 'state = 8', /state_known/],
  ])('refuses %s', async (_, assignment, refusal) => {
    const item = newOrder();
    await under.store.commit(item, soon());
    const { pool } = under.shards.serverOf(geneOf(item.orderId));
    const sql = `UPDATE orders SET ${assignment} WHERE shard_no = ? AND order_id = ?`;
    await expect(pool.query(sql, [geneOf(item.orderId), item.orderId])).rejects.toThrow(refusal);
  });
});
