// What a refusal looks like on the wire: outcome word to status code, reason and message. The words
// are those of spillway.common.v1.ErrorReason.

import { status } from '@grpc/grpc-js';
import { invalidField, RpcError } from '../../platform/rpc/errors.js';
import type { CancelResult } from '../app/cancel-order.js';
import type { CreateOrderResult } from '../app/create-order.js';
import type { TrackRefusal } from '../app/ports.js';
import type { RefundLinesResult } from '../app/refund-lines.js';

/** Everything but an order that was placed. */
export type CreateRefusal = Exclude<CreateOrderResult, { outcome: 'PLACED' }>;

export type RefundLinesRefusal = Exclude<RefundLinesResult, { outcome: 'REFUNDED' }>;

export type ChangeRefusal = Exclude<CancelResult, { outcome: 'CHANGED' | 'UNCHANGED' }>;

// A dependency that failed a moment ago deserves a moment; a full queue drains within milliseconds.
const UNAVAILABLE_RETRY_MS = 200;
const OVERLOADED_RETRY_MS = 50;
// Until the provider of a payment has answered.
const PAYMENT_RETRY_MS = 1_000;

const { FAILED_PRECONDITION, NOT_FOUND, ALREADY_EXISTS, ABORTED } = status;

export function createError(refusal: CreateRefusal): RpcError {
  switch (refusal.outcome) {
    case 'SKU_TWICE':
      return invalidField(`lines[${refusal.index}].sku_id`, 'an earlier line has this SKU');
    case 'DETAILS_INVALID':
      return invalidField(refusal.field, refusal.problem);
    case 'BOOKING_OVER':
      return invalidField('booking.check_in', 'is over, and a booking is paid before that');
    case 'TYPE_UNFIT': {
      const text = refusal.presale ? 'is sold in advance only' : 'is not sold in advance';
      return invalidField('type', `${refusal.skuId} ${text}`);
    }
    case 'PRESALE_MIXED':
      return invalidField(
        `lines[${refusal.index}].sku_id`,
        'its presale has other times or terms than that of the first line',
      );
    case 'TOTAL_TOO_LARGE':
      return invalidField('lines', 'the total is larger than any amount may be');
    case 'OFFER_UNKNOWN':
      return refuse(NOT_FOUND, refusal.outcome, `no offer for ${refusal.skuId}`, refusal.skuId);
    case 'SKU_UNKNOWN':
      return refuse(NOT_FOUND, refusal.outcome, `no stock of ${refusal.skuId}`, refusal.skuId);
    case 'SALE_NOT_OPEN': {
      const opens = new Date(refusal.opensMs).toISOString();
      const text = `the sale of ${refusal.skuId} opens at ${opens}`;
      return refuse(FAILED_PRECONDITION, refusal.outcome, text, refusal.skuId);
    }
    case 'SALE_CLOSED': {
      const text = `the sale of ${refusal.skuId} is over`;
      return refuse(FAILED_PRECONDITION, refusal.outcome, text, refusal.skuId);
    }
    case 'CURRENCY_MIXED':
      return refuse(FAILED_PRECONDITION, refusal.outcome, 'the lines have several currencies');
    case 'SOLD_OUT': {
      const text = `${refusal.available} left of ${refusal.skuId}`;
      return refuse(FAILED_PRECONDITION, refusal.outcome, text, refusal.skuId);
    }
    case 'USER_LIMIT': {
      const text = `the limit per user of ${refusal.skuId} is reached`;
      return refuse(FAILED_PRECONDITION, refusal.outcome, text, refusal.skuId);
    }
    case 'REQUEST_ID_REUSED':
      return refuse(ALREADY_EXISTS, refusal.outcome, 'the request id was used with another body');
    case 'REQUEST_CLOSED':
      return refuse(ABORTED, refusal.outcome, 'the request was given up; use a new request id');
    case 'OVERLOADED':
      return overloaded();
    case 'DEPENDENCY_UNAVAILABLE':
      return unavailable();
    case 'DEADLINE_TOO_SHORT':
      return new RpcError({
        code: status.DEADLINE_EXCEEDED,
        reason: 'DEADLINE_EXCEEDED',
        message: 'too little time is left to place an order; nothing was done',
      });
  }
}

