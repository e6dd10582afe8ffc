// The order and the payment service in one process: the use cases that production runs, on the books of
// one schedule. Every step on a store waits for its turn, which the scheduler gives, and every call may
// be lost on the way there or on the way back.

import type fc from 'fast-check';
import { CancelOrder } from '../../services/order/app/cancel-order.js';
import { effectHandlers } from '../../services/order/app/deliver-effects.js';
import { ExpireOrders } from '../../services/order/app/expire-orders.js';
import type { OrderStore, Payments } from '../../services/order/app/ports.js';
import { RecordPayment } from '../../services/order/app/record-payment.js';
import { RefundLines } from '../../services/order/app/refund-lines.js';
import { orderKeys } from '../../services/order/infra/order-keys.js';
import { cancelMany } from '../../services/payment/app/cancel-payment.js';
import type { PaymentPorts } from '../../services/payment/app/ports.js';
import { refundOwed } from '../../services/payment/app/refund-payment.js';
import { newsHandlers } from '../../services/payment/app/relay-news.js';
import { takeEvent } from '../../services/payment/app/take-event.js';
import { type PaymentKey, paymentKeyOf } from '../../services/payment/domain/payment-id.js';
import { assert } from '../../services/platform/assert.js';
import { createLog } from '../../services/platform/log.js';
import type { Books, Mail } from './books.js';
import { each, type Plan } from './plan.js';
import { LedgerProvider } from './provider.js';
import { steppedOrders, steppedPayments } from './steps.js';
import { ScheduledStock } from './stock.js';

/** A call whose outcome its caller does not know. */
export class Lost extends Error {}

/** No step of a schedule is to end for want of time. */
const STEP_MS_MAX = 60_000;
export const LOOK_MS = 1_000;

const SETTINGS = {
  lookAfterMs: LOOK_MS,
  lookEveryMsMax: 10_000,
  lateLookMsMax: 3_600_000,
  stepMsMax: STEP_MS_MAX,
  providerRetryMs: 1_000,
};
const EXPIRE = { batchMax: 9, leaseMs: 5_000, runMsMax: STEP_MS_MAX, restShare: 0, restMsMax: 0 };

export class World {
  readonly keys = orderKeys({ next: () => ORDER_ID });
  readonly provider: LedgerProvider;
  readonly stock: ScheduledStock;
  readonly orders: OrderStore;
  readonly ports: PaymentPorts;
  readonly cancel: CancelOrder;
  readonly expire: ExpireOrders;
  readonly refundLines: RefundLines;
  /** What a person would have to look at. */
  readonly parked: string[] = [];
  /** From now on nothing is lost and nobody waits for a turn. */
  quiet = false;
  readonly #scheduler: fc.Scheduler;
  readonly #fault: () => Plan['faults'][number];
  readonly #copies: { callback: () => number; delivery: () => number };
  readonly #running = new Set<Promise<unknown>>();
  readonly #delivering = new Set<string>();
  readonly #handlers: Record<string, (events: Mail['event'][]) => Promise<Delivery[]>>;

