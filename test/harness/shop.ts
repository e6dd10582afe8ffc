// What people do in a shop, in one line each, so that a scenario reads as a story. Every mutating verb
// is sent as a careful caller would: under one request id, again when no answer came.

import type { Order } from '../../gen/spillway/order/v1/order_pb.js';
import { OrderState } from '../../gen/spillway/order/v1/order_pb.js';
import type { CreateOrderRequest } from '../../gen/spillway/order/v1/order_service_pb.js';
import { RpcError } from '../../services/platform/rpc/errors.js';
import { type MeshClients, patiently, soon } from './clients.js';

export type Basket = Record<string, number>;

/** An order, or the reason why there is none. */
export type Bought = { order: Order; duplicate: boolean } | { reason: string };

export interface BuyOptions {
  user: string;
  request: string;
  basket: Basket;
  windowSeconds?: number;
  type?: CreateOrderRequest['type'];
}

let lastId = 0;
/** Unique within one mesh. */
export function fresh(prefix: string): string {
  lastId += 1;
  return `${prefix}-${lastId}`;
}

export class Shop {
  constructor(readonly clients: MeshClients) {}

  /** Puts a new SKU on sale and tells its id. */
  async sells(
    units: number,
    o: { priceMinor?: number; limit?: number; currency?: string; name?: string } = {},
  ): Promise<string> {
    const skuId = fresh(o.name ?? 'sku');
    const { orders, inventory } = this.clients;
    const currency = o.currency ?? 'EUR';
    await orders.putOffer(
      {
        offer: {
          skuId,
          title: `The ${skuId}`,
          unitPrice: { currency, amountMinor: BigInt(o.priceMinor ?? 1_000) },
          userLimit: o.limit ?? 0,
        },
      },
      soon(),
    );
    const requestId = fresh('restock');
    await inventory.restock({ requestId, skuId, delta: BigInt(units), reason: 'opening' }, soon());
    return skuId;
  }

  async buy(o: BuyOptions): Promise<Bought> {
    const request = {
      requestId: o.request,
      userId: o.user,
      lines: Object.entries(o.basket).map(([skuId, quantity]) => ({ skuId, quantity })),
      paymentWindowSeconds: o.windowSeconds ?? 0,
      ...(o.type === undefined ? {} : { type: o.type }),
    };
    try {
      const answer = await patiently(() => this.clients.orders.createOrder(request, soon()));
      if (!answer.order) throw new Error('an acknowledgement without an order');
      return { order: answer.order, duplicate: answer.duplicate };
    } catch (error) {
      if (error instanceof RpcError && error.reason !== '') return { reason: error.reason };
      throw error;
    }
  }

  /** Buys what must be had. */
  async order(basket: Basket, o: Partial<BuyOptions> = {}): Promise<Order> {
    const bought = await this.buy({ user: fresh('user'), request: fresh('r'), basket, ...o });
    if ('reason' in bought) throw new Error(`not sold: ${bought.reason}`);
    return bought.order;
  }

  async pay(order: Order, method = 'card'): Promise<void> {
    const request = { paymentId: order.paymentId, requestId: fresh('pay'), method };
    await patiently(() => this.clients.payments.startPayment(request, soon()));
  }

  async cancel(orderId: string): Promise<Order | undefined> {
    const request = { orderId, reason: 'changed my mind' };
    return (await patiently(() => this.clients.orders.cancelOrder(request, soon()))).order;
  }

  async look(orderId: string): Promise<Order> {
    const { order } = await patiently(() => this.clients.orders.getOrder({ orderId }, soon()));
    if (!order) throw new Error('an answer without an order');
    return order;
  }

  /** `available/reserved/sold of total`, for one-line expectations. */
  async stock(skuId: string): Promise<string> {
    const { stock } = await patiently(() => this.clients.inventory.getStock({ skuId }, soon()));
    return `${stock?.available}/${stock?.reserved}/${stock?.sold} of ${stock?.total}`;
  }

  async paid(basket: Basket): Promise<Order> {
    const order = await this.order(basket);
    await this.pay(order);
    return await this.becomes(order.orderId, OrderState.PAID);
  }

  async becomes(orderId: string, state: OrderState, withinMs = 5_000): Promise<Order> {
    let seen: Order | undefined;
    await eventually(
      () => `order ${orderId} is ${OrderState[seen?.state ?? 0]}, not ${OrderState[state]}`,
      async () => {
        seen = await this.look(orderId);
        return seen.state === state;
      },
      withinMs,
    );
    return seen as Order;
  }

  async stockBecomes(skuId: string, wanted: string, withinMs = 5_000): Promise<void> {
    let seen = '';
    await eventually(
      () => `stock of ${skuId} is ${seen}, not ${wanted}`,
      async () => {
        seen = await this.stock(skuId);
        return seen === wanted;
      },
      withinMs,
    );
  }
}

const LOOK_EVERY_MS = 25;

/** For what is true a moment later: effects travel by outbox. Throws with what it saw last. */
export async function eventually(
  problem: () => string,
  holds: () => Promise<boolean>,
  withinMs = 5_000,
): Promise<void> {
  const untilMs = Date.now() + withinMs;
  while (!(await holds())) {
    if (Date.now() > untilMs) throw new Error(`${problem()} (after ${withinMs} ms)`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}

/** Works on all items, at most `atOnce` at a time, and keeps their order. */
export async function crowd<T, R>(
  items: readonly T[],
  atOnce: number,
  work: (item: T, index: number) => Promise<R>,
): Promise<R[]> {
  const results: R[] = new Array(items.length);
  let next = 0;
  const worker = async () => {
    for (let index = next; index < items.length; index = next) {
      next += 1;
      results[index] = await work(items[index] as T, index);
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker));
  return results;
}

/** How often each word occurs. */
export function tally(words: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const word of words) counts[word] = (counts[word] ?? 0) + 1;
  return counts;
}

export function wordOf(bought: Bought): string {
  return 'reason' in bought ? bought.reason : 'ORDERED';
}
