// Promise: orders that become due all at once are cancelled and their units sold again, while new orders
// are placed, and while others that become due meanwhile are cancelled in their own time.
// Method: unpaid orders with one common deadline; buyers at a steady rate before and after it, some of
// whom have a window of a second. FLOOD_ORDERS says how many (100,000 by hand, which prints how long
// CreateOrder took before and during).
import { setTimeout as sleep } from 'node:timers/promises';
import { timestampMs } from '@bufbuild/protobuf/wkt';
import { expect, test } from '@jest/globals';
import { type Order, OrderState } from '../../gen/spillway/order/v1/order_pb.js';
import { patiently, soon } from '../harness/clients.js';
import { crowd, eventually, fresh, Shop } from '../harness/shop.js';
import type { TestMesh } from '../harness/test-mesh.js';

const FLOOD_DEFAULT = 2_000;
const FLOOD = Number(process.env.FLOOD_ORDERS ?? FLOOD_DEFAULT);
const PLACED_AT_ONCE = 128;
/** At the slowest, so that the last order is placed before the first is due. */
const PLACED_PER_SECOND_MIN = Number(process.env.FLOOD_PLACED_PER_SECOND ?? 300);
const BUYERS_PER_SECOND = 100;
const BEFORE_MS = 5_000;
const TURN_MS = 50;
/** Every tenth buyer is one who does not pay within a second. */
const IDLERS = 10;
/** The promise is two seconds; this is a bound for machines that are out of breath. */
const LATE_MS_MAX = 10_000;
const GONE_MS_MAX = 60_000 + FLOOD * 5;

export function deadlineFlood(mesh: () => TestMesh): void {
  test(
    `${FLOOD} orders are due at once, and others go on`,
    async () => {
      const shop = new Shop(mesh().clients);
      const flooded = await shop.sells(FLOOD);
      const sku = await shop.sells(1_000_000);
      const before = new Buyers(shop, sku);
      await before.buyUntil(Date.now() + BEFORE_MS);

      const dueMs = await place(shop, flooded);
      await sleep(Math.max(0, dueMs - Date.now()));
      const during = new Buyers(shop, sku);
      let gone = false;
      const buying = during.buyUntil(Date.now() + GONE_MS_MAX, () => gone);
      try {
        await shop.stockBecomes(flooded, `${FLOOD}/0/0 of ${FLOOD}`, GONE_MS_MAX);
      } finally {
        gone = true;
      }
      const goneMs = Math.round(Date.now() - dueMs);
      await buying;

      const idlers = await crowd(during.idlers, IDLERS, (order) => lateMs(shop, order));
      expect([before.failed, during.failed]).toEqual([0, 0]);
      expect(Math.max(...idlers)).toBeLessThan(LATE_MS_MAX);
      if (FLOOD <= FLOOD_DEFAULT) return;
      const late = `of ${idlers.length} that became due meanwhile the latest ${Math.max(...idlers)} ms`;
      process.stderr.write(
        `${FLOOD} orders gone after ${goneMs} ms; ${late}\n` +
          `CreateOrder before: ${before.times()}\nCreateOrder during: ${during.times()}\n`,
      );
    },
    GONE_MS_MAX + (2_000 * FLOOD) / PLACED_PER_SECOND_MIN,
  );
}

/** Places all of them with one deadline, and tells when it is. */
async function place(shop: Shop, sku: string): Promise<number> {
  const dueMs = Date.now() + 5_000 + (1_000 * FLOOD) / PLACED_PER_SECOND_MIN;
  await crowd(Array.from({ length: FLOOD }), PLACED_AT_ONCE, () => {
    const windowSeconds = Math.max(1, Math.ceil((dueMs - Date.now()) / 1_000));
    return shop.order({ [sku]: 1 }, { windowSeconds });
  });
  return dueMs;
}

/** How late the order was cancelled, by the service's own times. */
async function lateMs(shop: Shop, { orderId, paymentDeadline }: Order): Promise<number> {
  let order: Order | undefined;
  await eventually(
    () => `order ${orderId} is not cancelled`,
    async () => {
      order = await shop.look(orderId);
      return order.state === OrderState.CANCELLED;
    },
    LATE_MS_MAX,
  );
  if (!order?.updatedAt || !paymentDeadline) throw new Error('a time is missing');
  return timestampMs(order.updatedAt) - timestampMs(paymentDeadline);
}

/** Buyers who come at a steady rate, whether the ones before them are served or not. */
class Buyers {
  failed = 0;
  readonly idlers: Order[] = [];
  readonly #shop: Shop;
  readonly #sku: string;
  readonly #ms: number[] = [];
  #come = 0;

  constructor(shop: Shop, sku: string) {
    this.#shop = shop;
    this.#sku = sku;
  }

  async buyUntil(endMs: number, enough = () => false): Promise<void> {
    const startMs = performance.now();
    const inShop: Promise<void>[] = [];
    while (Date.now() < endMs && !enough()) {
      const wanted = ((performance.now() - startMs) / 1_000) * BUYERS_PER_SECOND;
      while (this.#come < wanted) {
        this.#come += 1;
        inShop.push(this.#buy(this.#come % IDLERS === 0));
      }
      await sleep(TURN_MS);
    }
    await Promise.all(inShop);
  }

  times(): string {
    const sorted = this.#ms.toSorted((a, b) => a - b);
    const at = (share: number) => (sorted[Math.floor(share * (sorted.length - 1))] ?? 0).toFixed(1);
    return `p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, max ${at(1)} ms of ${sorted.length}`;
  }

  async #buy(idle: boolean): Promise<void> {
    const request = {
      requestId: fresh('flood'),
      userId: fresh('flood-user'),
      lines: [{ skuId: this.#sku, quantity: 1 }],
      paymentWindowSeconds: idle ? 1 : 0,
    };
    const { orders } = this.#shop.clients;
    const startMs = performance.now();
    try {
      const { order } = await patiently(() => orders.createOrder(request, soon()));
      this.#ms.push(performance.now() - startMs);
      if (idle && order) this.idlers.push(order);
    } catch {
      this.failed += 1;
    }
  }
}