export function changeError(refusal: ChangeRefusal): RpcError {
  switch (refusal.outcome) {
    case 'ORDER_UNKNOWN':
      return orderUnknown();
    case 'TRANSITION_ILLEGAL': {
      const text = `an order in ${refusal.order.state} does not become ${refusal.to} this way`;
      return refuse(FAILED_PRECONDITION, refusal.outcome, text);
    }
    case 'VERSION_MISMATCH': {
      const text = `the order has version ${refusal.order.version}`;
      return refuse(FAILED_PRECONDITION, refusal.outcome, text);
    }
    case 'PAYMENT_IN_PROGRESS':
      return new RpcError({
        code: FAILED_PRECONDITION,
        reason: refusal.outcome,
        message: 'the payment is under way; retry when it has ended',
        retryDelayMs: PAYMENT_RETRY_MS,
      });
    case 'DEPENDENCY_UNAVAILABLE':
      return unavailable();
    case 'REQUEST_ID_REUSED':
    case 'LINE_UNKNOWN':
    case 'REFUND_EXCEEDS_CAPTURED':
      throw new Error(`${refusal.outcome} answers a refund of lines only`);
    case 'REFUND':
    case 'MISMATCH':
      throw new Error(`${refusal.outcome} answers the news of a payment only`);
  }
}

export function refundLinesError(refusal: RefundLinesRefusal): RpcError {
  switch (refusal.outcome) {
    case 'SKU_TWICE':
      return invalidField(`lines[${refusal.index}].sku_id`, 'an earlier line has this SKU');
    case 'LINE_UNKNOWN':
      return invalidField(`lines[${refusal.index}].sku_id`, 'is not a line of the order');
    case 'REFUND_EXCEEDS_CAPTURED': {
      const text = `fewer units of ${refusal.skuId} are left to refund`;
      return refuse(FAILED_PRECONDITION, refusal.outcome, text, refusal.skuId);
    }
    case 'REQUEST_ID_REUSED':
      return refuse(ALREADY_EXISTS, refusal.outcome, 'the request id was used with another body');
    case 'TRANSITION_ILLEGAL': {
      const text = `lines of an order in ${refusal.order.state} cannot be refunded`;
      return refuse(FAILED_PRECONDITION, refusal.outcome, text);
    }
    default:
      return changeError(refusal);
  }
}

export function trackError(refusal: TrackRefusal): RpcError {
  switch (refusal.outcome) {
    case 'ORDER_UNKNOWN':
      return orderUnknown();
    case 'NOT_SHIPPED':
      return refuse(FAILED_PRECONDITION, refusal.outcome, 'the order is not on its way');
    case 'TRACKING_FULL':
      return refuse(FAILED_PRECONDITION, refusal.outcome, 'the order has 100 tracking events');
    case 'REQUEST_ID_REUSED':
      return refuse(ALREADY_EXISTS, refusal.outcome, 'the request id was used with another event');
  }
}

export function orderUnknown(): RpcError {
  return refuse(NOT_FOUND, 'ORDER_UNKNOWN', 'no such order');
}

export function offerUnknown(skuId: string): RpcError {
  return refuse(NOT_FOUND, 'OFFER_UNKNOWN', `no offer for ${skuId}`, skuId);
}

function refuse(code: status, reason: string, message: string, skuId?: string): RpcError {
  return new RpcError({ code, reason, message, ...(skuId && { metadata: { sku_id: skuId } }) });
}

function unavailable(): RpcError {
  return new RpcError({
    code: status.UNAVAILABLE,
    reason: 'DEPENDENCY_UNAVAILABLE',
    message: 'a dependency does not answer; retry with the same id',
    retryDelayMs: UNAVAILABLE_RETRY_MS,
  });
}

function overloaded(): RpcError {
  return new RpcError({
    code: status.RESOURCE_EXHAUSTED,
    reason: 'OVERLOADED',
    message: 'overloaded; nothing was done',
    retryDelayMs: OVERLOADED_RETRY_MS,
  });
}
