// One stream of stock: what its caller was told, and what it is to be told next. Only the newest
// sight of each SKU waits here, so a caller who reads slowly costs no memory and hears the latest.

import type { Clock } from '../../platform/clock.js';
import type { KnownIds } from '../../platform/known-ids.js';
import type { StockRow } from '../domain/stock.js';
import type { SoldOutFilter } from './sold-out-filters.js';

/** A filter may be 312 KB, so a SKU that comes and goes does not send one more often than this. */
const FILTER_PACE_MS = 1_000;

/** One look at one SKU. */
export interface StockSight {
  readonly row: StockRow;
  /** When the reading began, so the row was true then or later. Monotonic. */
  readonly readMs: number;
  /** The same by the wall clock. */
  readonly atMs: number;
  /** Complete for the row, which has nothing available. */
  readonly filter?: SoldOutFilter | undefined;
}

/** What a caller is told of one SKU. */
export interface StockUpdate {
  readonly row: StockRow;
  readonly atMs: number;
  readonly notice: SoldOutNotice | undefined;
}

export interface SoldOutNotice {
  readonly filterVersion: number;
  /** Undefined when the filter of this version was sent before. */
  readonly ids: KnownIds | undefined;
  readonly readAfterOpenMs: number;
}

interface Told {
  readonly version: number;
  /** Of the notice that stands; undefined when none does. */
  readonly filterVersion: number | undefined;
  /** When a filter was last sent. */
  readonly filterMs: number | undefined;
}

export class StockWatcher {
  readonly skuIds: readonly string[];
  readonly #clock: Clock;
  readonly #openedMs: number;
  readonly #told = new Map<string, Told>();
  readonly #waiting = new Map<string, StockSight>();
  /** When the newest sight of each SKU was read: sights with and without a filter may cross. */
  readonly #newestMs = new Map<string, number>();
  #wake = () => {};
  #failure: { error: unknown } | undefined;

  constructor(o: { skuIds: readonly string[]; clock: Clock }) {
    this.skuIds = o.skuIds;
    this.#clock = o.clock;
    this.#openedMs = o.clock.monotonicMs();
  }

  offer(sight: StockSight): void {
    const { skuId } = sight.row;
    // What was read before the stream was opened would make a notice look younger than it is.
    if (sight.readMs < (this.#newestMs.get(skuId) ?? this.#openedMs)) return;
    this.#newestMs.set(skuId, sight.readMs);
    this.#waiting.set(skuId, sight);
    this.#wake();
  }

  /** Ends the stream with an error. */
  fail(error: unknown): void {
    this.#failure = { error };
    this.#wake();
  }

  /** Yields what is worth telling, until the signal aborts. */
  async *updates(signal: AbortSignal): AsyncGenerator<StockUpdate> {
    const onAbort = () => this.#wake();
    signal.addEventListener('abort', onAbort);
    try {
      while (!signal.aborted) {
        if (this.#failure !== undefined) throw this.#failure.error;
        const [next] = this.#waiting.values();
        if (next === undefined) {
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
          continue;
        }
        this.#waiting.delete(next.row.skuId);
        const update = this.#updateOf(next);
        if (update !== undefined) yield update;
      }
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  #updateOf(sight: StockSight): StockUpdate | undefined {
    const { row, atMs } = sight;
    const told = this.#told.get(row.skuId);
    const notice = this.#noticeOf(sight, told);
    const stands = told?.filterVersion !== undefined;
    // A notice is repeated, because it holds for a moment only, and one that stands is taken back.
    if (notice === undefined && !stands && told?.version === row.version) return undefined;
    this.#told.set(row.skuId, {
      version: row.version,
      filterVersion: notice?.filterVersion,
      filterMs: notice?.ids === undefined ? told?.filterMs : this.#clock.monotonicMs(),
    });
    return { row, atMs, notice };
  }

  #noticeOf(sight: StockSight, told: Told | undefined): SoldOutNotice | undefined {
    const { filter, readMs } = sight;
    if (filter === undefined) return undefined;
    const known = told?.filterVersion === filter.version;
    const sentMs = told?.filterMs ?? Number.NEGATIVE_INFINITY;
    if (!known && this.#clock.monotonicMs() - sentMs < FILTER_PACE_MS) return undefined;
    return {
      filterVersion: filter.version,
      ids: known ? undefined : filter.ids,
      // Rounded towards the past.
      readAfterOpenMs: Math.floor(readMs - this.#openedMs),
    };
  }
}
