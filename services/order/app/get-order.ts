// Answers one order. An id is made by us and says when, so one from the far future, or from before the
// first, names no order, and saying so costs no query: of ids that somebody has made up, that is nearly
// all, and all of those that count up from 1.

import type { Clock } from '../../platform/clock.js';
import { ID_EPOCH_MS, timeOf } from '../../platform/ids.js';
import type { Order } from '../domain/order.js';
import type { OrderStore } from './ports.js';

/** No machine's clock is wrong by a year without anything else having failed before. */
const AHEAD_MS_MAX = 365 * 24 * 60 * 60 * 1000;

export class GetOrder {
  readonly #orders: Pick<OrderStore, 'read'>;
  readonly #clock: Clock;

  constructor(o: { orders: Pick<OrderStore, 'read'>; clock: Clock }) {
    this.#orders = o.orders;
    this.#clock = o.clock;
  }

  /** Undefined when there is no such order. Version 0 asks for the newest there is. */
  async run(orderId: bigint, deadlineMs: number, atLeastVersion = 0): Promise<Order | undefined> {
    const madeMs = timeOf(orderId);
    if (madeMs <= ID_EPOCH_MS || madeMs > this.#clock.nowMs() + AHEAD_MS_MAX) return undefined;
    return this.#orders.read(orderId, deadlineMs, atLeastVersion);
  }
}
