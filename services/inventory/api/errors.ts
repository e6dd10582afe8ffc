// What a refusal looks like on the wire: outcome word to status code, reason and a sentence.

import { status } from '@grpc/grpc-js';
import { RpcError } from '../../platform/rpc/errors.js';
import type { RestockResult } from '../app/ports.js';
import type { CloseOutcome } from '../domain/close.js';
import type { ReserveResult } from '../domain/reservation.js';

/** Long enough for a rebase or a reconnect, short enough for a buyer. */
const RETRY_DELAY_MS = 100;
/** A person has to put it right, and a look comes every five seconds. */
const UNSAFE_RETRY_DELAY_MS = 5_000;

type Refused = Exclude<ReserveResult, { outcome: 'RESERVED' | 'DUPLICATE' }>;

export function reserveError(result: Refused): RpcError {
  switch (result.outcome) {
    case 'SOLD_OUT':
      return refused('SOLD_OUT', `${result.skuId} is sold out`, {
        sku_id: result.skuId,
        available: String(result.available),
      });
    case 'USER_LIMIT':
      return refused('USER_LIMIT', `the limit per user of ${result.skuId} is reached`, {
        sku_id: result.skuId,
        available: String(result.available),
      });
    case 'SKU_UNKNOWN':
      return skuUnknown(result.skuId);
    case 'CLOSED':
      return new RpcError({
        code: status.ABORTED,
        reason: 'REQUEST_CLOSED',
        message: 'the request was given up; place it anew under a new id',
      });
    case 'REQUEST_ID_REUSED':
      return requestIdReused();
    case 'OVERLOADED':
      return new RpcError({
        code: status.RESOURCE_EXHAUSTED,
        reason: 'OVERLOADED',
        message: 'too much is queued; nothing was done',
        retryDelayMs: RETRY_DELAY_MS,
      });
    case 'UNKNOWN':
      return unknown();
  }
}

export function closeError(outcome: Exclude<CloseOutcome, 'DONE'>): RpcError {
  switch (outcome) {
    case 'RESERVATION_UNKNOWN':
      return reservationUnknown();
    case 'RESERVATION_CLOSED':
      return refused('RESERVATION_CLOSED', 'the reservation was released before');
    case 'RESERVATION_CONFIRMED':
      return refused('RESERVATION_CONFIRMED', 'the reservation was confirmed before');
    case 'RETURN_REFUSED':
      throw new Error('only a return of lines is refused, and that has no single form');
    case 'HELD':
    case 'UNKNOWN':
      return unknown();
  }
}

export function restockError(
  result: Exclude<RestockResult, { outcome: 'DONE' }>,
  skuId: string,
): RpcError {
  switch (result.outcome) {
    case 'STOCK_TOO_LOW':
      return refused('STOCK_TOO_LOW', `only ${result.available} units can be taken off`, {
        sku_id: skuId,
        available: String(result.available),
      });
    case 'SKU_UNKNOWN':
      return skuUnknown(skuId);
    case 'REQUEST_ID_REUSED':
      return requestIdReused();
  }
}

export function skuUnknown(skuId: string): RpcError {
  return new RpcError({
    code: status.NOT_FOUND,
    reason: 'SKU_UNKNOWN',
    message: `there is no stock record of ${skuId}`,
    metadata: { sku_id: skuId },
  });
}

export function reservationUnknown(): RpcError {
  return new RpcError({
    code: status.NOT_FOUND,
    reason: 'RESERVATION_UNKNOWN',
    message: 'there is no such reservation',
  });
}

/** Reserves nothing: what would be acknowledged might be lost. Its log says what to do. */
export function unsafeStore(): RpcError {
  return new RpcError({
    code: status.UNAVAILABLE,
    reason: 'DEPENDENCY_UNAVAILABLE',
    message: 'a store has unsafe settings; nothing is reserved until they are right',
    retryDelayMs: UNSAFE_RETRY_DELAY_MS,
  });
}

function requestIdReused(): RpcError {
  return new RpcError({
    code: status.ALREADY_EXISTS,
    reason: 'REQUEST_ID_REUSED',
    message: 'the request id was used before with another body',
  });
}

function refused(reason: string, message: string, metadata?: Record<string, string>): RpcError {
  return new RpcError({
    code: status.FAILED_PRECONDITION,
    reason,
    message,
    ...(metadata === undefined ? {} : { metadata }),
  });
}

function unknown(): RpcError {
  return new RpcError({
    code: status.UNAVAILABLE,
    reason: 'DEPENDENCY_UNAVAILABLE',
    message: 'the outcome is not known; send the same request again',
    retryDelayMs: RETRY_DELAY_MS,
  });
}
