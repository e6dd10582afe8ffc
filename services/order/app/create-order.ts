// The saga that makes an order: check, price, reserve, intend payment, commit.
//
// 1. Before the commit nothing is promised. Whatever goes wrong there is answered and left: a
//    reservation without an order is asked after by inventory and ends with a tombstone, and a payment
//    without an order has an id that nobody has heard.
// 2. The commit makes the promise. It has its own time budget, because a caller who stops waiting
//    must not leave units held for nothing.
// 3. An intent that was not taken before the commit is stored beside the order and delivered until it
//    is. Taken first, it needs no such row, which is a third of what an order costs MySQL.
//
// Idempotency outranks every refusal: a request that has an order is answered with it. Every step
// uses keys derived from (user, request id), so a retry anywhere meets its first copy.

import type { Clock } from '../../platform/clock.js';
import { crashPoint } from '../../platform/crash-point.js';
import type { RetryPolicy } from '../../platform/retry.js';
import type { Span } from '../../platform/telemetry/trace-context.js';
import { inStep } from '../../platform/telemetry/trace-recorder.js';
import { type Price, type PriceRefusal, priceLines } from '../domain/amounts.js';
import type { Offer } from '../domain/offer.js';
import type { Order } from '../domain/order.js';
import { type DetailsRefusal, refuseDetails, timeToPayMs } from '../domain/order-details.js';
import { orderSteps } from '../domain/order-types.js';
import { duplicateSkuIndex, fingerprintParts, type OrderRequest } from '../domain/request.js';
import { askStock } from './ask-stock.js';
import { firstIntent, intendPayment } from './intend-payment.js';
import type { OfferBook } from './offer-book.js';
import type { NewOrder, OrderKeys, OrderStore, Payments, ReserveResult, Stock } from './ports.js';
import type { SoldOutWatch } from './sold-out-watch.js';

export type CreateOrderResult =
  | { readonly outcome: 'PLACED'; readonly order: Order; readonly duplicate: boolean }
  | { readonly outcome: 'SKU_TWICE'; readonly index: number }
  | DetailsRefusal
  /** What is booked would be over before it must be paid. */
  | { readonly outcome: 'BOOKING_OVER' }
  | PriceRefusal
  | Exclude<ReserveResult, { outcome: 'RESERVED' | 'DUPLICATE' | 'CLOSED' | 'UNKNOWN' }>
  | { readonly outcome: 'REQUEST_CLOSED' }
  | { readonly outcome: 'DEPENDENCY_UNAVAILABLE' }
  | { readonly outcome: 'DEADLINE_TOO_SHORT' };

export interface CreateOrderLimits {
  /** Less time than this cannot carry an order through reserve and commit. */
  readonly budgetMsMin: number;
  /** How often an unknown reserve is asked again under the same id. */
  readonly reserveRetry: RetryPolicy;
  readonly commitMsMax: number;
  readonly intentMsMax: number;
  readonly paymentWindowMs: number;
}

export interface CreateOrderParts {
  readonly orders: OrderStore;
  readonly offers: OfferBook;
  readonly stock: Stock;
  readonly payments: Payments;
  readonly keys: OrderKeys;
  readonly clock: Clock;
  readonly limits: CreateOrderLimits;
  /** Called when the intent of a new order is taken, so that nobody delivers it again. */
  readonly intended: (order: Order) => void;
  /** Refuses losers without asking inventory; left out, every one of them is asked about. */
  readonly soldOut?: Pick<SoldOutWatch, 'refuses' | 'ask'> | undefined;
}

/** The units of an order are held, or it needs none. */
interface Held {
  readonly outcome: 'HELD';
  readonly orderId: bigint;
  readonly fresh: boolean;
}

export class CreateOrder {
  readonly #o: CreateOrderParts;

  constructor(o: CreateOrderParts) {
    this.#o = o;
  }