  constructor(
    readonly books: Books,
    plan: Plan,
    scheduler: fc.Scheduler,
  ) {
    const { clock } = books;
    this.#scheduler = scheduler;
    this.#fault = each(plan.faults, 'NONE');
    this.#copies = { callback: each(plan.callbacks, 1), delivery: each(plan.deliveries, 1) };
    this.provider = new LedgerProvider({
      fate: each(plan.fates, 'SOON'),
      cross: (label, act) => this.cross(label, act),
      later: (label, states, become) => this.spawn(() => this.#later(label, states, become)),
      callBack: (body, copiesMin) => this.#callBack(body, copiesMin),
    });
    this.stock = new ScheduledStock(
      () => clock.nowMs(),
      (label, act) => this.step(label, act),
    );
    this.orders = steppedOrders(books.orders, (label, act) => this.step(label, act));
    this.ports = this.#paymentPorts();
    const { orders } = this;
    const payments = this.#paymentsOfOrders();
    this.cancel = new CancelOrder({ orders, payments });
    this.expire = new ExpireOrders({ orders, payments, clock, limits: EXPIRE });
    this.refundLines = new RefundLines({ orders });
    const parts = {
      stock: this.stock.port,
      payments,
      keys: this.keys,
      clock,
      deliverMsMax: STEP_MS_MAX,
    };
    this.#handlers = { ...effectHandlers(parts), ...newsHandlers(this.ports) };
  }

  soon(): number {
    return this.books.clock.nowMs() + STEP_MS_MAX;
  }

  /** Whoever else is at work may go first, as often as the scheduler likes. */
  turn(label: string): Promise<void> {
    return this.quiet ? Promise.resolve() : this.#scheduler.schedule(Promise.resolve(), label);
  }

  async cross<T>(label: string, act: () => Promise<T>): Promise<T> {
    const fault = this.quiet ? 'NONE' : this.#fault();
    if (fault === 'BEFORE') throw new Lost(`${label} did not arrive`);
    const result = await act();
    if (fault === 'AFTER') throw new Lost(`the answer of ${label}`);
    return result;
  }

  async step<T>(label: string, act: () => Promise<T>): Promise<T> {
    await this.turn(label);
    return this.cross(label, act);
  }

  /** Starts something that nobody waits for but the end of the schedule. */
  spawn(work: () => Promise<void>): void {
    const running = work().finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  /** Delivers what waits to be told, each piece as often as the plan says, beside everything else. */
  async relay(): Promise<number> {
    const mail = (await this.books.mail()).filter(({ key }) => !this.#delivering.has(key));
    for (const one of mail) {
      this.#delivering.add(one.key);
      this.spawn(() => this.#deliver(one).finally(() => this.#delivering.delete(one.key)));
    }
    return mail.length;
  }

  async #deliver(mail: Mail): Promise<void> {
    const handler = this.#handlers[mail.event.kind];
    if (handler === undefined) throw new Error(`nobody takes ${mail.event.kind}`);
    const copies = Array.from({ length: this.quiet ? 1 : this.#copies.delivery() }, async () => {
      await this.turn(`deliver ${mail.key}`);
      const [said] = await handler([mail.event]);
      if (said === 'DONE') await mail.done();
      else if (typeof said === 'object') {
        this.parked.push(`${mail.key}: ${said.park}`);
        await mail.done();
      }
    });
    // One that is lost leaves the mail where it is.
    for (const copy of await Promise.allSettled(copies)) rethrow(copy);
  }

  async #later<S>(label: string, states: readonly S[], become: (state: S) => void): Promise<void> {
    for (const state of states) {
      await this.turn(label);
      become(state);
    }
  }

  #callBack(body: Uint8Array, copiesMin: number): void {
    const copies = this.quiet ? 1 : Math.max(copiesMin, this.#copies.callback());
    for (let copy = 0; copy < copies; copy++) {
      this.spawn(async () => {
        await this.turn('callback');
        const raw = { provider: this.provider.name, signature: '', body, deadlineMs: this.soon() };
        // It is called back again until it is answered, if it is called back at all.
        for (;;) {
          const taken = this.cross('callback', () => takeEvent(this.ports, raw));
          const [result] = await Promise.allSettled([taken]);
          rethrow(result);
          if (result.status === 'fulfilled') return;
        }
      });
    }
  }

  #paymentPorts(): PaymentPorts {
    const { orders, keys } = this;
    return {
      store: steppedPayments(this.books.payments, (label, act) => this.step(label, act)),
      providers: { get: () => this.provider, forMethod: () => this.provider },
      orders: {
        recordPayments: (records, deadlineMs) =>
          this.cross('record', () => {
            const asked = records.map(({ capturedMinor, ...record }) => {
              return { ...record, amountMinor: capturedMinor };
            });
            // Orders ask payments and payments tell orders: made when both are there.
            const payments = this.#paymentsOfOrders();
            return new RecordPayment({ orders, payments, keys }).run(asked, deadlineMs);
          }).catch(() => records.map(() => 'UNKNOWN' as const)),
      },
      clock: this.books.clock,
      log,
      settings: SETTINGS,
    };
  }

  #paymentsOfOrders(): Payments {
    const { ports } = this;
    const heard = <T>(label: string, act: () => Promise<T>): Promise<T | 'UNKNOWN'> =>
      this.cross(label, act).catch(() => 'UNKNOWN' as const);
    return {
      intend: ({ orderId, part, userId, currency, amountMinor, opensMs, deadlineMs }) =>
        heard('intend', async () => {
          const key = { orderId: BigInt(orderId), part };
          const terms = { userId, currency, amountMinor, opensMs, deadlineMs };
          return (await ports.store.create([{ ...key, ...terms }], this.soon()))[0] ?? 'UNKNOWN';
        }),
      keptMinor: (paymentId) =>
        this.cross('kept', async () => {
          const payment = await ports.store.get(keyOf(paymentId), this.soon());
          return (payment?.capturedMinor ?? 0n) - (payment?.refundedMinor ?? 0n);
        }),
      bar: (paymentId) =>
        heard('bar', async () => {
          const [outcome] = await cancelMany(ports, [paymentId], this.soon());
          return outcome === 'CANCELLED' ? 'BARRED' : (outcome ?? 'UNKNOWN');
        }),
      refund: ({ paymentId, ...command }) =>
        heard('refund', async () => {
          const owed = { ...command, reason: '' };
          const { outcome } = await refundOwed(ports, keyOf(paymentId), owed, this.soon());
          return outcome === 'ACCEPTED' ? 'DONE' : { refused: outcome };
        }),
    };
  }
}

export const ORDER_ID = 7_000_000_001n;

function keyOf(paymentId: string): PaymentKey {
  const key = paymentKeyOf(paymentId);
  assert(key, 'orders name payments');
  return key;
}

type Delivery = 'DONE' | 'RETRY' | { park: string };

const log = createLog({ service: 'schedules', level: 'silent' });

function rethrow(settled: PromiseSettledResult<unknown>): void {
  if (settled.status === 'rejected' && !(settled.reason instanceof Lost)) throw settled.reason;
}
