// The payment store in memory: the executable specification of the MySQL one, and what unit tests of
// the use cases run on. Decisions are applied one at a time, at once.

import { requestDigest } from '../../../platform/digest.js';
import type { DuePayment, DuePayments, PaymentStore, UpdateTarget } from '../../app/ports.js';
import { type CreateOutcome, compareIntent, type NewPayment } from '../../domain/create.js';
import { type LookTimes, nextLookMs } from '../../domain/look.js';
import type { News } from '../../domain/news.js';
import { open, type Payment } from '../../domain/payment.js';
import { applyChange, type Decide, type PaymentFile } from '../../domain/payment-file.js';
import { type PaymentKey, paymentIdOf } from '../../domain/payment-id.js';

export class MemoryPaymentStore implements PaymentStore, DuePayments {
  readonly name = 'memory';
  /** What was told, oldest first; a test delivers it when it likes. */
  readonly news: News[] = [];
  readonly #files = new Map<string, PaymentFile>();
  readonly #events = new Set<string>();
  readonly #nowMs: () => number;

  constructor(o: { nowMs: () => number }) {
    this.#nowMs = o.nowMs;
  }

  async create(items: readonly NewPayment[]): Promise<CreateOutcome[]> {
    return items.map((item) => {
      const existing = this.#files.get(paymentIdOf(item));
      if (existing !== undefined) return compareIntent(existing.payment, item);
      const payment = this.#newPayment(item);
      this.#files.set(paymentIdOf(item), { payment, attempts: [], refunds: [] });
      return 'CREATED';
    });
  }

  async get(key: PaymentKey): Promise<Payment | undefined> {
    return this.#files.get(paymentIdOf(key))?.payment;
  }

  async update<R>({ payment, eventId }: UpdateTarget, decide: Decide<R>): Promise<R> {
    const paymentId = paymentIdOf(payment);
    const file = this.#files.get(paymentId);
    const event = eventId === undefined ? undefined : requestDigest(`${payment.orderId}`, eventId);
    const eventSeen = event !== undefined && this.#events.has(event);
    const { result, change } = decide(file, { nowMs: this.#nowMs(), eventSeen });
    if (change === undefined) return result;
    const next = applyChange(file, change);
    if (next !== undefined) this.#files.set(paymentId, next);
    if (change.event && event !== undefined) this.#events.add(event);
    this.news.push(...(change.news ?? []));
    return result;
  }

  async claim(limit: number, times: LookTimes): Promise<DuePayment[]> {
    const nowMs = this.#nowMs();
    const due = [...this.#files.values()]
      .filter(({ payment }) => payment.dueMs !== undefined && payment.dueMs <= nowMs)
      .slice(0, limit);
    return due.map((file) => {
      const openAttempts = file.attempts.filter(open);
      const dueMs = nextLookMs(file.payment, openAttempts, nowMs, times);
      const payment = { ...file.payment, dueMs };
      this.#files.set(paymentIdOf(payment), { ...file, payment });
      return { payment, openAttempts };
    });
  }

  file(key: PaymentKey): PaymentFile | undefined {
    return this.#files.get(paymentIdOf(key));
  }

  #newPayment(item: NewPayment): Payment {
    const nowMs = this.#nowMs();
    return {
      ...item,
      state: 'NOT_STARTED',
      version: 1,
      capturedMinor: 0n,
      refundedMinor: 0n,
      providerNumber: '',
      attemptNo: 0,
      dueMs: undefined,
      createdMs: nowMs,
      updatedMs: nowMs,
    };
  }
}
