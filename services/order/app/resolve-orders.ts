// Answers inventory's question what became of the orders that its reservations were made for. An id
// that no order has is barred first, so the answer "cancelled" cannot be overtaken by a late commit.

import type { OrderFate, OrderKeys, OrderStore } from './ports.js';

export class ResolveOrders {
  readonly #orders: OrderStore;
  readonly #keys: OrderKeys;

  constructor(o: { orders: OrderStore; keys: OrderKeys }) {
    this.#orders = o.orders;
    this.#keys = o.keys;
  }

  /** One fate per id, in the same order. */
  async run(orderIds: readonly string[], deadlineMs: number): Promise<OrderFate[]> {
    const parsed = orderIds.map((text) => this.#keys.parseOrderId(text));
    const distinct = [...new Set(parsed)].filter((orderId) => orderId !== undefined);
    const fates = await this.#orders.resolve(distinct, deadlineMs);
    const byId = new Map(distinct.map((orderId, i) => [orderId, fates[i] as OrderFate]));
    // What is no order id can never become an order.
    return parsed.map((orderId) => (orderId && byId.get(orderId)) || { fate: 'CANCELLED' });
  }
}
