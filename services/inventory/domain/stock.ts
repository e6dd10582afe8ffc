// One SKU's stock and how it moves. Every change is a MOVE: so many units from one column to another,
// with a ledger entry that says before, after and why. Moves are the only way that units change, so
// `total = available + reserved + sold` holds by construction; SQL checks it again.

import { assert } from '../../platform/assert.js';

export const LedgerReason = { RESTOCK: 1, RESERVE: 2, RELEASE: 3, CONFIRM: 4, RETURN: 5 } as const;
export type LedgerReason = (typeof LedgerReason)[keyof typeof LedgerReason];

export interface StockRow {
  readonly partition: number;
  readonly skuId: string;
  epoch: number;
  /** Number of ledger entries so far. */
  version: number;
  available: number;
  reserved: number;
  sold: number;
  total: number;
}

/** A SKU after a transaction that moved its units, with what was available before it. */
export interface StockChange extends StockRow {
  readonly availableBefore: number;
}

export interface LedgerEntry {
  readonly partition: number;
  readonly skuId: string;
  readonly entry: number;
  readonly before: number;
  readonly after: number;
  readonly reason: LedgerReason;
  readonly orderId: string;
  readonly causeId: string;
}

/** How one SKU changed in one transaction, summed over its moves. */
export interface StockDelta {
  readonly partition: number;
  readonly skuId: string;
  readonly epoch: number;
  available: number;
  reserved: number;
  sold: number;
  total: number;
  entries: number;
}

const EFFECT: Record<
  LedgerReason,
  { available: number; reserved: number; sold: number; total: number }
> = {
  [LedgerReason.RESTOCK]: { available: 1, reserved: 0, sold: 0, total: 1 },
  [LedgerReason.RESERVE]: { available: -1, reserved: 1, sold: 0, total: 0 },
  [LedgerReason.RELEASE]: { available: 1, reserved: -1, sold: 0, total: 0 },
  [LedgerReason.CONFIRM]: { available: 0, reserved: -1, sold: 1, total: 0 },
  [LedgerReason.RETURN]: { available: 1, reserved: 0, sold: -1, total: 0 },
};

/** Collects the moves of one transaction over locked rows; the rows are updated as it goes. */
export class StockMoves {
  readonly ledger: LedgerEntry[] = [];
  readonly #deltas = new Map<string, StockDelta>();

  constructor(readonly rows: ReadonlyMap<string, StockRow>) {}

  get deltas(): StockDelta[] {
    return [...this.#deltas.values()];
  }

  /** The SKUs that were moved, as they are now. */
  get changes(): StockChange[] {
    return this.deltas.map((delta) => {
      const row = this.rows.get(delta.skuId);
      assert(row !== undefined, `${delta.skuId} was moved without its row`);
      return { ...row, availableBefore: row.available - delta.available };
    });
  }

  /** Moves `units` of a locked SKU. The caller has checked the bound. */
  move(row: StockRow, reason: LedgerReason, units: number, orderId: string, causeId: string): void {
    const effect = EFFECT[reason];
    const before = row.available;
    row.available += effect.available * units;
    row.reserved += effect.reserved * units;
    row.sold += effect.sold * units;
    row.total += effect.total * units;
    row.version += 1;
    this.ledger.push({
      partition: row.partition,
      skuId: row.skuId,
      entry: row.version,
      before,
      after: row.available,
      reason,
      orderId,
      causeId,
    });
    const delta = this.#deltaOf(row);
    delta.available += effect.available * units;
    delta.reserved += effect.reserved * units;
    delta.sold += effect.sold * units;
    delta.total += effect.total * units;
    delta.entries += 1;
  }

  #deltaOf(row: StockRow): StockDelta {
    let delta = this.#deltas.get(row.skuId);
    if (delta === undefined) {
      delta = {
        partition: row.partition,
        skuId: row.skuId,
        epoch: row.epoch,
        available: 0,
        reserved: 0,
        sold: 0,
        total: 0,
        entries: 0,
      };
      this.#deltas.set(row.skuId, delta);
    }
    return delta;
  }
}
