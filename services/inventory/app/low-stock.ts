// Tells whoever runs the shop, in the log, that a SKU runs low, is sold out, or is back.
//
// The fall is one transaction that began at or above the threshold and ended below it, so of all
// processes only the one that committed it speaks, once per fall, and nothing needs remembering. What
// happens to a SKU within one round of `tell` is one line at most: the newest state decides which.

import type { Log } from '../../platform/log.js';
import type { StockChange } from '../domain/stock.js';
import type { StockBook } from './ports.js';

/** A memory bound: SKUs that cross a line within one round. More are not told of. */
const SKUS_MAX = 10_000;

interface News {
  version: number;
  available: number;
  fell: boolean;
  emptied: boolean;
  refilled: boolean;
}

export class LowStock {
  readonly #below: number;
  readonly #log: Log;
  readonly #news = new Map<string, News>();

  /** `below` is the number of units under which a SKU is low; 0 tells nothing of low stock. */
  constructor(o: { book: Pick<StockBook, 'onChange'>; below: number; log: Log }) {
    this.#below = o.below;
    this.#log = o.log;
    o.book.onChange((changes) => {
      for (const change of changes) this.#take(change);
    });
  }

  /** Writes what has happened since the last call. */
  tell(): void {
    for (const [skuId, { available, fell, emptied, refilled }] of this.#news) {
      if (fell && available < this.#below) {
        const low = { event: 'low_stock', skuId, available, threshold: this.#below };
        this.#log.warn(low, 'stock is low');
      }
      if (emptied && available === 0) this.#log.info({ event: 'sold_out', skuId }, 'sold out');
      if (refilled && available > 0) {
        this.#log.info({ event: 'stock_back', skuId, available }, 'stock is back');
      }
    }
    this.#news.clear();
  }

  #take(change: StockChange): void {
    const { skuId, version, available, availableBefore } = change;
    const fell = availableBefore >= this.#below && available < this.#below;
    const emptied = availableBefore > 0 && available === 0;
    // The first entry of a SKU is its birth: nothing has come back.
    const refilled = availableBefore === 0 && available > 0 && version > 1;
    const known = this.#news.get(skuId);
    if (known !== undefined) {
      known.fell ||= fell;
      known.emptied ||= emptied;
      known.refilled ||= refilled;
      if (version > known.version) Object.assign(known, { version, available });
    } else if ((fell || emptied || refilled) && this.#news.size < SKUS_MAX) {
      this.#news.set(skuId, { version, available, fell, emptied, refilled });
    }
  }
}
