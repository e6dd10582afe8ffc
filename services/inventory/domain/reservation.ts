// The words of a reservation: what is asked, what is held, and the outcomes that the gate (Lua), the
// arbiter (MySQL) and the wire share. One concept, one word, everywhere.
//
// A reservation is cut into PARTS, one per partition, because a partition is what one Lua call and one
// MySQL server can change atomically. Each part is all or none, and idempotent by reservation id.

import type { Traced } from '../../platform/telemetry/trace-context.js';

/** Where one part stands. Numbers are what SQL stores. */
export const ReservationState = { RESERVED: 1, CONFIRMED: 2, RELEASED: 3, RETURNED: 4 } as const;
export type ReservationState = (typeof ReservationState)[keyof typeof ReservationState];

export interface Line {
  readonly skuId: string;
  readonly quantity: number;
  /** Units that the user may hold or have bought of this SKU, this line included; 0 is no limit. */
  readonly userLimit: number;
}

export interface ReserveRequest extends Traced {
  readonly reservationId: string;
  readonly orderId: string;
  readonly userId: string;
  readonly lines: readonly Line[];
}

/** One partition's share of a request. */
export interface Part extends Traced {
  readonly partition: number;
  readonly reservationId: string;
  readonly orderId: string;
  readonly userId: string;
  /** Digest of the whole request, so that the same id with another body is told apart. */
  readonly fingerprint: string;
  /** Sorted by SKU, so that locks are taken in one order. */
  readonly lines: readonly Line[];
}

/** A part that the gate let through, with the epoch of each line's SKU at that moment. */
export interface Grant extends Part {
  readonly epochs: readonly number[];
  /** Whether this very call took the units in Redis, per line; an earlier copy may have. */
  readonly fresh: readonly boolean[];
}

/** A part as the arbiter has it. A tombstone has no lines. */
export interface HeldPart {
  readonly partition: number;
  readonly reservationId: string;
  readonly orderId: string;
  readonly userId: string;
  readonly fingerprint: string;
  readonly state: ReservationState;
  readonly lines: readonly HeldLine[];
}

export interface HeldLine {
  readonly skuId: string;
  readonly quantity: number;
  /** Whether the line counts against a limit per user. */
  readonly limited: boolean;
  /** Of the quantity: what came back line by line while the rest stayed sold. */
  readonly returned: number;
}

/** What the gate says. The words are those of reserve.lua. */
export type GateReply =
  | { outcome: 'GRANTED'; orderId: string; epochs: readonly number[]; fresh: readonly boolean[] }
  | { outcome: 'DUPLICATE'; orderId: string; epochs: readonly number[]; fresh: readonly boolean[] }
  /** Not `listed`: the gate may not know every past request yet, so this may be one of them. */
  | { outcome: 'SOLD_OUT' | 'USER_LIMIT'; skuId: string; available: number; listed: boolean }
  | { outcome: 'CLOSED' }
  | { outcome: 'NOT_LOADED' | 'STALE' | 'EPOCH'; skuId: string }
  /** No answer: the script may have run or not. Asked again under the same id. */
  | { outcome: 'UNKNOWN' };

/** What the arbiter says of a request that it has seen before. */
export type KnownResult =
  | { outcome: 'DUPLICATE'; orderId: string }
  /** Another request has this id: the one that got `orderId`. */
  | { outcome: 'REQUEST_ID_REUSED'; orderId: string }
  | { outcome: 'CLOSED' };

/** What the arbiter says of one grant. */
export type SettleResult =
  | { outcome: 'RESERVED'; orderId: string }
  | KnownResult
  | { outcome: 'SOLD_OUT' | 'USER_LIMIT'; skuId: string; available: number }
  /** The SKU was loaded anew since the gate granted: `epoch` is the present one. */
  | { outcome: 'EPOCH'; skuId: string; epoch: number }
  | { outcome: 'SKU_UNKNOWN'; skuId: string };

/**
 * A retry within this time is answered as its first try was, whatever Redis has lost. An hour is longer
 * than any client keeps trying; older grants are not loaded into the gate again.
 */
export const RETRY_HORIZON_MS = 60 * 60_000;

/** What a caller hears of one reserve. */
export type ReserveResult =
  | { outcome: 'RESERVED'; orderId: string }
  | { outcome: 'DUPLICATE'; orderId: string }
  | { outcome: 'SOLD_OUT' | 'USER_LIMIT'; skuId: string; available: number }
  | { outcome: 'SKU_UNKNOWN'; skuId: string }
  | { outcome: 'CLOSED' | 'REQUEST_ID_REUSED' | 'UNKNOWN' | 'OVERLOADED' };

export function granted(
  result: ReserveResult,
): result is Extract<ReserveResult, { orderId: string }> {
  return result.outcome === 'RESERVED' || result.outcome === 'DUPLICATE';
}

/** The key of a part within one server. */
export function partKey(part: { partition: number; reservationId: string }): string {
  return `${part.partition}/${part.reservationId}`;
}

/** What the gate let through of a part. */
export function grantOf(part: Part, reply: Extract<GateReply, { epochs: unknown }>): Grant {
  return {
    partition: part.partition,
    reservationId: part.reservationId,
    orderId: reply.orderId,
    userId: part.userId,
    fingerprint: part.fingerprint,
    lines: part.lines,
    epochs: reply.epochs,
    fresh: reply.fresh,
    span: part.span,
  };
}
