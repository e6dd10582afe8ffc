// The payment store in memory: the executable specification of the MySQL one, and what unit tests of
// the use cases run on. Decisions are applied one at a time, at once.

import { requestDigest } from '../../../platform/digest.js';
import type { DuePayment, DuePayments, PaymentStore, UpdateTarget } from '../../app/ports.js';
import { type CreateOutcome, compareIntent, type NewPayment } from '../../domain/create.js';
import { type LookTimes, nextLookMs } from '../../domain/look.js';
import type { News } from '../../domain/news.js';
import { open, type Payment } from '../../domain/payment.js';
import { applyChange, type Decide, type PaymentFile } from '../../domain/payment-file.js';

export class MemoryPaymentStore implements PaymentStore, DuePayments {
  readonly name = 'memory';
  /** What was told, oldest first; a test delivers it when it likes. */
  readonly news: News[] = [];
  readonly #files = new Map<bigint, PaymentFile>();
  readonly #events = new Set<string>();
  readonly #nowMs: () => number;

  constructor(o: { nowMs: () => number }) {
    this.#nowMs = o.nowMs;
  }

  async create(items: readonly NewPayment[]): Promise<CreateOutcome[]> {
    return items.map((item) => {
      const existing = this.#files.get(item.orderId);
      if (existing !== undefined) return compareIntent(existing.payment, item);
      const payment = this.#newPayment(item);
      this.#files.set(item.orderId, { payment, attempts: [], refunds: [] });
      return 'CREATED';
    });
  }

  async get(orderId: bigint): Promise<Payment | undefined> {
    return this.#files.get(orderId)?.payment;
  }

  async update<R>({ orderId, eventId }: UpdateTarget, decide: Decide<R>): Promise<R> {
    const file = this.#files.get(orderId);
    const event = eventId === undefined ? undefined : requestDigest(`${orderId}`, eventId);
    const eventSeen = event !== undefined && this.#events.has(event);
    const { result, change } = decide(file, { nowMs: this.#nowMs(), eventSeen });
    if (change === undefined) return result;
    const next = applyChange(file, change);
    if (next !== undefined) this.#files.set(orderId, next);
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
      const dueMs = openAttempts.length > 0 ? nextLookMs(file.payment, nowMs, times) : undefined;
      const payment = { ...file.payment, dueMs };
      this.#files.set(payment.orderId, { ...file, payment });
      return { payment, openAttempts };
    });
  }

  file(orderId: bigint): PaymentFile | undefined {
    return this.#files.get(orderId);
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
