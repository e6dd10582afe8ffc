// Where the truth of one schedule lies: orders with what they leave to be told, payments with theirs,
// and stock. Here all of it is in memory; mysql-books.ts has the same on real servers.

import type { EffectEvent, OrderStore } from '../../services/order/app/ports.js';
import { payloadOf } from '../../services/order/domain/effects.js';
import { orderAt } from '../../services/order/domain/order.js';
import { MemoryOrderStore } from '../../services/order/infra/memory/order-store.js';
import type { DuePayments, PaymentStore } from '../../services/payment/app/ports.js';
import type { PaymentFile } from '../../services/payment/domain/payment-file.js';
import { MemoryPaymentStore } from '../../services/payment/infra/memory/payment-store.js';
import { type Clock, ManualClock } from '../../services/platform/clock.js';

/** One effect of an order or one piece of news of a payment that has yet to be delivered. */
export interface Mail {
  /** Equal for every sight of the same mail. */
  readonly key: string;
  readonly from: 'order' | 'payment';
  readonly event: EffectEvent;
  /** It is delivered, or parked, and not to be seen again. */
  done(): Promise<void>;
}

export interface Books {
  readonly clock: Clock;
  /** Lets time pass for everything that is written here. */
  advance(ms: number): Promise<void>;
  readonly orders: OrderStore;
  readonly payments: PaymentStore;
  readonly due: readonly DuePayments[];
  mail(): Promise<Mail[]>;
  payment(orderId: bigint): Promise<PaymentFile | undefined>;
}

export async function memoryBooks(): Promise<Books> {
  const clock = new ManualClock();
  const orders = new MemoryOrderStore(clock);
  const payments = new MemoryPaymentStore({ nowMs: () => clock.nowMs() });
  const gone = new Set<string>();
  const kept = (key: string) => ({ key, done: async () => void gone.add(key) });
  async function effects(): Promise<Mail[]> {
    const waiting = orders.effects.map(async ({ orderId, version, kind }) => {
      const order = await orders.read(orderId);
      if (!order) throw new Error('an effect belongs to an order');
      const payload = payloadOf(kind, orderAt(order, version));
      const event = { shard: 0, aggregateId: orderId.toString(), version, kind, payload };
      return { ...kept(`${orderId}/${version}/${kind}`), from: 'order' as const, event };
    });
    return Promise.all(waiting);
  }
  const news = () =>
    payments.news.map((event): Mail => {
      const key = `${event.aggregateId}/${event.version}/${event.kind}`;
      return { ...kept(key), from: 'payment', event: { shard: 0, ...event } };
    });
  return {
    clock,
    advance: (ms) => clock.advance(ms),
    orders,
    payments,
    due: [payments],
    mail: async () => [...(await effects()), ...news()].filter(({ key }) => !gone.has(key)),
    payment: async (orderId) => payments.file({ orderId, part: 'FIRST' }),
  };
}
