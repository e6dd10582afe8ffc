// The only place where inventory's words and the wire's meet. A new word on either side does not
// compile until it is translated here.

import type { MessageInitShape } from '@bufbuild/protobuf';
import {
  type LedgerEntrySchema,
  type ReservationSchema,
  type StockLevelSchema,
  LedgerReason as WireReason,
  ReservationState as WireState,
} from '../../../gen/spillway/inventory/v1/inventory_pb.js';
import {
  ReserveOutcome,
  type ReserveResultSchema,
  type WatchStockResponseSchema,
  CloseOutcome as WireClose,
  type ReservationRef as WireRef,
  type ReserveRequest as WireRequest,
  type LinesReturn as WireReturn,
} from '../../../gen/spillway/inventory/v1/inventory_service_pb.js';
import { invalidField } from '../../platform/rpc/errors.js';
import { timestampOf } from '../../platform/rpc/timestamp.js';
import type { Span } from '../../platform/telemetry/trace-context.js';
import type { ReservationRef, ReturnRef } from '../app/close-reservations.js';
import type { StockUpdate } from '../app/stock-watcher.js';
import type { CloseOutcome } from '../domain/close.js';
import type { HeldPart, ReserveRequest, ReserveResult } from '../domain/reservation.js';
import { ReservationState } from '../domain/reservation.js';
import { type LedgerEntry, LedgerReason, type StockRow } from '../domain/stock.js';

const RESERVE_OUTCOME = {
  RESERVED: ReserveOutcome.RESERVED,
  DUPLICATE: ReserveOutcome.DUPLICATE,
  SOLD_OUT: ReserveOutcome.SOLD_OUT,
  USER_LIMIT: ReserveOutcome.USER_LIMIT,
  CLOSED: ReserveOutcome.CLOSED,
  REQUEST_ID_REUSED: ReserveOutcome.REQUEST_ID_REUSED,
  SKU_UNKNOWN: ReserveOutcome.SKU_UNKNOWN,
  UNKNOWN: ReserveOutcome.UNKNOWN,
  OVERLOADED: ReserveOutcome.OVERLOADED,
} as const satisfies Record<ReserveResult['outcome'], ReserveOutcome>;

const CLOSE_OUTCOME = {
  DONE: WireClose.DONE,
  RESERVATION_UNKNOWN: WireClose.RESERVATION_UNKNOWN,
  RESERVATION_CLOSED: WireClose.RESERVATION_CLOSED,
  RESERVATION_CONFIRMED: WireClose.RESERVATION_CONFIRMED,
  RETURN_REFUSED: WireClose.RETURN_REFUSED,
  HELD: WireClose.UNKNOWN,
  UNKNOWN: WireClose.UNKNOWN,
} as const satisfies Record<CloseOutcome, WireClose>;

const STATE = {
  [ReservationState.RESERVED]: WireState.RESERVED,
  [ReservationState.CONFIRMED]: WireState.CONFIRMED,
  [ReservationState.RELEASED]: WireState.RELEASED,
  [ReservationState.RETURNED]: WireState.RETURNED,
} as const satisfies Record<ReservationState, WireState>;

const REASON = {
  [LedgerReason.RESTOCK]: WireReason.RESTOCK,
  [LedgerReason.RESERVE]: WireReason.RESERVE,
  [LedgerReason.RELEASE]: WireReason.RELEASE,
  [LedgerReason.CONFIRM]: WireReason.CONFIRM,
  [LedgerReason.RETURN]: WireReason.RETURN,
} as const satisfies Record<LedgerReason, WireReason>;

/** Throws FIELD_INVALID when a SKU stands in two lines: their order would decide what is refused. */
export function toReserveRequest(wire: WireRequest, path: string, span?: Span): ReserveRequest {
  const seen = new Set<string>();
  const lines = wire.lines.map(({ skuId, quantity, userLimit }, index) => {
    if (seen.has(skuId)) throw invalidField(`${path}lines[${index}].sku_id`, 'stands in two lines');
    seen.add(skuId);
    return { skuId, quantity, userLimit };
  });
  return {
    reservationId: wire.reservationId,
    orderId: wire.orderId,
    userId: wire.userId,
    lines,
    span,
  };
}

