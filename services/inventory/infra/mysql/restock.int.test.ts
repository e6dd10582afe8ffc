// The contract of restocks on two MySQL servers, and a crash between its two transactions.

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { shardOf } from '../../../platform/shard.js';
import { restockContract } from '../../app/restock.contract.js';
import { claimRestock } from './restock-claim.js';
import { openStockDatabase, soon } from './stock-database.fixture.js';

let under: Awaited<ReturnType<typeof openStockDatabase>>;

beforeAll(async () => {
  under = await openStockDatabase();
});

afterAll(() => under.close());

restockContract(() => under.book());

test('a process that dies after the claim: the retry restocks, once', async () => {
  const request = { requestId: 'died', skuId: 'sku-died', delta: 4, reason: '' };
  const shard = shardOf(request.requestId);
  const claim = () =>
    claimRestock(under.shards.serverOf(shard), shard, request, { deadlineMs: soon() });
  expect(await claim()).toBe(true);
  expect(await under.book().stocks(['sku-died'], soon())).toEqual([]);

  expect((await under.book().restock(request, soon())).outcome).toBe('DONE');
  expect((await under.book().restock(request, soon())).outcome).toBe('DONE');
  const [stock] = await under.book().stocks(['sku-died'], soon());
  expect(stock).toMatchObject({ available: 4, version: 1 });
});
