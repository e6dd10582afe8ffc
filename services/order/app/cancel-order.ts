// Gives an order up. One that waits for a payment is cancelled in two steps: first that payment is
// barred, so that no capture can begin, then the order is changed. If the second step is lost, the
// order stays as it is with a payment that nobody can start, and ends at its deadline. The other way round, money
// could be captured for units that are already back on sale.

import { crashPoint } from '../../platform/crash-point.js';
import type { Span } from '../../platform/telemetry/trace-context.js';
import { inStep } from '../../platform/telemetry/trace-recorder.js';
import { paymentIdOf } from '../domain/order.js';
import { awaitedPart } from '../domain/presale.js';
import { decide, type OrderEvent } from '../domain/transition.js';
import type { ChangeResult, OrderStore, Payments } from './ports.js';

export interface CancelCommand {
  readonly orderId: bigint;
  readonly operator: 'user' | 'operator';
  readonly remark: string;
  /** 0 means any. */
  readonly expectedVersion: number;
}

export type CancelResult =
  | ChangeResult
  | { readonly outcome: 'PAYMENT_IN_PROGRESS' }
  | { readonly outcome: 'DEPENDENCY_UNAVAILABLE' };

export class CancelOrder {
  readonly #orders: OrderStore;
  readonly #payments: Payments;

  constructor(o: { orders: OrderStore; payments: Payments }) {
    this.#orders = o.orders;
    this.#payments = o.payments;
  }

  /** `span` is the call's, when it is recorded. */
  async run(command: CancelCommand, deadlineMs: number, span?: Span): Promise<CancelResult> {
    const { orderId, ...rest } = command;
    const order = await this.#orders.read(orderId, deadlineMs);
    if (!order) return { outcome: 'ORDER_UNKNOWN' };
    const awaited = awaitedPart(order);
    const event: OrderEvent = { kind: 'CANCEL', ...rest, barred: awaited };

    const decision = decide(order, event);
    if (decision.outcome === 'UNCHANGED') return { outcome: 'UNCHANGED', order };
    if (decision.outcome === 'CHANGED' && awaited) {
      const barred = await inStep(span, 'bar', (step) =>
        this.#payments.bar(paymentIdOf(orderId, awaited), deadlineMs, step),
      );
      if (barred === 'UNKNOWN') return { outcome: 'DEPENDENCY_UNAVAILABLE' };
      // Captured is not cancelled: the news is on its way, and then the order can be refunded.
      if (barred !== 'BARRED') return { outcome: 'PAYMENT_IN_PROGRESS' };
      crashPoint('cancel.barred');
    }
    return inStep(span, 'change', (step) => this.#orders.change(orderId, event, deadlineMs, step));
  }
}
