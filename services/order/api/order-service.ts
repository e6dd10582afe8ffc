// The RPCs of spillway.order.v1.OrderService: decode, use case, encode. Reads that add no rule go to
// the store directly.

import type { OrderService } from '../../../gen/spillway/order/v1/order_service_pb.js';
import { invalidField } from '../../platform/rpc/errors.js';
import type { CallContext, Handlers } from '../../platform/rpc/server.js';
import { counters } from '../../platform/telemetry/metrics.js';
import { withMembers } from '../../platform/telemetry/trace-batch.js';
import type { CancelOrder, CancelResult } from '../app/cancel-order.js';
import type { CreateOrder, CreateOrderResult } from '../app/create-order.js';
import type { GetOrder } from '../app/get-order.js';
import type { ListOrders } from '../app/list-orders.js';
import type { OfferBook } from '../app/offer-book.js';
import type { OfferStore, OrderKeys, OrderStore, TrackingStore } from '../app/ports.js';
import type { RecordPayment } from '../app/record-payment.js';
import type { RefundLines } from '../app/refund-lines.js';
import type { ResolveOrders } from '../app/resolve-orders.js';
import type { WatchOrder } from '../app/watch-order.js';
import type { OrderEvent } from '../domain/transition.js';
import {
  cancelOf,
  fateTo,
  orderTo,
  recordOf,
  recordOutcomeTo,
  requestOf,
  stateOf,
  trackingOf,
  versionOf,
} from './convert.js';
import { checkOffer, offerOf, offerTo } from './convert-offer.js';
import { lineRefundTo, refundLinesOf } from './convert-refunds.js';
import { timestampHolds } from './convert-values.js';
import {
  changeError,
  createError,
  offerUnknown,
  orderUnknown,
  refundLinesError,
  trackError,
} from './errors.js';

export interface OrderServiceParts {
  readonly create: CreateOrder;
  readonly cancel: CancelOrder;
  readonly refund: RefundLines;
  readonly get: GetOrder;
  readonly list: ListOrders;
  readonly watch: WatchOrder;
  readonly resolve: ResolveOrders;
  readonly record: RecordPayment;
  readonly orders: OrderStore;
  readonly tracking: TrackingStore;
  readonly offers: OfferStore;
  readonly book: OfferBook;
  readonly keys: OrderKeys;
}

export function orderHandlers(o: OrderServiceParts): Handlers<typeof OrderService> {
  // Text that is no id names no order either.
  const idOf = (text: string): bigint => {
    const orderId = o.keys.parseOrderId(text);
    if (orderId === undefined) throw orderUnknown();
    return orderId;
  };
  return {
    ...placingAndReading(o, idOf),
    ...changing(o, idOf),
    ...offerMethods(o),
    ...internalMethods(o),
  };
}

type IdOf = (text: string) => bigint;

const creates = counters('spillway.order.creates');

function createdWord(result: CreateOrderResult): string {
  return result.outcome === 'PLACED' && result.duplicate ? 'DUPLICATE' : result.outcome;
}

const STATE_OR_USER = 'is required without a user_id';
const TOKEN_FOREIGN = 'does not belong to this listing';

function placingAndReading({ create, get, list, watch }: OrderServiceParts, idOf: IdOf) {
  return {
    async createOrder(request, ctx) {
      const result = await create.run(requestOf(request), ctx.deadlineMs, ctx.span);
      creates.of(createdWord(result)).add();
      if (result.outcome !== 'PLACED') throw createError(result);
      return { order: orderTo(result.order), duplicate: result.duplicate };
    },

    async getOrder(request, ctx) {
      const atLeast = versionOf(request.atLeastVersion);
      const order = await get.run(idOf(request.orderId), ctx.deadlineMs, atLeast);
      if (!order) throw orderUnknown();
      return { order: orderTo(order) };
    },

    async listOrders(request, ctx) {
      const { userId, pageSize, pageToken, mayBeStale } = request;
      const command = { userId, state: stateOf(request.state), pageSize, pageToken, mayBeStale };
      const result = await list.run(command, ctx.deadlineMs);
      if (result.outcome === 'STATE_MISSING') throw invalidField('state', STATE_OR_USER);
      if (result.outcome === 'TOKEN_FOREIGN') throw invalidField('page_token', TOKEN_FOREIGN);
      return { orders: result.orders.map(orderTo), nextPageToken: result.nextPageToken };
    },

    async *watchOrder(request, ctx) {
      const { fromVersion: from } = request;
      const fromVersion = from === undefined ? undefined : versionOf(from);
      const resume = { orderId: idOf(request.orderId), fromVersion };
      for await (const order of watch.run(resume, ctx.signal)) {
        if (order === 'ORDER_UNKNOWN') throw orderUnknown();
        yield { order: orderTo(order) };
      }
    },
  } satisfies Partial<Handlers<typeof OrderService>>;
}

