// What the use cases need from Redis, MySQL and the order service, in stock words.

import type { CloseOutcome, Closing, Refund } from '../domain/close.js';
import type {
  GateReply,
  Grant,
  HeldPart,
  KnownResult,
  Part,
  SettleResult,
} from '../domain/reservation.js';
import type { LedgerEntry, StockChange, StockRow } from '../domain/stock.js';

export interface PastGrant {
  readonly reservationId: string;
  readonly orderId: string;
}

/** A stretch of a SKU's ledger: what it granted, and where the next, older stretch begins. */
export interface GrantsPage {
  readonly grants: readonly PastGrant[];
  /** Pass it on to read what is older; undefined when nothing older can be retried any more. */
  readonly nextEntry: number | undefined;
}

/** What a SKU is loaded into the gate with. `grants` are the newest, so that retries find them. */
export interface SkuLoad extends GrantsPage {
  readonly partition: number;
  readonly skuId: string;
  readonly epoch: number;
  readonly available: number;
  readonly buyers: readonly { userId: string; units: number }[];
}

/** Older grants of a SKU that is loaded already. */
export interface Recollection {
  readonly partition: number;
  readonly skuId: string;
  /** The load that they belong to. */
  readonly epoch: number;
  readonly grants: readonly PastGrant[];
  /** With these, the gate knows every request that can be retried. */
  readonly last: boolean;
}

export interface GateLevel {
  readonly available: number;
  readonly epoch: number;
  readonly seq: number;
  /** How many grants the gate remembers. */
  readonly grants: number;
}

export type RefundReply = 'REFUNDED' | 'DUPLICATE' | 'SKIPPED' | 'NOT_LOADED' | 'UNKNOWN';
export type InstallReply = 'INSTALLED' | 'OLDER' | 'UNKNOWN';
export type RememberReply = 'REMEMBERED' | 'OLDER' | 'UNKNOWN';

/** The fast no. It may be empty, stale or split at any moment; nothing rests on it. */
export interface Gate {
  /** One reply per part, in the same order. Never throws: no answer is UNKNOWN. */
  reserve(parts: readonly Part[]): Promise<GateReply[]>;
  refund(refunds: readonly Refund[]): Promise<RefundReply[]>;
  /** One reply per load, in the same order. OLDER: the gate has a newer load already. */
  install(loads: readonly SkuLoad[]): Promise<InstallReply[]>;
  /** Idempotent. OLDER: the SKU has been loaded anew, and these grants belong to nobody. */
  remember(recollection: Recollection): Promise<RememberReply>;
  /** Undefined where the SKU is not loaded, or where the gate did not answer. */
  levels(skus: readonly { partition: number; skuId: string }[]): Promise<(GateLevel | undefined)[]>;
  /** The highest epoch seen of a SKU: a gate that says less has lost its memory. */
  sawEpoch(skuId: string, epoch: number): void;
}

/** What is loaded in the gate, whoever loaded it. */
export interface LoadedSkus {
  /**
   * The next SKUs, about `limit` or fewer, none when the gate does not answer. After the last one it
   * begins anew: `ended`. What is loaded throughout a pass is seen in it, perhaps more than once.
   */
  next(limit: number): Promise<{ skuIds: readonly string[]; ended: boolean }>;
}

/** Who compares gate and arbiter, told of what only a reserve sees. A call costs a map lookup a line. */
export interface GateWatch {
  /** The gate refused for want of units. */
  soldOut(skuId: string): void;
  /** The gate did not answer: it may have taken the units. */
  unsure(part: Part): void;
  /** Units are on their way from the gate to the arbiter; `landed` follows, whatever comes of it. */
  inFlight(part: Part): void;
  landed(part: Part): void;
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
  /**
   * Grants of one call may lie on several servers; each server commits its share in groups. Never
   * throws: undefined stands for a grant of which nothing is known, or that was not begun.
   */
  settle(grants: readonly Grant[], deadlineMs: number): Promise<(SettleResult | undefined)[]>;
  close(closing: Closing, deadlineMs: number): Promise<CloseOutcome>;
  /** What became of a request that the gate does not know; undefined when nothing did. */
  known(part: Part, deadlineMs: number): Promise<KnownResult | undefined>;
  /** Bumps the epoch of each known SKU and reads what to load; unknown SKUs are left out. */
  rebase(skuIds: readonly string[], deadlineMs: number): Promise<SkuLoad[]>;
  /** Grants of ledger entries below `belowEntry`, a stretch at a time, newest first. */
  grantsPage(skuId: string, belowEntry: number, deadlineMs: number): Promise<GrantsPage>;
  /** Changes the total; bumps the epoch too, so that the gate is loaded anew. */
  restock(request: RestockRequest, deadlineMs: number): Promise<RestockResult>;
  stocks(skuIds: readonly string[], deadlineMs: number): Promise<StockRow[]>;
  /** Its parts, looked for in all partitions unless the caller knows where they can be. */
  reservation(
    reservationId: string,
    deadlineMs: number,
    partitions?: readonly number[],
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
  /** Calls back after each commit that moved units. Commits of one SKU may be told out of order. */
  onChange(listener: (changes: readonly StockChange[]) => void): void;
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

/** Whether a store may lose or drop what it has acknowledged, by its present settings. */
export interface SafetyCheck {
  /** The server, for the log. */
  readonly name: string;
  /** What is wrong and how to right it; undefined when nothing is. Rejects without an answer. */
  readonly problem: () => Promise<string | undefined>;
}
