// The only translator between messages and the domain. Enum maps cover every word of both sides, so
// that a new one fails to compile.

import type { MessageInitShape } from '@bufbuild/protobuf';
import { type Timestamp, timestampFromMs } from '@bufbuild/protobuf/wkt';
import type { Money } from '../../../gen/spillway/common/v1/money_pb.js';
import {
  type OfferSchema,
  type OrderSchema,
  type Offer as WireOffer,
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
import type { CancelCommand } from '../app/cancel-order.js';
import type { OrderFate } from '../app/ports.js';
import type { PaymentRecord, RecordOutcome } from '../app/record-payment.js';
import type { NewOffer, Offer } from '../domain/offer.js';
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

const typesIn = {
  [WireType.UNSPECIFIED]: 'PHYSICAL',
  [WireType.PHYSICAL]: 'PHYSICAL',
  [WireType.VIRTUAL]: 'VIRTUAL',
  [WireType.TOP_UP]: 'TOP_UP',
  [WireType.BOOKING]: 'BOOKING',
} as const satisfies Record<WireType, OrderType>;

const typesOut = {
  PHYSICAL: WireType.PHYSICAL,
  VIRTUAL: WireType.VIRTUAL,
  TOP_UP: WireType.TOP_UP,
  BOOKING: WireType.BOOKING,
} as const satisfies Record<OrderType, WireType>;

const statesIn = {
  [WireState.UNSPECIFIED]: undefined,
  [WireState.PENDING_PAYMENT]: 'PENDING_PAYMENT',
  [WireState.PAID]: 'PAID',
  [WireState.SHIPPED]: 'SHIPPED',
  [WireState.DELIVERED]: 'DELIVERED',
  [WireState.COMPLETED]: 'COMPLETED',
  [WireState.CANCELLED]: 'CANCELLED',
} as const satisfies Record<WireState, OrderState | undefined>;

const statesOut = {
  PENDING_PAYMENT: WireState.PENDING_PAYMENT,
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

export function recordOf(record: WireRecord): PaymentRecord {
  return {
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

export function offerOf(offer: WireOffer): NewOffer {
  return {
    skuId: offer.skuId,
    title: offer.title,
    currency: offer.unitPrice?.currency ?? '',
    unitPriceMinor: offer.unitPrice?.amountMinor ?? 0n,
    userLimit: offer.userLimit,
    opensMs: msOf(offer.opensAt),
    closesMs: msOf(offer.closesAt),
    attributes: offer.attributes,
  };
}

export function offerTo(offer: Offer): MessageInitShape<typeof OfferSchema> {
  return {
    skuId: offer.skuId,
    title: offer.title,
    unitPrice: money(offer.currency, offer.unitPriceMinor),
    userLimit: offer.userLimit,
    opensAt: offer.opensMs === undefined ? undefined : timestampFromMs(offer.opensMs),
    closesAt: offer.closesMs === undefined ? undefined : timestampFromMs(offer.closesMs),
    version: BigInt(offer.version),
    attributes: offer.attributes,
  };
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
    })),
    total: money(currency, order.totalMinor),
    version: BigInt(order.version),
    paymentDeadline: timestampFromMs(order.paymentDeadlineMs),
    paymentId: paymentIdOf(order.orderId),
    discount: money(currency, order.discountMinor),
    payable: money(currency, order.payableMinor),
    type: typesOut[order.type],
    requestId: order.requestId,
    createdAt: timestampFromMs(order.createdMs),
    updatedAt: timestampFromMs(order.updatedMs),
    carrier: order.carrier ?? '',
    trackingNumber: order.trackingNumber ?? '',
    transitions: order.transitions.map(transitionTo),
    details: detailsTo(order.details),
    tracking: order.tracking.map(trackingTo),
  };
}

export function fateTo(orderId: string, fate: OrderFate) {
  const { paymentDeadlineMs } = fate;
  return {
    orderId,
    fate: fatesOut[fate.fate],
    paymentDeadline:
      paymentDeadlineMs === undefined ? undefined : timestampFromMs(paymentDeadlineMs),
  };
}

export function trackingOf(request: AddTrackingRequest): NewTrackingEvent {
  const { requestId, status, place, text } = request;
  return { requestId, status, place, text, atMs: msOf(request.at) };
}

function trackingTo({ atMs, ...event }: TrackingEvent) {
  return { ...event, at: timestampFromMs(atMs) };
}

function transitionTo(made: OrderTransition) {
  return {
    version: BigInt(made.version),
    from: made.from ? statesOut[made.from] : WireState.UNSPECIFIED,
    to: statesOut[made.to],
    operator: made.operator,
    remark: made.remark,
    at: timestampFromMs(made.atMs),
  };
}

function money(currency: string, amountMinor: bigint): Pick<Money, 'currency' | 'amountMinor'> {
  return { currency, amountMinor };
}

/** The years 1 to 9999, as the type promises; bytes on the wire may say anything. */
export function timestampHolds({ seconds, nanos }: Timestamp): boolean {
  const year1 = -62_135_596_800n;
  const year10000 = 253_402_300_800n;
  return seconds >= year1 && seconds < year10000 && nanos >= 0 && nanos < 1_000_000_000;
}

/** To the millisecond below. */
function msOf(timestamp: Timestamp | undefined): number | undefined {
  if (!timestamp) return undefined;
  return Number(timestamp.seconds) * 1000 + Math.floor(timestamp.nanos / 1_000_000);
}
