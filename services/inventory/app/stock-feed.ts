// Feeds those who watch stock, from one look at MySQL for all of them: a change made by this process
// is seen at once, one made elsewhere within a poll, and no SKU is sent more than ten times a second.
//
// Whoever asks for sold-out notices hears, as long as nothing is available, who has got a unit.
// Invariant: a notice is told only with the look that proves it, so one that is not repeated is old.

import { OverloadedError } from '../../platform/batcher.js';
import type { Clock } from '../../platform/clock.js';
import type { Log } from '../../platform/log.js';
import type { StockBook } from './ports.js';
import { SoldOutFilters } from './sold-out-filters.js';
import { type StockSight, type StockUpdate, StockWatcher } from './stock-watcher.js';

/** Ten sights a second and SKU are more than a person or a cache can use. */
const PACE_MS_MIN = 100;
/** How late a change by another process may be seen; and a notice, which holds for 1 s, may miss one. */
const POLL_MS = 400;
/** One query per server. */
const SKUS_PER_LOOK_MAX = 1_000;
const READ_MS_MAX = 2_000;
/** Five looks at the most, of some milliseconds each, in every poll. */
const SKUS_MAX = 5_000;
/** A few kilobytes each. */
const WATCHERS_MAX = 1_000;
/** Callers who hear nothing for so long are told so; some server may answer them elsewhere. */
const SILENT_MS_MAX = 5_000;

interface Watched {
  readonly plain: Set<StockWatcher>;
  /** Those who want notices. */
  readonly noticed: Set<StockWatcher>;
  /** An earlier look's filter is still being read. */
  filtering: boolean;
  /** The last reading of a filter failed, and was logged. */
  failing: boolean;
}

export class StockFeed {
  readonly #book: StockBook;
  readonly #filters: SoldOutFilters;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #watchers = new Set<StockWatcher>();
  readonly #watched = new Map<string, Watched>();
  /** To be looked at before the next poll. */
  readonly #prompted = new Set<string>();
  #nap = new AbortController();
  #running = false;
  #failingSinceMs: number | undefined;

  constructor(o: { book: StockBook; clock: Clock; log: Log }) {
    this.#book = o.book;
    this.#filters = new SoldOutFilters(o);
    this.#clock = o.clock;
    this.#log = o.log;
    o.book.onChange((changes) => this.#prompt(changes.map((change) => change.skuId)));
  }

  /** Yields each SKU as it is, then again after each change, until the signal aborts. */
  async *watch(
    o: { skuIds: readonly string[]; notices: boolean },
    signal: AbortSignal,
  ): AsyncGenerator<StockUpdate> {
    const watcher = new StockWatcher({ skuIds: o.skuIds, clock: this.#clock });
    this.#enter(watcher, o.notices);
    try {
      yield* watcher.updates(signal);
    } finally {
      this.#leave(watcher);
    }
  }

  #enter(watcher: StockWatcher, notices: boolean): void {
    const fresh = watcher.skuIds.filter((skuId) => !this.#watched.has(skuId));
    if (this.#watchers.size >= WATCHERS_MAX || this.#watched.size + fresh.length > SKUS_MAX) {
      throw new OverloadedError('too much stock is being watched', SILENT_MS_MAX);
    }
    this.#watchers.add(watcher);
    for (const skuId of fresh) {
      const sets = { plain: new Set<StockWatcher>(), noticed: new Set<StockWatcher>() };
      this.#watched.set(skuId, { ...sets, filtering: false, failing: false });
    }
    for (const skuId of watcher.skuIds) {
      this.#watched.get(skuId)?.[notices ? 'noticed' : 'plain'].add(watcher);
    }
    this.#prompt(watcher.skuIds);
    if (!this.#running) void this.#run();
  }

  #leave(watcher: StockWatcher): void {
    this.#watchers.delete(watcher);
    for (const skuId of watcher.skuIds) {
      const watched = this.#watched.get(skuId);
      watched?.plain.delete(watcher);
      watched?.noticed.delete(watcher);
      if (watched?.plain.size === 0 && watched.noticed.size === 0) this.#watched.delete(skuId);
    }
  }

  #prompt(skuIds: readonly string[]): void {
    for (const skuId of skuIds) if (this.#watched.has(skuId)) this.#prompted.add(skuId);
    if (this.#prompted.size > 0) this.#nap.abort();
  }

  async #run(): Promise<void> {
    this.#running = true;
    let polledMs = Number.NEGATIVE_INFINITY;
    while (this.#watchers.size > 0) {
      this.#nap = new AbortController();
      const nowMs = this.#clock.monotonicMs();
      const poll = nowMs - polledMs >= POLL_MS;
      if (poll) polledMs = nowMs;
      const skuIds = [...(poll ? this.#watched.keys() : this.#prompted)];
      this.#prompted.clear();
      await this.#look(skuIds);
      await this.#clock.sleep(PACE_MS_MIN);
      const leftMs = polledMs + POLL_MS - this.#clock.monotonicMs();
      if (leftMs > 0) await this.#clock.sleep(leftMs, this.#nap.signal);
    }
    this.#running = false;
  }

  async #look(skuIds: readonly string[]): Promise<void> {
    for (let from = 0; from < skuIds.length; from += SKUS_PER_LOOK_MAX) {
      const part = skuIds.slice(from, from + SKUS_PER_LOOK_MAX);
      const readMs = this.#clock.monotonicMs();
      const atMs = this.#clock.nowMs();
      try {
        const rows = await this.#book.stocks(part, atMs + READ_MS_MAX);
        this.#failingSinceMs = undefined;
        for (const row of rows) this.#see({ row, readMs, atMs });
      } catch (error) {
        this.#failed(error);
        return;
      }
    }
  }

  #see(sight: StockSight): void {
    const watched = this.#watched.get(sight.row.skuId);
    if (watched === undefined) return;
    for (const watcher of watched.plain) watcher.offer(sight);
    if (watched.noticed.size === 0) return;
    if (sight.row.available > 0) for (const watcher of watched.noticed) watcher.offer(sight);
    else if (!watched.filtering) void this.#seeSoldOut(watched, sight);
  }

  // Apart from the look, because reading a filter for the first time may take a second.
  async #seeSoldOut(watched: Watched, sight: StockSight): Promise<void> {
    watched.filtering = true;
    let filter: StockSight['filter'];
    try {
      filter = await this.#filters.at(sight.row);
      watched.failing = false;
    } catch (error) {
      // Without a notice its callers ask, as they would anyway.
      const { skuId } = sight.row;
      if (!watched.failing) this.#log.warn({ err: error, skuId }, 'no filter for sold-out notices');
      watched.failing = true;
    }
    watched.filtering = false;
    for (const watcher of watched.noticed) watcher.offer({ ...sight, filter });
  }

  #failed(error: unknown): void {
    const nowMs = this.#clock.monotonicMs();
    if (this.#failingSinceMs === undefined) {
      this.#failingSinceMs = nowMs;
      this.#log.warn({ err: error }, 'stock cannot be looked at; its watchers hear nothing');
    } else if (nowMs - this.#failingSinceMs >= SILENT_MS_MAX) {
      for (const watcher of this.#watchers) watcher.fail(error);
    }
  }
}