  /** `span` is the call's, when it is recorded. */
  async run(request: OrderRequest, deadlineMs: number, span?: Span): Promise<CreateOrderResult> {
    const { orders, offers, clock, limits } = this.#o;
    const twice = duplicateSkuIndex(request.lines);
    if (twice >= 0) return { outcome: 'SKU_TWICE', index: twice };
    const wrong = refuseDetails(request.type, request.details);
    if (wrong) return wrong;
    if (clock.nowMs() + limits.budgetMsMin > deadlineMs) return { outcome: 'DEADLINE_TOO_SHORT' };

    const found = await inStep(span, 'price', () => offers.find(request.lines, deadlineMs));
    const price = priceLines(request.type, request.lines, found, clock.nowMs());
    if (price.outcome !== 'PRICED') return this.#earlier(request, price, deadlineMs);
    const timeMs = this.#timeToPayMs(request, price);
    if (timeMs <= 0) return this.#earlier(request, { outcome: 'BOOKING_OVER' }, deadlineMs);

    crashPoint('create.before-reserve');
    const held = await inStep(span, 'reserve', (step) =>
      this.#hold(request, found, deadlineMs, step),
    );
    if (held.outcome === 'REQUEST_CLOSED') return this.#earlier(request, held, deadlineMs);
    if (held.outcome !== 'HELD') return held;
    crashPoint('create.after-reserve');

    const commitDeadlineMs = clock.nowMs() + limits.commitMsMax;
    const order = this.#newOrder(request, price, held, timeMs);
    // A copy of the request may have made an order of another id, when no reservation tells it.
    const first = held.fresh && orderSteps[request.type].takesStock;
    order.intended = first && (await this.#intendEarly(order, deadlineMs, span));
    const committed = await inStep(span, 'commit', (step) => {
      order.span = step;
      return orders.commit(order, commitDeadlineMs);
    });
    if (committed.outcome !== 'COMMITTED' && committed.outcome !== 'EXISTING') return committed;
    crashPoint('create.after-commit');

    if (!first) await this.#intendLate(committed.order, deadlineMs, span);
    crashPoint('create.before-ack');
    const duplicate = committed.outcome === 'EXISTING';
    return { outcome: 'PLACED', order: committed.order, duplicate };
  }

  /** The order that an earlier copy of the request has placed, or else the refusal. */
  async #earlier(
    request: OrderRequest,
    refusal: CreateOrderResult,
    deadlineMs: number,
  ): Promise<CreateOrderResult> {
    const { orders, keys } = this.#o;
    const order = await orders.findByRequest(request.userId, request.requestId, deadlineMs);
    if (!order) return refusal;
    const same = order.fingerprint === keys.digest(fingerprintParts(request));
    if (!same) return { outcome: 'REQUEST_ID_REUSED' };
    return { outcome: 'PLACED', order, duplicate: true };
  }

  async #hold(
    request: OrderRequest,
    offers: readonly (Offer | undefined)[],
    deadlineMs: number,
    span: Span | undefined,
  ): Promise<Held | Exclude<CreateOrderResult, { outcome: 'PLACED' }>> {
    const { keys } = this.#o;
    const orderId = keys.newOrderId(request.userId);
    if (!orderSteps[request.type].takesStock) return { outcome: 'HELD', orderId, fresh: true };
    const result = await this.#reserve(request, orderId, offers, deadlineMs, span);
    switch (result.outcome) {
      case 'RESERVED':
      case 'DUPLICATE':
        return {
          outcome: 'HELD',
          orderId: result.orderId,
          fresh: result.outcome === 'RESERVED',
        };
      case 'CLOSED':
        return { outcome: 'REQUEST_CLOSED' };
      case 'UNKNOWN':
        return { outcome: 'DEPENDENCY_UNAVAILABLE' };
      default:
        return result;
    }
  }

  async #reserve(
    request: OrderRequest,
    orderId: bigint,
    offers: readonly (Offer | undefined)[],
    deadlineMs: number,
    span: Span | undefined,
  ): Promise<ReserveResult> {
    const { keys, clock, limits, stock, soldOut } = this.#o;
    const { userId, requestId } = request;
    const reservationId = keys.reservationId(userId, requestId);
    // A retry of a request that got its units is not refused here: its id is known.
    const skuId = soldOut?.refuses(reservationId, request.lines);
    if (skuId !== undefined) return { outcome: 'SOLD_OUT', skuId, available: 0n };
    const lines = request.lines.map((line, i) => ({
      skuId: line.skuId,
      quantity: line.quantity,
      userLimit: offers[i]?.userLimit ?? 0,
    }));
    const asked = { reservationId, orderId, userId, lines, span };
    return askStock({ stock, soldOut, clock, policy: limits.reserveRetry }, asked, deadlineMs);
  }

  #timeToPayMs(request: OrderRequest, { presale }: Price): number {
    const { type, details, paymentWindowSeconds: seconds } = request;
    const { clock, limits } = this.#o;
    const windowMs = seconds > 0 ? seconds * 1000 : limits.paymentWindowMs;
    return timeToPayMs(type, { details, presale }, windowMs, clock.nowMs());
  }

  #newOrder(request: OrderRequest, price: Price, held: Held, paymentWindowMs: number): NewOrder {
    const { keys } = this.#o;
    return {
      orderId: held.orderId,
      userId: request.userId,
      requestId: request.requestId,
      fingerprint: keys.digest(fingerprintParts(request)),
      type: request.type,
      details: request.details,
      currency: price.currency,
      totalMinor: price.totalMinor,
      discountMinor: price.discountMinor,
      payableMinor: price.payableMinor,
      presale: price.presale,
      paymentWindowMs,
      lines: price.lines,
      fresh: held.fresh,
      intended: false,
      span: undefined,
    };
  }

  // By this process's clock, because the order has no deadline before its commit. An overdue order
  // cancels its payment before itself, so a clock that is late or early moves no money.
  #intendEarly(order: NewOrder, deadlineMs: number, span?: Span): Promise<boolean> {
    const untilMs = this.#o.clock.nowMs() + order.paymentWindowMs;
    return intendPayment(this.#o, firstIntent(order, untilMs), deadlineMs, span);
  }

  /** What fails here is stored with the order and is delivered from there. */
  async #intendLate(order: Order, deadlineMs: number, span?: Span): Promise<void> {
    if (order.state !== 'PENDING_PAYMENT') return;
    const intent = firstIntent(order, order.paymentDeadlineMs);
    if (await intendPayment(this.#o, intent, deadlineMs, span)) this.#o.intended(order);
  }
}
