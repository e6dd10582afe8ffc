// The payment service as orders see it. Intents and cancels of many orders travel in one call; a call
// that fails leaves every one of them unknown.

import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { status } from '@grpc/grpc-js';
import {
  CancelPaymentOutcome,
  CreatePaymentOutcome,
  type PaymentService,
} from '../../../gen/spillway/payment/v1/payment_service_pb.js';
import { Batcher } from '../../platform/batcher.js';
import type { Clock } from '../../platform/clock.js';
import type { Client } from '../../platform/rpc/client.js';
import { RpcError } from '../../platform/rpc/errors.js';
import type { BarOutcome, PaymentIntent, Payments, RefundOutcome } from '../app/ports.js';
import { paymentIdOf } from '../domain/order.js';
import type { BatchLimits } from './batch-limits.js';
import { unknownOutcome } from './mesh-client.js';

export interface PaymentClientParts {
  readonly client: Client<typeof PaymentService>;
  readonly clock: Clock;
  readonly limits: { readonly intend: BatchLimits; readonly bar: BatchLimits };
}

type IntendOutcome = 'CREATED' | 'REUSED' | 'UNKNOWN';

interface Refund {
  readonly orderId: string;
  readonly requestId: string;
  readonly currency: string;
  readonly amountMinor: bigint;
}

const REFUND_REASON = 'the order was cancelled';

export class PaymentClient implements Payments {
  readonly #client: Client<typeof PaymentService>;
  readonly #intents: Batcher<PaymentIntent, IntendOutcome>;
  readonly #bars: Batcher<bigint, BarOutcome>;

  constructor(o: PaymentClientParts) {
    this.#client = o.client;
    this.#intents = new Batcher({
      name: 'order.intend',
      run: (items, { deadlineMs }) => this.#intend(items, deadlineMs),
      ...o.limits.intend,
      clock: o.clock,
    });
    this.#bars = new Batcher({
      name: 'order.bar',
      run: (items, { deadlineMs }) => this.#bar(items, deadlineMs),
      ...o.limits.bar,
      clock: o.clock,
    });
  }

  intend(intent: PaymentIntent, deadlineMs: number): Promise<IntendOutcome> {
    return this.#intents.add(intent, deadlineMs);
  }

  bar(orderId: bigint, deadlineMs: number): Promise<BarOutcome> {
    return this.#bars.add(orderId, deadlineMs);
  }

  // The whole amount is asked for. When a part was refunded before, the refusal says so, and then
  // the rest is asked for under the same id, which the refusal has not used up.
  async refund(refund: Refund, deadlineMs: number): Promise<RefundOutcome> {
    const asked = await this.#askRefund(refund, deadlineMs);
    if (asked !== 'EXCEEDS') return asked;
    const leftMinor = await this.#refundableMinor(refund.orderId, deadlineMs);
    if (leftMinor === undefined) return 'UNKNOWN';
    if (leftMinor <= 0n) return 'DONE';
    const again = await this.#askRefund({ ...refund, amountMinor: leftMinor }, deadlineMs);
    return again === 'EXCEEDS' ? 'UNKNOWN' : again;
  }

  async #intend(intents: PaymentIntent[], deadlineMs: number): Promise<IntendOutcome[]> {
    const items = intents.map((intent) => ({
      orderId: intent.orderId,
      userId: intent.userId,
      amount: { currency: intent.currency, amountMinor: intent.amountMinor },
      deadline: timestampFromMs(intent.deadlineMs),
    }));
    try {
      const { outcomes } = await this.#client.batchCreatePayment({ items }, { deadlineMs });
      return intents.map((_, i) => intendWords[outcomes[i] ?? 0] ?? 'UNKNOWN');
    } catch (error) {
      if (unknownOutcome(error)) return intents.map(() => 'UNKNOWN');
      throw error;
    }
  }

  async #bar(orderIds: bigint[], deadlineMs: number): Promise<BarOutcome[]> {
    const paymentIds = orderIds.map((orderId) => paymentIdOf(orderId));
    try {
      const { outcomes } = await this.#client.batchCancelPayment({ paymentIds }, { deadlineMs });
      return orderIds.map((_, i) => barWords[outcomes[i] ?? 0] ?? 'UNKNOWN');
    } catch (error) {
      if (unknownOutcome(error)) return orderIds.map(() => 'UNKNOWN');
      throw error;
    }
  }

  async #askRefund(refund: Refund, deadlineMs: number): Promise<RefundOutcome | 'EXCEEDS'> {
    const { orderId, requestId, currency, amountMinor } = refund;
    const paymentId = paymentIdOf(orderId);
    const amount = { currency, amountMinor };
    const request = { requestId, paymentId, amount, reason: REFUND_REASON };
    try {
      await this.#client.refundPayment(request, { deadlineMs });
      return 'DONE';
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
      // Only we use this id, so an earlier try of ours, perhaps for the rest, has been taken.
      if (error.reason === 'REQUEST_ID_REUSED') return 'DONE';
      if (error.reason === 'REFUND_EXCEEDS_CAPTURED') return 'EXCEEDS';
      return refusals.has(error.code) ? { refused: error.reason || error.message } : 'UNKNOWN';
    }
  }

  async #refundableMinor(orderId: string, deadlineMs: number): Promise<bigint | undefined> {
    const paymentId = paymentIdOf(orderId);
    const { payment } = await this.#client.getPayment({ paymentId }, { deadlineMs });
    if (!payment?.captured) return undefined;
    return payment.captured.amountMinor - (payment.refunded?.amountMinor ?? 0n);
  }
}

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
