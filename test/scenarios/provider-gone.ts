// Promise: a provider that is gone costs time and nothing else: orders stay payable, nobody hangs, all goes on
// by itself when it is back, and what it had answered still holds.
// Method: its process is killed, while buyers pay and in the middle of a flood, and started again.
import { expect, test } from '@jest/globals';
import type { Order } from '../../gen/spillway/order/v1/order_pb.js';
import { OrderState } from '../../gen/spillway/order/v1/order_pb.js';
import type { RpcError } from '../../services/platform/rpc/errors.js';
import { patiently, soon } from '../harness/clients.js';
import { crowd, fresh, Shop, tally } from '../harness/shop.js';
import type { TestMesh } from '../harness/test-mesh.js';

/** Machines may be busy. */
const PAID_MS_MAX = 20_000;
const STORY_MS_MAX = 60_000;

/** More than the failures that open the breaker. */
const TRIERS = 16;
/** A call gives up after its deadline at the latest. */
const HANG_MS_MAX = 10_000;

export function providerDown(mesh: () => TestMesh): void {
  test(
    'the provider is killed and comes back: orders stay payable, and are paid once',
    async () => {
      const { payments } = mesh().clients;
      const shop = new Shop(mesh().clients);
      const sku = await shop.sells(TRIERS + 2);
      const orders = await crowd(Array.from({ length: TRIERS + 2 }), 8, () =>
        shop.order({ [sku]: 1 }),
      );
      const [begun, given, ...others] = orders as [Order, Order, ...Order[]];
      await mesh().provider.command([]);
      // Taken by the provider, but not captured yet when it dies.
      await shop.pay(begun, 'card_slow');

      const restart = await mesh().provider.kill();
      const startedMs = Date.now();
      const pay = (order: Order) =>
        payments.startPayment(
          { paymentId: order.paymentId, requestId: `pay-${order.orderId}`, method: 'card' },
          soon(),
        );
      const refusals = await crowd(others, 4, async (order) => {
        const refusal = await pay(order).then(
          () => undefined,
          (error: RpcError) => error,
        );
        return `${refusal?.reason} ${(refusal?.retryDelayMs ?? 0) > 0 ? 'later' : 'never'}`;
      });
      expect(tally(refusals)).toEqual({ 'DEPENDENCY_UNAVAILABLE later': TRIERS });
      expect(Date.now() - startedMs).toBeLessThan(HANG_MS_MAX);
      const states = await crowd(
        others,
        8,
        async (order) => (await shop.look(order.orderId)).state,
      );
      expect(new Set(states)).toEqual(new Set([OrderState.PENDING_PAYMENT]));
      // Who has not begun to pay is as free as ever.
      expect((await shop.cancel(given.orderId))?.state).toBe(OrderState.CANCELLED);

      await restart();
      await crowd(others, 4, (order) => patiently(() => pay(order)));
      for (const order of [begun, ...others]) {
        await shop.becomes(order.orderId, OrderState.PAID, PAID_MS_MAX);
      }
      const money = await crowd([begun, ...others], 8, (order) =>
        mesh().provider.moneyOf(order.paymentId),
      );
      expect(tally(money.map((moved) => moved.join()))).toEqual({ 'charge 1000': TRIERS + 1 });
      await shop.stockBecomes(sku, `1/0/${TRIERS + 1} of ${TRIERS + 2}`);
    },
    STORY_MS_MAX,
  );
}

/** Enough that some are answered, some under way and some not sent yet when it dies. */
const CHARGES = 400;
const CHARGES_ANSWERED = 150;

export function providerRemembers(mesh: () => TestMesh): void {
  test(
    'killed in the middle of its work, the provider has forgotten nothing that it had answered',
    async () => {
      const { provider } = mesh();
      await provider.command([]);
      const answered = new Map<string, string>();
      let killed: Promise<() => Promise<void>> | undefined;
      await crowd(Array.from({ length: CHARGES }), 16, async () => {
        const key = fresh('declined-charge');
        // Declined, so that no money moves that no payment of ours explains.
        const number = await provider.charge(key, 'card_declined').catch(() => undefined);
        if (number !== undefined) answered.set(key, number);
        if (answered.size >= CHARGES_ANSWERED) killed ??= provider.kill();
      });
      await (await killed)?.();
      const keys = [...answered.keys()];
      expect(keys.length).toBeLessThan(CHARGES);
      const found = await crowd(keys, 16, (key) => provider.numberOf(key));
      expect(found).toEqual([...answered.values()]);
    },
    STORY_MS_MAX,
  );
}
