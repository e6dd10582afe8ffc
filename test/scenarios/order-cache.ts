// Promise: with a cache of orders, whoever was told of a change reads it, through every process, also
// after the cache was lost.
// Method: two order processes with a cache, beside those of the mesh; each step is taken through one of
// them and read through the other one, twice, so that the second look may come from the cache.
import { expect, test } from '@jest/globals';
import { type Order, OrderState } from '../../gen/spillway/order/v1/order_pb.js';
import { freePort, LOOPBACK } from '../../launcher/ports.js';
import { type MeshClients, soon } from '../harness/clients.js';
import { type ServiceProcess, startService } from '../harness/service-process.js';
import { crowd, fresh, Shop } from '../harness/shop.js';
import type { TestMesh } from '../harness/test-mesh.js';

const ORDERS = 40;
const AT_ONCE = 10;

type Orders = MeshClients['orders'];
type Step = (orders: Orders, orderId: string) => Promise<{ order?: Order | undefined }>;

const STEPS: readonly (readonly [OrderState, Step])[] = [
  [
    OrderState.SHIPPED,
    (orders, orderId) =>
      orders.shipOrder({ orderId, carrier: 'DHL', trackingNumber: 'T-1' }, soon()),
  ],
  [
    OrderState.SHIPPED,
    (orders, orderId) => {
      const seen = { status: 'in_transit', place: 'Bremen', text: 'on its way' };
      return orders.addTracking({ orderId, requestId: fresh('track'), ...seen }, soon());
    },
  ],
  [OrderState.DELIVERED, (orders, orderId) => orders.deliverOrder({ orderId }, soon())],
  [OrderState.COMPLETED, (orders, orderId) => orders.completeOrder({ orderId }, soon())],
];

export function orderCache(mesh: () => TestMesh): void {
  test('a change through one process is read through another one', async () => {
    const processes = await Promise.all([startCached(mesh()), startCached(mesh())]);
    try {
      const [one, other] = processes.map(
        ({ address }) => mesh().connect({ order: [address] }).orders,
      ) as [Orders, Orders];
      const shop = new Shop(mesh().clients);
      const sku = await shop.sells(ORDERS);
      await crowd(Array.from({ length: ORDERS }), AT_ONCE, async (_, i) => {
        const { orderId } = await shop.paid({ [sku]: 1 });
        await shop.becomes(orderId, OrderState.PAID);
        for (const [at, [state, step]] of STEPS.entries()) {
          const [writer, reader] = (i + at) % 2 === 0 ? [one, other] : [other, one];
          const { order: told } = await step(writer, orderId);
          expect(told?.state).toBe(state);
          if (i === AT_ONCE) await mesh().flushRedis();
          for (const orders of [reader, reader, writer]) {
            expect((await orders.getOrder({ orderId }, soon())).order).toEqual(told);
          }
        }
      });
    } finally {
      await Promise.all(processes.map((process) => process.stop()));
    }
  }, 60_000);
}

async function startCached(mesh: TestMesh): Promise<ServiceProcess> {
  const address = `${LOOPBACK}:${await freePort()}`;
  const env = { ...mesh.serviceEnv, ORDER_CACHE_URL: mesh.redisUrl };
  return startService({ program: 'order', address, env });
}
