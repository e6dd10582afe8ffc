// The only translator between the wire and the domain. A new state fails to compile here.

import type { MessageInitShape } from '@bufbuild/protobuf';
import { type Timestamp, timestampMs } from '@bufbuild/protobuf/wkt';
import type { Money } from '../../../gen/spillway/common/v1/money_pb.js';
import {
  type PaymentSchema,
  type RefundSchema,
  PaymentPart as WirePart,
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
import { timestampOf } from '../../platform/rpc/timestamp.js';
import type { Span } from '../../platform/telemetry/trace-context.js';
import type { CancelOutcome } from '../app/cancel-payment.js';
import type { CreateOutcome, NewPayment } from '../domain/create.js';
import type { Payment, PaymentState, Refund, RefundState } from '../domain/payment.js';
import { type PaymentKey, type PaymentPart, paymentIdOf } from '../domain/payment-id.js';

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

const PARTS = {
  [WirePart.UNSPECIFIED]: 'FIRST',
  [WirePart.FIRST]: 'FIRST',
  [WirePart.BALANCE]: 'BALANCE',
} as const satisfies Record<WirePart, PaymentPart>;

const WIRE_PARTS = {
  FIRST: WirePart.FIRST,
  BALANCE: WirePart.BALANCE,
} as const satisfies Record<PaymentPart, WirePart>;

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
export function toNewPayment(
  request: CreatePaymentRequest,
  index?: number,
  span?: Span,
): NewPayment {
  const orderId = parseId(request.orderId);
  if (orderId === undefined) {
    throw invalidField(fieldOf('order_id', index), 'must be a decimal id from 1 to 2^63-1');
  }
  const { currency, amountMinor } = moneyOf(request.amount);
  return {
    orderId,
    part: PARTS[request.part],
    userId: request.userId,
    currency,
    amountMinor,
    opensMs: request.opensAt && millisecondsOf(request.opensAt, 'opens_at', index),
    deadlineMs: millisecondsOf(request.deadline, 'deadline', index),
    span,
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

function millisecondsOf(
  timestamp: Timestamp | undefined,
  field: string,
  index: number | undefined,
): number {
  const seconds = timestamp?.seconds ?? -1n;
  if (timestamp === undefined || seconds < 0n || seconds > SECONDS_MAX) {
    throw invalidField(fieldOf(field, index), 'must be a time from 1970 to 11970');
  }
  return timestampMs(timestamp);
}

export function toWirePayment(payment: Payment): MessageInitShape<typeof PaymentSchema> {
  const { currency } = payment;
  return {
    paymentId: paymentIdOf(payment),
    orderId: `${payment.orderId}`,
    amount: { currency, amountMinor: payment.amountMinor },
    state: STATES[payment.state],
    providerNumber: payment.providerNumber,
    captured: { currency, amountMinor: payment.capturedMinor },
    refunded: { currency, amountMinor: payment.refundedMinor },
    version: BigInt(payment.version),
    userId: payment.userId,
    deadline: timestampOf(payment.deadlineMs),
    part: WIRE_PARTS[payment.part],
    opensAt: payment.opensMs === undefined ? undefined : timestampOf(payment.opensMs),
    createdAt: timestampOf(payment.createdMs),
    updatedAt: timestampOf(payment.updatedMs),
  };
}

export function toWireRefund(
  payment: PaymentKey,
  refund: Refund,
): MessageInitShape<typeof RefundSchema> {
  return {
    refundId: refund.refundId,
    paymentId: paymentIdOf(payment),
    amount: { currency: refund.currency, amountMinor: refund.amountMinor },
    state: REFUND_STATES[refund.state],
    reason: refund.reason,
    requestId: refund.requestId,
    createdAt: timestampOf(refund.createdMs),
  };
}

export function toCreateOutcome(outcome: CreateOutcome): CreatePaymentOutcome {
  return CREATE_OUTCOMES[outcome];
}

export function toCancelOutcome(outcome: CancelOutcome): CancelPaymentOutcome {
  return CANCEL_OUTCOMES[outcome];
}
