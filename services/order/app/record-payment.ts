// Takes the news of payments. Each record has its own outcome, and one whose outcome is not known is
// simply sent again: the same news twice changes nothing.

import { unreachable } from '../../platform/assert.js';
import { paymentIdOf } from '../domain/order.js';
import type { OrderEvent } from '../domain/transition.js';
import type { ChangeResult, OrderKeys, OrderStore } from './ports.js';

export interface PaymentRecord {
  readonly orderId: string;
  readonly paymentId: string;
  readonly news: 'CAPTURED' | 'REFUNDED';
  readonly currency: string;
  readonly amountMinor: bigint;
}

export type RecordOutcome = 'RECORDED' | 'REFUND' | 'MISMATCH' | 'UNKNOWN';

export class RecordPayment {
  readonly #orders: OrderStore;
  readonly #keys: OrderKeys;

  constructor(o: { orders: OrderStore; keys: OrderKeys }) {
    this.#orders = o.orders;
    this.#keys = o.keys;
  }

  run(records: readonly PaymentRecord[], deadlineMs: number): Promise<RecordOutcome[]> {
    return Promise.all(records.map((record) => this.#record(record, deadlineMs)));
  }

  async #record(record: PaymentRecord, deadlineMs: number): Promise<RecordOutcome> {
    const orderId = this.#keys.parseOrderId(record.orderId);
    if (orderId === undefined || record.paymentId !== paymentIdOf(orderId)) return 'MISMATCH';
    const { currency, amountMinor } = record;
    const event: OrderEvent =
      record.news === 'CAPTURED'
        ? { kind: 'CAPTURED', currency, amountMinor }
        : { kind: 'REFUNDED' };
    try {
      return outcomeOf(await this.#orders.change(orderId, event, deadlineMs));
    } catch {
      return 'UNKNOWN';
    }
  }
}

function outcomeOf(result: ChangeResult): RecordOutcome {
  switch (result.outcome) {
    case 'CHANGED':
    case 'UNCHANGED':
      return 'RECORDED';
    case 'REFUND':
      return 'REFUND';
    case 'MISMATCH':
    case 'ORDER_UNKNOWN':
    case 'TRANSITION_ILLEGAL':
    case 'VERSION_MISMATCH':
      return 'MISMATCH';
    default:
      return unreachable(result);
  }
}
