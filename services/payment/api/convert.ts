// The only translator between the wire and the domain. A new state fails to compile here.

import type { MessageInitShape } from '@bufbuild/protobuf';
import { type Timestamp, timestampFromMs, timestampMs } from '@bufbuild/protobuf/wkt';
import type { Money } from '../../../gen/spillway/common/v1/money_pb.js';
import {
  type PaymentSchema,
  type RefundSchema,
  RefundState as WireRefundState,
  PaymentState as WireState,
} from '../../../gen/spillway/payment/v1/payment_pb.js';
import {
  CancelPaymentOutcome,
  CreatePaymentOutcome,
  type CreatePaymentRequest,
} from '../../../gen/spillway/payment/v1/payment_service_pb.js';
import { parseId } from '../../platform/ids.js';
import { invalidField } from '../../platform/rpc/errors.js';
import type { CancelOutcome } from '../app/cancel-payment.js';
import type { CreateOutcome, NewPayment } from '../domain/create.js';
import type { Payment, PaymentState, Refund, RefundState } from '../domain/payment.js';
import { paymentIdOf } from '../domain/payment-id.js';

const STATES = {
  NOT_STARTED: WireState.NOT_STARTED,
  PENDING: WireState.PENDING,
  INITIALISED: WireState.INITIALISED,
  PROCESSING: WireState.PROCESSING,
  SUCCEEDED: WireState.SUCCEEDED,
  FAILED: WireState.FAILED,
  CANCELLED: WireState.CANCELLED,
  TIMED_OUT: WireState.TIMED_OUT,
} as const satisfies Record<PaymentState, WireState>;

const REFUND_STATES = {
  PENDING: WireRefundState.PENDING,
  SUCCEEDED: WireRefundState.SUCCEEDED,
  PARKED: WireRefundState.PARKED,
} as const satisfies Record<RefundState, WireRefundState>;

const CREATE_OUTCOMES = {
  CREATED: CreatePaymentOutcome.CREATED,
  REUSED: CreatePaymentOutcome.REUSED,
  UNKNOWN: CreatePaymentOutcome.UNKNOWN,
} as const satisfies Record<CreateOutcome, CreatePaymentOutcome>;

const CANCEL_OUTCOMES = {
  CANCELLED: CancelPaymentOutcome.CANCELLED,
  IN_PROGRESS: CancelPaymentOutcome.IN_PROGRESS,
  CAPTURED: CancelPaymentOutcome.CAPTURED,
  UNKNOWN: CancelPaymentOutcome.UNKNOWN,
} as const satisfies Record<CancelOutcome, CancelPaymentOutcome>;

/** `index` says where in a batch the item stands, for the name of a wrong field. */
export function toNewPayment(request: CreatePaymentRequest, index?: number): NewPayment {
  const orderId = parseId(request.orderId);
  if (orderId === undefined) {
    throw invalidField(fieldOf('order_id', index), 'must be a decimal id from 1 to 2^63-1');
  }
  const { currency, amountMinor } = moneyOf(request.amount);
  return {
    orderId,
    userId: request.userId,
    currency,
    amountMinor,
    deadlineMs: millisecondsOf(request.deadline, index),
  };
}

function fieldOf(name: string, index: number | undefined): string {
  return index === undefined ? name : `items[${index}].${name}`;
}

/** Validation has made sure that it is there; the generated type cannot know. */
export function moneyOf(money: Money | undefined): { currency: string; amountMinor: bigint } {
  if (money === undefined) throw invalidField('amount', 'is required');
  return { currency: money.currency, amountMinor: money.amountMinor };
}

/** 10,000 years: beyond that a timestamp is a mistake and would not fit its column's use. */
const SECONDS_MAX = 315_576_000_000n;

function millisecondsOf(timestamp: Timestamp | undefined, index: number | undefined): number {
  const seconds = timestamp?.seconds ?? -1n;
  if (timestamp === undefined || seconds < 0n || seconds > SECONDS_MAX) {
    throw invalidField(fieldOf('deadline', index), 'must be a time from 1970 to 11970');
  }
  return timestampMs(timestamp);
}

export function toWirePayment(payment: Payment): MessageInitShape<typeof PaymentSchema> {
  const { currency } = payment;
  return {
    paymentId: paymentIdOf(payment.orderId),
    orderId: `${payment.orderId}`,
    amount: { currency, amountMinor: payment.amountMinor },
    state: STATES[payment.state],
    providerNumber: payment.providerNumber,
    captured: { currency, amountMinor: payment.capturedMinor },
    refunded: { currency, amountMinor: payment.refundedMinor },
    version: BigInt(payment.version),
    userId: payment.userId,
    deadline: timestampFromMs(payment.deadlineMs),
    createdAt: timestampFromMs(payment.createdMs),
    updatedAt: timestampFromMs(payment.updatedMs),
  };
}

export function toWireRefund(
  orderId: bigint,
  refund: Refund,
): MessageInitShape<typeof RefundSchema> {
  return {
    refundId: refund.refundId,
    paymentId: paymentIdOf(orderId),
    amount: { currency: refund.currency, amountMinor: refund.amountMinor },
    state: REFUND_STATES[refund.state],
    reason: refund.reason,
    requestId: refund.requestId,
    createdAt: timestampFromMs(refund.createdMs),
  };
}

export function toCreateOutcome(outcome: CreateOutcome): CreatePaymentOutcome {
  return CREATE_OUTCOMES[outcome];
}

export function toCancelOutcome(outcome: CancelOutcome): CancelPaymentOutcome {
  return CANCEL_OUTCOMES[outcome];
}
