// Promise: an operator pages through the orders of a state, of all users and over all servers, newest
// first; those that stay in the state are seen once each, whatever else happens meanwhile.
// Method: orders of thirty users are listed while others are placed and cancelled.
import { expect, test } from '@jest/globals';
import { type Order, OrderState } from '../../gen/spillway/order/v1/order_pb.js';
import { refusalOf, soon } from '../harness/clients.js';
import { Shop } from '../harness/shop.js';
import type { TestMesh } from '../harness/test-mesh.js';

const USERS = 30;
const PAGE_SIZE = 7;

export function operatorLists(mesh: () => TestMesh): void {
  test('the cancelled orders of thirty users, page by page, while more are cancelled', async () => {
    const shop = new Shop(mesh().clients);
    const sku = await shop.sells(2 * USERS);
    const mine = await Promise.all(Array.from({ length: USERS }, () => shop.order({ [sku]: 1 })));
    for (const { orderId } of mine) await shop.cancel(orderId);
    const oldest = mine.map((order) => BigInt(order.orderId)).sort(ascending)[0] ?? 0n;
    const seen: Order[] = [];
    let pageToken = '';
    do {
      const page = { state: OrderState.CANCELLED, pageSize: PAGE_SIZE, pageToken };
      const answer = await mesh().clients.orders.listOrders(page, soon());
      seen.push(...answer.orders);
      pageToken = answer.nextPageToken;
      await shop.cancel((await shop.order({ [sku]: 1 })).orderId);
    } while (pageToken !== '' && BigInt(seen.at(-1)?.orderId ?? 0) >= oldest);
    const ids = seen.map((order) => BigInt(order.orderId));
    expect(ids).toEqual([...new Set(ids)].sort(ascending).reverse());
    expect(seen.every((order) => order.state === OrderState.CANCELLED)).toBe(true);
    expect(mine.filter((order) => !ids.includes(BigInt(order.orderId)))).toEqual([]);
    expect(seen.find((order) => order.orderId === mine[0]?.orderId)?.lines).toHaveLength(1);
  });

  test('neither a user nor a state: nobody gets everything', async () => {
    const refused = await refusalOf(mesh().clients.orders.listOrders({}, soon()));
    expect([refused.reason, refused.fields[0]?.field]).toEqual(['FIELD_INVALID', 'state']);
  });
}

function ascending(a: bigint, b: bigint): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
