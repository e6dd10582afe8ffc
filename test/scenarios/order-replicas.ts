// Promise: with replicas, whoever names the version that he was told of reads it through every process,
// whether the replica of the order's server is well or gone.
// Method: two order processes beside those of the mesh. For one half of the shards their replica is the
// server itself under another name, so one that is never behind; for the other half nobody is there.
// What a replica that is behind may not answer is held by order-replicas.int.test.ts.
import { expect, test } from '@jest/globals';
import { type Order, OrderState } from '../../gen/spillway/order/v1/order_pb.js';
import { freePort, LOOPBACK } from '../../launcher/ports.js';
import { type MeshClients, refusalOf, soon } from '../harness/clients.js';
import { scrape, total } from '../harness/scrape.js';
import { startService } from '../harness/service-process.js';
import { crowd, Shop } from '../harness/shop.js';
import type { TestMesh } from '../harness/test-mesh.js';

const ORDERS = 24;
const AT_ONCE = 6;

type Orders = MeshClients['orders'];

export function orderReplicas(mesh: () => TestMesh): void {
  test('a change through one process is read through another one, of replicas too', async () => {
    const processes = await Promise.all([startWithReplicas(mesh()), startWithReplicas(mesh())]);
    try {
      const [one, other] = processes.map(
        ({ address }) => mesh().connect({ order: [address] }).orders,
      ) as [Orders, Orders];
      const shop = new Shop(mesh().clients);
      const sku = await shop.sells(ORDERS);
      await crowd(Array.from({ length: ORDERS }), AT_ONCE, async (_, i) => {
        const [writer, reader] = i % 2 === 0 ? [one, other] : [other, one];
        const bought = await shop.order({ [sku]: 1 });
        await readsWhatWasTold([reader, writer], bought);
        const { orderId, userId } = bought;
        const { order: cancelled } = await writer.cancelOrder({ orderId }, soon());
        await readsWhatWasTold([reader, reader, writer], cancelled);
        const list = { userId, mayBeStale: true };
        expect((await reader.listOrders(list, soon())).orders).toHaveLength(1);
      });
      const { orders } = await one.listOrders(
        { state: OrderState.CANCELLED, pageSize: 5, mayBeStale: true },
        soon(),
      );
      expect(orders).toHaveLength(5);
      const unknown = { orderId: '123456789', atLeastVersion: 1n };
      expect((await refusalOf(one.getOrder(unknown, soon()))).reason).toBe('ORDER_UNKNOWN');
      const metrics = await Promise.all(processes.map((process) => scrape(process.metrics)));
      const reads = (word: string) => total(metrics, 'spillway_order_replica_reads_total', word);
      expect([reads('ANSWERED') > 0, reads('FAILED') > 0]).toEqual([true, true]);
    } finally {
      await Promise.all(processes.map((process) => process.stop()));
    }
  }, 60_000);
}

async function readsWhatWasTold(all: readonly Orders[], told: Order | undefined): Promise<void> {
  const { orderId = '', version = 0n } = told ?? {};
  for (const orders of all) {
    const { order } = await orders.getOrder({ orderId, atLeastVersion: version }, soon());
    // The answer to CreateOrder comes without them.
    expect({ ...order, transitions: [] }).toEqual({ ...told, transitions: [] });
    expect(order?.transitions).toHaveLength(Number(version));
  }
}

async function startWithReplicas(mesh: TestMesh) {
  const [listen, metrics, nobody] = [await freePort(), await freePort(), await freePort()];
  const address = `${LOOPBACK}:${listen}`;
  const env = {
    ...mesh.serviceEnv,
    MYSQL_REPLICAS: replicasOf(mesh.serviceEnv.MYSQL_SHARDS ?? '', nobody),
    METRICS_LISTEN: `${LOOPBACK}:${metrics}`,
  };
  const process = await startService({ program: 'order', address, env });
  return { ...process, metrics: env.METRICS_LISTEN };
}

/** Of two servers: the first one as its own replica, and a door for the second that leads nowhere. */
function replicasOf(shards: string, nobody: number): string {
  const [first = '', second = ''] = shards.split(',');
  const renamed = first.replace(`@${LOOPBACK}:`, '@localhost:');
  return [renamed, second.replace(/@[^/]*$/, `@${LOOPBACK}:${nobody}`)].join(',');
}
