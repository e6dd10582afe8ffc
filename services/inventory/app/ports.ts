// What the use cases need from Redis, MySQL and the order service, in stock words.

import type { CloseOutcome, Closing, Refund } from '../domain/close.js';
import type { GateReply, Grant, HeldPart, Part, SettleResult } from '../domain/reservation.js';
import type { LedgerEntry, StockRow } from '../domain/stock.js';

/** What a SKU is loaded into the gate with. */
export interface SkuLoad {
  readonly partition: number;
  readonly skuId: string;
  readonly epoch: number;
  readonly available: number;
  /** Reservations made lately, so that their retries find the first answer. */
  readonly grants: readonly { reservationId: string; orderId: string }[];
  readonly buyers: readonly { userId: string; units: number }[];
}

export interface GateLevel {
  readonly available: number;
  readonly epoch: number;
  readonly seq: number;
}

export type RefundReply = 'REFUNDED' | 'DUPLICATE' | 'SKIPPED' | 'NOT_LOADED' | 'UNKNOWN';

/** The fast no. It may be empty, stale or split at any moment; nothing rests on it. */
export interface Gate {
  /** One reply per part, in the same order. Never throws: no answer is UNKNOWN. */
  reserve(parts: readonly Part[]): Promise<GateReply[]>;
  refund(refunds: readonly Refund[]): Promise<RefundReply[]>;
  /** False when the gate did not answer. */
  install(loads: readonly SkuLoad[]): Promise<boolean>;
  /** Undefined where the SKU is not loaded, or where the gate did not answer. */
  levels(skus: readonly { partition: number; skuId: string }[]): Promise<(GateLevel | undefined)[]>;
  /** The highest epoch seen of a SKU: a gate that says less has lost its memory. */
  sawEpoch(skuId: string, epoch: number): void;
}

export interface DueHold {
  readonly partition: number;
  readonly reservationId: string;
  readonly orderId: string;
  readonly skuIds: readonly string[];
}

export interface RestockRequest {
  readonly requestId: string;
  readonly skuId: string;
  readonly delta: number;
  readonly reason: string;
}

export type RestockResult =
  | { outcome: 'DONE'; stock: StockRow }
  | { outcome: 'STOCK_TOO_LOW'; available: number }
  | { outcome: 'SKU_UNKNOWN' | 'REQUEST_ID_REUSED' };

/**
 * The arbiter: the only one who gives units away. Methods throw UnavailableError or
 * UnknownOutcomeError when MySQL does not answer; all of them are idempotent, so ask again.
 */
export interface StockBook {
  /** Grants of one call may lie on several servers; each server commits its share in groups. */
  settle(grant: Grant, deadlineMs: number): Promise<SettleResult>;
  close(closing: Closing, deadlineMs: number): Promise<CloseOutcome>;
  /** Bumps the epoch of each known SKU and reads what to load; unknown SKUs are left out. */
  rebase(skuIds: readonly string[], deadlineMs: number): Promise<SkuLoad[]>;
  /** Changes the total; bumps the epoch too, so that the gate is loaded anew. */
  restock(request: RestockRequest, deadlineMs: number): Promise<RestockResult>;
  stocks(skuIds: readonly string[], deadlineMs: number): Promise<StockRow[]>;
  reservation(
    reservationId: string,
    deadlineMs: number,
  ): Promise<(HeldPart & { holdUntilMs: number })[]>;
  /** Newest first, entries below `before`. */
  ledger(
    skuId: string,
    before: number,
    limit: number,
    deadlineMs: number,
  ): Promise<(LedgerEntry & { atMs: number })[]>;
  /** Reservations whose hold has ended; each is pushed ahead, so that nobody else asks meanwhile. */
  dueHolds(limit: number, deadlineMs: number): Promise<DueHold[]>;
  holdUntil(
    holds: readonly { hold: DueHold; untilMs: number }[],
    deadlineMs: number,
  ): Promise<void>;
  /** Calls back after each commit that changed units. */
  onChange(listener: (skuIds: readonly string[]) => void): void;
  /** Calls back with units that came back, after their commit. */
  onRefund(listener: (refunds: readonly Refund[]) => void): void;
}

export type OrderFate =
  | { fate: 'PENDING'; paymentDeadlineMs: number }
  | { fate: 'PAID' | 'CANCELLED' | 'RETURNED' };

/** The order service, asked what became of orders. Undefined where it did not answer. */
export interface Orders {
  resolve(orderIds: readonly string[], deadlineMs: number): Promise<(OrderFate | undefined)[]>;
}