function changing({ cancel, refund, orders, tracking }: OrderServiceParts, idOf: IdOf) {
  const change = async (text: string, event: OrderEvent, ctx: CallContext) =>
    changed(await orders.change(idOf(text), event, ctx.deadlineMs, ctx.span));
  return {
    async cancelOrder(request, ctx) {
      const command = cancelOf(idOf(request.orderId), request);
      return changed(await cancel.run(command, ctx.deadlineMs, ctx.span));
    },

    async refundLines(request, ctx) {
      const command = refundLinesOf(idOf(request.orderId), request);
      const result = await refund.run(command, ctx.deadlineMs);
      if (result.outcome !== 'REFUNDED') throw refundLinesError(result);
      const { order } = result;
      return { order: orderTo(order), refund: lineRefundTo(order.currency, result.refund) };
    },

    shipOrder(request, ctx) {
      const { carrier, trackingNumber } = request;
      const expectedVersion = versionOf(request.expectedVersion);
      const event = { kind: 'SHIP', carrier, trackingNumber, expectedVersion } as const;
      return change(request.orderId, event, ctx);
    },

    deliverOrder(request, ctx) {
      const expectedVersion = versionOf(request.expectedVersion);
      return change(request.orderId, { kind: 'DELIVER', expectedVersion }, ctx);
    },

    async addTracking(request, ctx) {
      if (request.at && !timestampHolds(request.at)) throw invalidField('at', 'is no time');
      const event = trackingOf(request);
      const result = await tracking.track(idOf(request.orderId), event, ctx.deadlineMs);
      if (result.outcome !== 'ADDED' && result.outcome !== 'EXISTING') throw trackError(result);
      return { order: orderTo(result.order) };
    },

    completeOrder(request, ctx) {
      const expectedVersion = versionOf(request.expectedVersion);
      return change(request.orderId, { kind: 'COMPLETE', expectedVersion }, ctx);
    },
  } satisfies Partial<Handlers<typeof OrderService>>;
}

function changed(result: CancelResult) {
  if (result.outcome !== 'CHANGED' && result.outcome !== 'UNCHANGED') throw changeError(result);
  return { order: orderTo(result.order) };
}

function offerMethods({ offers, book }: OrderServiceParts) {
  return {
    async putOffer(request, ctx) {
      if (!request.offer) throw invalidField('offer', 'is required');
      checkOffer(request.offer);
      const offer = offerOf(request.offer);
      try {
        return { offer: offerTo(await offers.put(offer, ctx.deadlineMs)) };
      } finally {
        // Also when the answer was lost: it may have been stored.
        book.forget(offer.skuId);
      }
    },

    async getOffer(request, ctx) {
      const [offer] = await offers.read([request.skuId], ctx.deadlineMs);
      if (!offer) throw offerUnknown(request.skuId);
      return { offer: offerTo(offer) };
    },
  } satisfies Partial<Handlers<typeof OrderService>>;
}

function internalMethods({ resolve, record }: OrderServiceParts) {
  return {
    async resolveOrders(request, ctx) {
      const fates = await resolve.run(request.orderIds, ctx.deadlineMs);
      const resolutions = request.orderIds.map((orderId, i) =>
        fateTo(orderId, fates[i] ?? { fate: 'CANCELLED' }),
      );
      return { resolutions };
    },

    async recordPayment(request, ctx) {
      const { records, traces } = request;
      const outcomes = await withMembers('order.record', traces, ctx.span, (spans) => {
        const each = records.map((wire, i) => recordOf(wire, spans?.of(i)));
        return record.run(each, ctx.deadlineMs);
      });
      return { outcomes: outcomes.map(recordOutcomeTo) };
    },
  } satisfies Partial<Handlers<typeof OrderService>>;
}
