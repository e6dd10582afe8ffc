// Promise: Redis may forget everything in the middle of a sale; still exactly K units are sold, and
// every order that was acknowledged stays.
// Method: 400 buyers want 150 units in waves; Redis is emptied three times while they come.
import { expect, test } from '@jest/globals';
import { OrderState } from '../../gen/spillway/order/v1/order_pb.js';
import { crowd, fresh, Shop, tally, wordOf } from '../harness/shop.js';
import type { TestMesh } from '../harness/test-mesh.js';

const UNITS = 150;
const BUYERS = 400;
const AT_ONCE = 40;
const FLUSH_AT = new Set([60, 120, 250]);

export function redisLoss(mesh: () => TestMesh): void {
  test('a sale survives three losses of Redis', async () => {
    const shop = new Shop(mesh().clients);
    const sku = await shop.sells(UNITS, { limit: 1 });
    const bought = await crowd(Array.from({ length: BUYERS }), AT_ONCE, async (_, i) => {
      if (FLUSH_AT.has(i)) await mesh().flushRedis();
      return await shop.buy({ user: fresh('user'), request: fresh('r'), basket: { [sku]: 1 } });
    });
    expect(tally(bought.map(wordOf))).toEqual({ ORDERED: UNITS, SOLD_OUT: BUYERS - UNITS });
    expect(await shop.stock(sku)).toBe(`0/${UNITS}/0 of ${UNITS}`);
    const orders = bought.flatMap((answer) => ('order' in answer ? [answer.order.orderId] : []));
    const states = await crowd(orders, 50, async (id) => OrderState[(await shop.look(id)).state]);
    expect(tally(states)).toEqual({ PENDING_PAYMENT: UNITS });
  }, 30_000);

  test('a retry and a limit are remembered by MySQL when Redis is not', async () => {
    const shop = new Shop(mesh().clients);
    const sku = await shop.sells(10, { limit: 1 });
    const request = { user: fresh('user'), request: fresh('r'), basket: { [sku]: 1 } };
    const first = await shop.buy(request);
    await mesh().flushRedis();
    expect(await shop.buy(request)).toMatchObject({
      order: { orderId: 'order' in first ? first.order.orderId : '' },
      duplicate: true,
    });
    expect(wordOf(await shop.buy({ ...request, request: fresh('r') }))).toBe('USER_LIMIT');
    await shop.stockBecomes(sku, '9/1/0 of 10');
  });
}
