// The only translator between messages and the domain. Enum maps cover every word of both sides, so
// that a new one fails to compile.

import type { MessageInitShape } from '@bufbuild/protobuf';
import {
  type OrderSchema,
  OrderState as WireState,
  OrderType as WireType,
} from '../../../gen/spillway/order/v1/order_pb.js';
import {
  type AddTrackingRequest,
  type CancelOrderRequest,
  type CreateOrderRequest,
  PaymentNews,
  PaymentRecordOutcome,
  OrderFate as WireFate,
  type PaymentRecord as WireRecord,
} from '../../../gen/spillway/order/v1/order_service_pb.js';
import { timestampOf } from '../../platform/rpc/timestamp.js';
import type { Span } from '../../platform/telemetry/trace-context.js';
import type { CancelCommand } from '../app/cancel-order.js';
import type { OrderFate } from '../app/ports.js';
import type { PaymentRecord, RecordOutcome } from '../app/record-payment.js';
import { refundedQuantity } from '../domain/line-refund.js';
import {
  type Order,
  type OrderState,
  type OrderTransition,
  paymentIdOf,
  type TrackingEvent,
} from '../domain/order.js';
import type { OrderType } from '../domain/order-types.js';
import type { OrderRequest } from '../domain/request.js';
import type { NewTrackingEvent } from '../domain/tracking.js';
import { detailsOf, detailsTo } from './convert-details.js';
import { presaleTo } from './convert-offer.js';
import { lineRefundTo } from './convert-refunds.js';
import { money, msOf } from './convert-values.js';

const typesIn = {
  [WireType.UNSPECIFIED]: 'PHYSICAL',
  [WireType.PHYSICAL]: 'PHYSICAL',
  [WireType.VIRTUAL]: 'VIRTUAL',
  [WireType.TOP_UP]: 'TOP_UP',
  [WireType.BOOKING]: 'BOOKING',
  [WireType.PRESALE]: 'PRESALE',
} as const satisfies Record<WireType, OrderType>;

const typesOut = {
  PHYSICAL: WireType.PHYSICAL,
  VIRTUAL: WireType.VIRTUAL,
  TOP_UP: WireType.TOP_UP,
  BOOKING: WireType.BOOKING,
  PRESALE: WireType.PRESALE,
} as const satisfies Record<OrderType, WireType>;

const statesIn = {
  [WireState.UNSPECIFIED]: undefined,
  [WireState.PENDING_PAYMENT]: 'PENDING_PAYMENT',
  [WireState.DEPOSIT_PAID]: 'DEPOSIT_PAID',
  [WireState.PAID]: 'PAID',
  [WireState.SHIPPED]: 'SHIPPED',
  [WireState.DELIVERED]: 'DELIVERED',
  [WireState.COMPLETED]: 'COMPLETED',
  [WireState.CANCELLED]: 'CANCELLED',
} as const satisfies Record<WireState, OrderState | undefined>;

const statesOut = {
  PENDING_PAYMENT: WireState.PENDING_PAYMENT,
  DEPOSIT_PAID: WireState.DEPOSIT_PAID,
  PAID: WireState.PAID,
  SHIPPED: WireState.SHIPPED,
  DELIVERED: WireState.DELIVERED,
  COMPLETED: WireState.COMPLETED,
  CANCELLED: WireState.CANCELLED,
} as const satisfies Record<OrderState, WireState>;

const fatesOut = {
  PENDING: WireFate.PENDING,
  PAID: WireFate.PAID,
  CANCELLED: WireFate.CANCELLED,
  RETURNED: WireFate.RETURNED,
} as const satisfies Record<OrderFate['fate'], WireFate>;

const outcomesOut = {
  RECORDED: PaymentRecordOutcome.RECORDED,
  REFUND: PaymentRecordOutcome.REFUND,
  MISMATCH: PaymentRecordOutcome.MISMATCH,
  UNKNOWN: PaymentRecordOutcome.UNKNOWN,
} as const satisfies Record<RecordOutcome, PaymentRecordOutcome>;

