// Cancels the orders that nobody has paid by their deadline, or whose balance is not paid when it is
// due. One batch at a time per server, and after a full one a rest: a sale that leaves 100,000 unpaid
// orders behind is worked off beside new orders and never instead of them. A claim that is lost with
// its process is looked at again when its lease is over.

import type { Clock } from '../../platform/clock.js';
import { crashPoint } from '../../platform/crash-point.js';
import { paymentIdOf } from '../domain/order.js';
import type { DueOrder, DueQueue, OrderStore, Payments } from './ports.js';

export interface ExpireLimits {
  readonly batchMax: number;
  /** After it an order that could not be decided is looked at again. */
  readonly leaseMs: number;
  readonly runMsMax: number;
  /** How long to rest after a full batch, as a multiple of the time that it took. */
  readonly restShare: number;
  readonly restMsMax: number;
}

export class ExpireOrders {
  readonly #orders: OrderStore;
  readonly #payments: Payments;
  readonly #clock: Clock;
  readonly #limits: ExpireLimits;

  constructor(o: { orders: OrderStore; payments: Payments; clock: Clock; limits: ExpireLimits }) {
    this.#orders = o.orders;
    this.#payments = o.payments;
    this.#clock = o.clock;
    this.#limits = o.limits;
  }

  /** Works off one batch. MORE when there is probably another one. */
  async run(queue: DueQueue, signal?: AbortSignal): Promise<'MORE' | 'IDLE'> {
    const { batchMax, leaseMs, runMsMax } = this.#limits;
    const startMs = this.#clock.monotonicMs();
    const deadlineMs = this.#clock.nowMs() + runMsMax;
    const due = await queue.claim(batchMax, leaseMs, deadlineMs);
    if (due.length > 0) crashPoint('expire.claimed');
    const done = await Promise.allSettled(due.map((order) => this.#expire(order, deadlineMs)));
    // All orders of the batch have been tried before the first failure is reported.
    for (const result of done) if (result.status === 'rejected') throw result.reason;
    if (due.length < batchMax) return 'IDLE';
    await this.#rest(this.#clock.monotonicMs() - startMs, signal);
    return 'MORE';
  }

  async #expire({ orderId, awaited }: DueOrder, deadlineMs: number): Promise<void> {
    const barred = await this.#payments.bar(paymentIdOf(orderId, awaited), deadlineMs);
    // Under way, captured or not known: the news of the payment or the next look decides.
    if (barred !== 'BARRED') return;
    crashPoint('expire.barred');
    const event = {
      kind: 'CANCEL',
      operator: 'deadline',
      remark: awaited === 'FIRST' ? 'not paid in time' : 'balance not paid in time',
      barred: awaited,
      expectedVersion: 0,
    } as const;
    await this.#orders.change(orderId, event, deadlineMs);
  }

  // In proportion to the time that the batch took: the busier everybody is, the longer the rest.
  async #rest(tookMs: number, signal: AbortSignal | undefined): Promise<void> {
    const restMs = Math.min(tookMs * this.#limits.restShare, this.#limits.restMsMax);
    if (restMs > 0) await this.#clock.sleep(restMs, signal);
  }
}
