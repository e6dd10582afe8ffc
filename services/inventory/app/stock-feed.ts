// Feeds those who watch stock: a change made by this process is seen at once, one made elsewhere
// within a poll, and no SKU is sent more than ten times a second.

import type { Clock } from '../../platform/clock.js';
import type { StockRow } from '../domain/stock.js';
import type { StockBook } from './ports.js';

/** Ten sights a second and SKU are more than a person or a cache can use. */
const PACE_MS_MIN = 100;
/** How late a change by another process may be seen. */
const POLL_MS = 500;
const READ_MS_MAX = 2_000;

export class StockFeed {
  readonly #book: StockBook;
  readonly #clock: Clock;
  readonly #watchers = new Set<{ skuIds: ReadonlySet<string>; wake: () => void }>();

  constructor(o: { book: StockBook; clock: Clock }) {
    this.#book = o.book;
    this.#clock = o.clock;
    o.book.onChange((skuIds) => {
      for (const watcher of this.#watchers) {
        if (skuIds.some((skuId) => watcher.skuIds.has(skuId))) watcher.wake();
      }
    });
  }

  /** Yields each SKU as it is, then again after each change, until the signal aborts. */
  async *watch(skuIds: readonly string[], signal: AbortSignal): AsyncGenerator<StockRow> {
    const versions = new Map<string, number>();
    let nap = new AbortController();
    const watcher = { skuIds: new Set(skuIds), wake: () => nap.abort() };
    const onAbort = () => nap.abort();
    signal.addEventListener('abort', onAbort);
    this.#watchers.add(watcher);
    try {
      while (!signal.aborted) {
        nap = new AbortController();
        for (const stock of await this.#book.stocks(skuIds, this.#clock.nowMs() + READ_MS_MAX)) {
          if (versions.get(stock.skuId) === stock.version) continue;
          versions.set(stock.skuId, stock.version);
          yield stock;
        }
        await this.#clock.sleep(PACE_MS_MIN, signal);
        if (!signal.aborted) await this.#clock.sleep(POLL_MS - PACE_MS_MIN, nap.signal);
      }
    } finally {
      this.#watchers.delete(watcher);
      signal.removeEventListener('abort', onAbort);
    }
  }
}