export function requestOf(request: CreateOrderRequest): OrderRequest {
  return {
    userId: request.userId,
    requestId: request.requestId,
    type: typesIn[request.type],
    details: detailsOf(request.details),
    lines: request.lines,
    paymentWindowSeconds: request.paymentWindowSeconds,
  };
}

export function cancelOf(orderId: bigint, request: CancelOrderRequest): CancelCommand {
  return {
    orderId,
    operator: request.asOperator ? 'operator' : 'user',
    remark: request.reason,
    expectedVersion: versionOf(request.expectedVersion),
  };
}

/** Versions are far below 2^53; a larger one is no version of any order. */
export function versionOf(version: bigint): number {
  return Number(version);
}

export function stateOf(state: WireState): OrderState | undefined {
  return statesIn[state];
}

export function recordOf(record: WireRecord, span: Span | undefined): PaymentRecord {
  return {
    span,
    orderId: record.orderId,
    paymentId: record.paymentId,
    news: record.news === PaymentNews.CAPTURED ? 'CAPTURED' : 'REFUNDED',
    currency: record.captured?.currency ?? '',
    amountMinor: record.captured?.amountMinor ?? 0n,
  };
}

export function recordOutcomeTo(outcome: RecordOutcome): PaymentRecordOutcome {
  return outcomesOut[outcome];
}

export function orderTo(order: Order): MessageInitShape<typeof OrderSchema> {
  const { currency } = order;
  return {
    orderId: order.orderId.toString(),
    userId: order.userId,
    state: statesOut[order.state],
    lines: order.lines.map((line) => ({
      skuId: line.skuId,
      quantity: line.quantity,
      unitPrice: money(currency, line.unitPriceMinor),
      title: line.title,
      attributes: line.attributes,
      snapshotHash: line.snapshotHash,
      refundedQuantity: refundedQuantity(order, line.skuId),
    })),
    total: money(currency, order.totalMinor),
    version: BigInt(order.version),
    paymentDeadline: timestampOf(order.paymentDeadlineMs),
    paymentId: paymentIdOf(order.orderId, 'FIRST'),
    presale: order.presale && presaleTo(order.presale, currency, order.payableMinor),
    balancePaymentId: order.presale ? paymentIdOf(order.orderId, 'BALANCE') : '',
    discount: money(currency, order.discountMinor),
    payable: money(currency, order.payableMinor),
    type: typesOut[order.type],
    requestId: order.requestId,
    createdAt: timestampOf(order.createdMs),
    updatedAt: timestampOf(order.updatedMs),
    carrier: order.carrier ?? '',
    trackingNumber: order.trackingNumber ?? '',
    transitions: order.transitions.map(transitionTo),
    details: detailsTo(order.details),
    tracking: order.tracking.map(trackingTo),
    refunds: order.refunds.map((refund) => lineRefundTo(currency, refund)),
  };
}

export function fateTo(orderId: string, fate: OrderFate) {
  const { paymentDeadlineMs } = fate;
  return {
    orderId,
    fate: fatesOut[fate.fate],
    paymentDeadline: paymentDeadlineMs === undefined ? undefined : timestampOf(paymentDeadlineMs),
  };
}

export function trackingOf(request: AddTrackingRequest): NewTrackingEvent {
  const { requestId, status, place, text } = request;
  return { requestId, status, place, text, atMs: msOf(request.at) };
}

function trackingTo({ atMs, ...event }: TrackingEvent) {
  return { ...event, at: timestampOf(atMs) };
}

function transitionTo(made: OrderTransition) {
  return {
    version: BigInt(made.version),
    from: made.from ? statesOut[made.from] : WireState.UNSPECIFIED,
    to: statesOut[made.to],
    operator: made.operator,
    remark: made.remark,
    at: timestampOf(made.atMs),
  };
}
