// Tells the order service what became of payments. Every failure of the call is UNKNOWN for all of its
// records: the caller tells them again.

import {
  OrderService,
  PaymentNews,
  PaymentRecordOutcome as Wire,
} from '../../../gen/spillway/order/v1/order_service_pb.js';
import type { Log } from '../../platform/log.js';
import { type Client, connectClient } from '../../platform/rpc/client.js';
import { beginBatch, endBatch, itemTraces, spanOf } from '../../platform/telemetry/trace-batch.js';
import { faultOf } from '../../platform/telemetry/trace-recorder.js';
import type { Orders, PaymentRecord, PaymentRecordOutcome } from '../app/ports.js';

const NEWS = {
  CAPTURED: PaymentNews.CAPTURED,
  REFUNDED: PaymentNews.REFUNDED,
} as const satisfies Record<PaymentRecord['news'], PaymentNews>;

const OUTCOMES = {
  [Wire.UNSPECIFIED]: 'UNKNOWN',
  [Wire.RECORDED]: 'RECORDED',
  [Wire.REFUND]: 'REFUND',
  [Wire.MISMATCH]: 'MISMATCH',
  [Wire.UNKNOWN]: 'UNKNOWN',
} as const satisfies Record<Wire, PaymentRecordOutcome>;

export class OrderClient implements Orders {
  readonly #client: Client<typeof OrderService> & { close(): void };
  readonly #log: Log;

  constructor(o: { addresses: readonly string[]; log: Log }) {
    this.#client = connectClient(OrderService, { addresses: o.addresses });
    this.#log = o.log;
  }

  async recordPayments(
    records: readonly PaymentRecord[],
    deadlineMs: number,
  ): Promise<PaymentRecordOutcome[]> {
    const batch = beginBatch('payment.tell-orders', records, spanOf);
    try {
      const answer = await this.#client.recordPayment(
        { records: records.map(toWire), traces: itemTraces(records) },
        { deadlineMs, span: batch },
      );
      const wire = answer.outcomes;
      const outcomes = records.map((_, i) => OUTCOMES[wire[i] ?? Wire.UNSPECIFIED] ?? 'UNKNOWN');
      endBatch(batch, outcomes);
      return outcomes;
    } catch (error) {
      endBatch(batch, [], { fault: faultOf(error) });
      this.#log.warn({ err: error, records: records.length }, 'order service not told');
      return records.map(() => 'UNKNOWN');
    }
  }

  close(): void {
    this.#client.close();
  }
}

function toWire({ orderId, paymentId, news, currency, capturedMinor }: PaymentRecord) {
  const captured = { currency, amountMinor: capturedMinor };
  return { orderId, paymentId, news: NEWS[news], captured };
}
