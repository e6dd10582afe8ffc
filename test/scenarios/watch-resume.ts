// Promise: whoever watches an order and is cut off resumes where it was: every transition after the last
// one it saw, in order, none twice, and the end.
// Method: one order's life, watched in pieces, through another process than the one that changed it.
import { expect, test } from '@jest/globals';
import { type Order, OrderState } from '../../gen/spillway/order/v1/order_pb.js';
import { refusalOf, soon } from '../harness/clients.js';
import { fresh, Shop } from '../harness/shop.js';
import type { TestMesh } from '../harness/test-mesh.js';

const LIFE = ['1 PENDING_PAYMENT', '2 PAID', '3 SHIPPED', '4 DELIVERED', '5 COMPLETED'];

export function watchResume(mesh: () => TestMesh): void {
  /** What a watcher is told, to the end or until it has seen so many versions. */
  const watch = async (orderId: string, from?: bigint, count = LIFE.length) => {
    const seen: string[] = [];
    const resume = from === undefined ? {} : { fromVersion: from };
    for await (const { order } of mesh().clients.orders.watchOrder(
      { orderId, ...resume },
      soon(),
    )) {
      seen.push(`${order?.version} ${OrderState[order?.state ?? 0]}`);
      if (seen.length === count) break;
    }
    return seen;
  };

  const placed = async (): Promise<Order> => {
    const shop = new Shop(mesh().clients);
    return await shop.order({ [await shop.sells(1)]: 1 });
  };

  test('cut off after the payment, it hears the rest of the life, old and new', async () => {
    const { orderId, paymentId } = await placed();
    const { orders, payments } = mesh().clients;
    const start = { paymentId, requestId: fresh('pay'), method: 'card' };
    const first = watch(orderId, 0n, 2);
    await payments.startPayment(start, soon());
    expect(await first).toEqual(LIFE.slice(0, 2));
    await orders.shipOrder({ orderId, carrier: 'DHL', trackingNumber: 'T-1' }, soon());
    const rest = watch(orderId, 2n);
    await orders.deliverOrder({ orderId }, soon());
    await orders.completeOrder({ orderId }, soon());
    expect(await rest).toEqual(LIFE.slice(2));
    for (const from of [0, 1, 2, 3, 4, 5]) {
      expect(await watch(orderId, BigInt(from))).toEqual(LIFE.slice(from));
    }
    expect(await watch(orderId)).toEqual(LIFE.slice(4));
  });

  test('a version that cannot be, and an order that is not there', async () => {
    const { orderId } = await placed();
    expect((await refusalOf(watch(orderId, -1n))).fields[0]?.field).toBe('from_version');
    expect((await refusalOf(watch('7', 3n))).reason).toBe('ORDER_UNKNOWN');
  });
}