export function toWireResult(result: ReserveResult): MessageInitShape<typeof ReserveResultSchema> {
  const outcome = RESERVE_OUTCOME[result.outcome];
  if ('orderId' in result) return { outcome, orderId: result.orderId };
  if ('available' in result) {
    return { outcome, skuId: result.skuId, available: BigInt(result.available) };
  }
  return 'skuId' in result ? { outcome, skuId: result.skuId } : { outcome };
}

export function toWireClose(outcome: CloseOutcome): WireClose {
  return CLOSE_OUTCOME[outcome];
}

export function toRef(wire: WireRef, span?: Span): ReservationRef {
  const { reservationId, orderId, skuIds } = wire;
  return { reservationId, orderId, skuIds, span };
}

/** Throws FIELD_INVALID when a line is not of the reservation, or stands there twice. */
export function toLinesReturn(wire: WireReturn, path: string, span?: Span): ReturnRef {
  const { reservation, returnId, lines } = wire;
  if (reservation === undefined) throw invalidField(`${path}reservation`, 'is required');
  lines.forEach(({ skuId }, index) => {
    const first = lines.findIndex((line) => line.skuId === skuId) === index;
    if (first && reservation.skuIds.includes(skuId)) return;
    const problem = first ? 'is not of the reservation' : 'stands in two lines';
    throw invalidField(`${path}lines[${index}].sku_id`, problem);
  });
  return { ...toRef(reservation, span), returnId, lines };
}

export function toWireStock(row: StockRow): MessageInitShape<typeof StockLevelSchema> {
  return {
    skuId: row.skuId,
    available: BigInt(row.available),
    reserved: BigInt(row.reserved),
    sold: BigInt(row.sold),
    total: BigInt(row.total),
    epoch: BigInt(row.epoch),
    version: BigInt(row.version),
  };
}

export function toWireUpdate(
  update: StockUpdate,
): MessageInitShape<typeof WatchStockResponseSchema> {
  const { row, atMs, notice } = update;
  const sight = { stock: toWireStock(row), at: timestampOf(atMs) };
  if (notice === undefined) return sight;
  const { ids, filterVersion, readAfterOpenMs } = notice;
  return {
    ...sight,
    notice: {
      ...(ids === undefined ? {} : { granted: ids.toBytes(), hashes: ids.hashes }),
      filterVersion: BigInt(filterVersion),
      readAfterOpenMs: BigInt(readAfterOpenMs),
    },
  };
}

export function toWireLedger(
  entry: LedgerEntry & { atMs: number },
): MessageInitShape<typeof LedgerEntrySchema> {
  return {
    skuId: entry.skuId,
    entry: BigInt(entry.entry),
    before: BigInt(entry.before),
    after: BigInt(entry.after),
    reason: REASON[entry.reason],
    orderId: entry.orderId,
    causeId: entry.causeId,
    at: timestampOf(entry.atMs),
  };
}

/** One reservation out of its parts. `parts` must not be empty. */
export function toWireReservation(
  parts: readonly (HeldPart & { holdUntilMs: number })[],
): MessageInitShape<typeof ReservationSchema> {
  const [first] = parts;
  if (first === undefined) return {};
  const holdUntilMs = Math.max(...parts.map((part) => part.holdUntilMs));
  return {
    reservationId: first.reservationId,
    orderId: first.orderId,
    userId: first.userId,
    // Parts differ only for the moments in which a change travels through them.
    state: STATE[Math.min(...parts.map((part) => part.state)) as ReservationState],
    lines: parts.flatMap(({ lines }) => lines.map(leftOf)).filter((line) => line.quantity > 0),
    ...(holdUntilMs > 0 ? { holdUntil: timestampOf(holdUntilMs) } : {}),
  };
}

function leftOf({ skuId, quantity, returned }: HeldPart['lines'][number]) {
  return { skuId, quantity: quantity - returned };
}
