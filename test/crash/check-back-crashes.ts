// Promise: a process may die anywhere in check-back; every unit whose order never came is for sale
// again, and an order that lives keeps its own.
// Method: reservations that end after a second, made for three processes that die of ending them, one
// after the other; then one that does not die. One of the reservations has an order.
import { expect, test } from '@jest/globals';
import { freePort, LOOPBACK } from '../../launcher/ports.js';
import type { CrashPointName } from '../../services/platform/crash-point.js';
import { soon } from '../harness/clients.js';
import type { ServiceProcess } from '../harness/service-process.js';
import { eventually, fresh } from '../harness/shop.js';
import { answersTo, type CrashStage } from './crash-stage.js';

const POINTS: readonly CrashPointName[] = [
  'check-back.claimed',
  'check-back.asked',
  'check-back.mid',
];
const BRIEFLY_HELD = { HOLD_MS: '1000' };
const ENDS_HOLDS = { CHECK_BACK_INTERVAL_MS: '50' };
const SKUS = 4;
const UNITS = 3;
/** What a dead process has claimed is claimed again after five seconds. */
const ENDED_MS_MAX = 12_000;

export function checkBackCrashes(stage: () => CrashStage, reached: Set<string>): void {
  test('check-back dies at every step, and its successor ends every hold', async () => {
    const started: ServiceProcess[] = [];
    const start = async (program: 'order' | 'inventory', env: Record<string, string>) => {
      const address = `${LOOPBACK}:${await freePort()}`;
      const process = await stage().start(program, address, env);
      started.push(process);
      return process;
    };
    try {
      const holder = await start('inventory', BRIEFLY_HELD);
      const order = await start('order', { INVENTORY_ADDRESSES: holder.address });
      const clients = stage().mesh.connect({
        inventory: [holder.address],
        order: [order.address],
      });

      const wanted = await stage().shop.sells(UNITS);
      const request = { requestId: fresh('r'), userId: fresh('user') };
      const lines = [{ skuId: wanted, quantity: 1 }];
      const placed = await clients.orders.createOrder({ ...request, lines }, soon());

      const skus: string[] = [];
      for (const point of POINTS) {
        const batch = await Promise.all(
          Array.from({ length: SKUS }, () => stage().restocked(UNITS)),
        );
        skus.push(...batch);
        // Two of three: each SKU lies on one of two servers, so some are closed before others.
        const buyers = batch.flatMap((sku) =>
          [1, 2].map(() => ({ id: fresh('crash-r'), user: fresh('user'), skus: [sku] })),
        );
        const answers = await answersTo(clients.inventory, buyers);
        expect(answers.filter(({ word }) => word !== 'RESERVED')).toEqual([]);
        const victim = await start('inventory', { ...ENDS_HOLDS, CRASH_AT: point });
        expect(await victim.ended).toBe('SIGKILL');
        reached.add(await victim.reached);
      }

      await start('inventory', ENDS_HOLDS);
      const free = skus.map(() => `${UNITS}/0/0`).join(' ');
      let books = '';
      await eventually(
        () => `${books}, not ${free}`,
        async () => {
          books = await stage().books(skus);
          return books === free;
        },
        ENDED_MS_MAX,
      );
      for (const sku of skus) await stage().agrees(sku);
      expect(await stage().books([wanted])).toBe(`${UNITS - 1}/1/0`);
      expect((await stage().shop.look(placed.order?.orderId ?? '')).lines).toHaveLength(1);
    } finally {
      await Promise.all(started.map((process) => process.stop()));
    }
  }, 60_000);
}
