// Everything that a run is judged by: what clients saw, what the databases held meanwhile, and what
// they hold at the end. The checkers read nothing else, so each can be shown a lie and must find it.

import type { StockRow } from '../audit/stock-check.js';
import type { Attempt, Mark } from './history.js';

/** One look at one SKU's row while the load ran. */
export interface Sample {
  readonly atMs: number;
  readonly skuId: string;
  readonly available: number;
  readonly reserved: number;
  readonly sold: number;
  readonly total: number;
  readonly epoch: number;
}

/** One line of one part. A tombstone has no SKU. */
export interface ReservationRow {
  readonly id: string;
  readonly skuId: string;
  readonly orderId: string;
  readonly quantity: number;
  readonly state: 'RESERVED' | 'CONFIRMED' | 'RELEASED' | 'RETURNED';
  readonly epoch: number;
}

export type LedgerReason = 'RESTOCK' | 'RESERVE' | 'RELEASE' | 'CONFIRM' | 'RETURN';

/** In the order of `entry` within a SKU. */
export interface LedgerRow {
  readonly skuId: string;
  readonly entry: number;
  readonly reason: LedgerReason;
  readonly causeId: string;
}

export interface RestockRow {
  readonly id: string;
  readonly skuId: string;
  readonly delta: number;
}

/** What the databases hold when everything has come to rest. */
export interface EndState {
  readonly stocks: readonly StockRow[];
  readonly reservations: readonly ReservationRow[];
  readonly ledger: readonly LedgerRow[];
  readonly restocks: readonly RestockRow[];
}

/** How the system came to rest after its last fault. */
export interface Rest {
  /** Operations whose outcome nobody ever learned. */
  readonly unsettled: number;
  /** From the end of the last fault to the first grant of each SKU; Infinity: none within the bound. */
  readonly probeMs: ReadonlyMap<string, number>;
  /** SKUs that still held units for nobody when all holds had long ended. */
  readonly leaked: readonly string[];
  /** SKUs whose number in Redis was not the one in MySQL, with both. */
  readonly drifted: readonly string[];
  /** From rest to the first grant of each SKU that has units. */
  readonly sellableMs: ReadonlyMap<string, number>;
}

export interface Evidence {
  readonly holdMs: number;
  readonly skuIds: readonly string[];
  readonly attempts: readonly Attempt[];
  readonly marks: readonly Mark[];
  readonly samples: readonly Sample[];
  /** How many times longer than usual everything may take, on a machine that is shared. */
  readonly slack: number;
  /** How late our own timers came at most: what the client side adds to every time it measures. */
  readonly lagMsMax: number;
  readonly rest: Rest;
  readonly end: EndState;
}

/** A broken promise, with what a person needs to look it up. */
export interface Violation {
  readonly invariant: string;
  readonly subject: string;
  readonly detail: string;
}
