// The payment service as orders see it. Intents and cancels of many orders travel in one call; a call
// that fails leaves every one of them unknown.

import { status } from '@grpc/grpc-js';
import { PaymentPart as WirePart } from '../../../gen/spillway/payment/v1/payment_pb.js';
import {
  CancelPaymentOutcome,
  CreatePaymentOutcome,
  type PaymentService,
} from '../../../gen/spillway/payment/v1/payment_service_pb.js';
import { Batcher } from '../../platform/batcher.js';
import type { Clock } from '../../platform/clock.js';
import type { Client } from '../../platform/rpc/client.js';
import { RpcError } from '../../platform/rpc/errors.js';
import { timestampOf } from '../../platform/rpc/timestamp.js';
import { itemTraces, spanOf } from '../../platform/telemetry/trace-batch.js';
import type { Span, Traced } from '../../platform/telemetry/trace-context.js';
import type {
  BarOutcome,
  PaymentIntent,
  Payments,
  RefundOrder,
  RefundOutcome,
} from '../app/ports.js';
import type { PaymentPart } from '../domain/presale-terms.js';
import type { BatchLimits } from './batch-limits.js';
import { unknownOutcome } from './mesh-client.js';

export interface PaymentClientParts {
  readonly client: Client<typeof PaymentService>;
  readonly clock: Clock;
  readonly limits: { readonly intend: BatchLimits; readonly bar: BatchLimits };
}

type IntendOutcome = 'CREATED' | 'REUSED' | 'UNKNOWN';

interface Bar extends Traced {
  readonly paymentId: string;
}

/** Of a whole batch. */
interface Call {
  readonly deadlineMs: number;
  readonly span?: Span | undefined;
}

const REFUND_REASON = 'the order was cancelled or lines of it refunded';

export class PaymentClient implements Payments {
  readonly #client: Client<typeof PaymentService>;
  readonly #intents: Batcher<PaymentIntent, IntendOutcome>;
  readonly #bars: Batcher<Bar, BarOutcome>;

  constructor(o: PaymentClientParts) {
    this.#client = o.client;
    this.#intents = new Batcher({
      name: 'order.intend',
      run: (items, batch) => this.#intend(items, batch),
      spansOf: spanOf,
      ...o.limits.intend,
      clock: o.clock,
    });
    this.#bars = new Batcher({
      name: 'order.bar',
      run: (items, batch) => this.#bar(items, batch),
      spansOf: spanOf,
      ...o.limits.bar,
      clock: o.clock,
    });
  }

  intend(intent: PaymentIntent, deadlineMs: number): Promise<IntendOutcome> {
    return this.#intents.add(intent, deadlineMs);
  }

  bar(paymentId: string, deadlineMs: number, span?: Span): Promise<BarOutcome> {
    return this.#bars.add({ paymentId, span }, deadlineMs);
  }

  async refund(refund: RefundOrder, deadlineMs: number): Promise<RefundOutcome> {
    const { paymentId, requestId, currency, amountMinor } = refund;
    const amount = { currency, amountMinor };
    const request = { requestId, paymentId, amount, reason: REFUND_REASON };
    try {
      await this.#client.refundUpTo(request, { deadlineMs, span: refund.span });
      return 'DONE';
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
      return refusals.has(error.code) ? { refused: error.reason || error.message } : 'UNKNOWN';
    }
  }

  async keptMinor(paymentId: string, deadlineMs: number): Promise<bigint> {
    try {
      const { payment } = await this.#client.getPayment({ paymentId }, { deadlineMs });
      return (payment?.captured?.amountMinor ?? 0n) - (payment?.refunded?.amountMinor ?? 0n);
    } catch (error) {
      if (error instanceof RpcError && error.reason === 'PAYMENT_UNKNOWN') return 0n;
      throw error;
    }
  }

  async #intend(intents: PaymentIntent[], o: Call): Promise<IntendOutcome[]> {
    const items = intents.map((intent) => ({
      orderId: intent.orderId,
      part: parts[intent.part],
      userId: intent.userId,
      amount: { currency: intent.currency, amountMinor: intent.amountMinor },
      opensAt: intent.opensMs === undefined ? undefined : timestampOf(intent.opensMs),
      deadline: timestampOf(intent.deadlineMs),
    }));
    const traces = itemTraces(intents);
    try {
      const { outcomes } = await this.#client.batchCreatePayment({ items, traces }, o);
      return intents.map((_, i) => intendWords[outcomes[i] ?? 0] ?? 'UNKNOWN');
    } catch (error) {
      if (unknownOutcome(error)) return intents.map(() => 'UNKNOWN');
      throw error;
    }
  }

  async #bar(bars: Bar[], o: Call): Promise<BarOutcome[]> {
    const paymentIds = bars.map(({ paymentId }) => paymentId);
    const traces = itemTraces(bars);
    try {
      const { outcomes } = await this.#client.batchCancelPayment({ paymentIds, traces }, o);
      return bars.map((_, i) => barWords[outcomes[i] ?? 0] ?? 'UNKNOWN');
    } catch (error) {
      if (unknownOutcome(error)) return bars.map(() => 'UNKNOWN');
      throw error;
    }
  }
}

const parts = {
  FIRST: WirePart.FIRST,
  BALANCE: WirePart.BALANCE,
} as const satisfies Record<PaymentPart, WirePart>;

// What the payment service answers after looking, as against not having answered.
const refusals: ReadonlySet<status> = new Set([
  status.INVALID_ARGUMENT,
  status.NOT_FOUND,
  status.ALREADY_EXISTS,
  status.FAILED_PRECONDITION,
  status.PERMISSION_DENIED,
]);

const intendWords = {
  [CreatePaymentOutcome.UNSPECIFIED]: 'UNKNOWN',
  [CreatePaymentOutcome.CREATED]: 'CREATED',
  [CreatePaymentOutcome.REUSED]: 'REUSED',
  [CreatePaymentOutcome.UNKNOWN]: 'UNKNOWN',
} as const satisfies Record<CreatePaymentOutcome, IntendOutcome>;

const barWords = {
  [CancelPaymentOutcome.UNSPECIFIED]: 'UNKNOWN',
  [CancelPaymentOutcome.CANCELLED]: 'BARRED',
  [CancelPaymentOutcome.IN_PROGRESS]: 'IN_PROGRESS',
  [CancelPaymentOutcome.CAPTURED]: 'CAPTURED',
  [CancelPaymentOutcome.UNKNOWN]: 'UNKNOWN',
} as const satisfies Record<CancelPaymentOutcome, BarOutcome>;
