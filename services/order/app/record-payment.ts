// Takes the news of payments. Each record has its own outcome, and one whose outcome is not known is
// simply sent again: the same news twice changes nothing.

import { unreachable } from '../../platform/assert.js';
import type { Traced } from '../../platform/telemetry/trace-context.js';
import { paymentIdOf } from '../domain/order.js';
import type { PaymentPart } from '../domain/presale-terms.js';
import type { OrderEvent } from '../domain/transition.js';
import type { ChangeResult, OrderKeys, OrderStore, Payments } from './ports.js';

export interface PaymentRecord extends Traced {
  readonly orderId: string;
  readonly paymentId: string;
  readonly news: 'CAPTURED' | 'REFUNDED';
  readonly currency: string;
  readonly amountMinor: bigint;
}

export type RecordOutcome = 'RECORDED' | 'REFUND' | 'MISMATCH' | 'UNKNOWN';

export class RecordPayment {
  readonly #orders: OrderStore;
  readonly #payments: Payments;
  readonly #keys: OrderKeys;

  constructor(o: { orders: OrderStore; payments: Payments; keys: OrderKeys }) {
    this.#orders = o.orders;
    this.#payments = o.payments;
    this.#keys = o.keys;
  }

  run(records: readonly PaymentRecord[], deadlineMs: number): Promise<RecordOutcome[]> {
    return Promise.all(records.map((record) => this.#record(record, deadlineMs)));
  }

  async #record(record: PaymentRecord, deadlineMs: number): Promise<RecordOutcome> {
    const orderId = this.#keys.parseOrderId(record.orderId);
    const part = orderId && PARTS.find((each) => record.paymentId === paymentIdOf(orderId, each));
    if (!orderId || !part) return 'MISMATCH';
    const { news, currency, amountMinor } = record;
    try {
      if (news === 'REFUNDED' && (await this.#keepsOther(orderId, part, deadlineMs))) {
        return 'RECORDED';
      }
      const event: OrderEvent =
        news === 'CAPTURED' ? { kind: news, part, currency, amountMinor } : { kind: news };
      return outcomeOf(await this.#orders.change(orderId, event, deadlineMs, record.span));
    } catch {
      return 'UNKNOWN';
    }
  }

  // A presale ends when both of its payments are back; the later one's news finds the other empty.
  async #keepsOther(orderId: bigint, part: PaymentPart, deadlineMs: number): Promise<boolean> {
    const order = await this.#orders.read(orderId, deadlineMs);
    if (!order?.presale) return false;
    const other = paymentIdOf(orderId, part === 'FIRST' ? 'BALANCE' : 'FIRST');
    return (await this.#payments.keptMinor(other, deadlineMs)) > 0n;
  }
}

const PARTS: readonly PaymentPart[] = ['FIRST', 'BALANCE'];

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
    case 'REQUEST_ID_REUSED':
    case 'LINE_UNKNOWN':
    case 'REFUND_EXCEEDS_CAPTURED':
      return 'MISMATCH';
    default:
      return unreachable(result);
  }
}
