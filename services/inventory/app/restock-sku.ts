// Adds units to a SKU or takes them off, in the middle of a sale too: MySQL first, then the gate is
// loaded anew. In between, the gate offers too little (more was added) or lets through what MySQL
// then refuses (some was taken off); neither gives away a unit that is not there.

import type { RestockRequest, RestockResult, StockBook } from './ports.js';
import type { Rebase } from './rebase.js';

export class RestockSku {
  readonly #book: StockBook;
  readonly #rebase: Rebase;

  constructor(o: { book: StockBook; rebase: Rebase }) {
    this.#book = o.book;
    this.#rebase = o.rebase;
  }

  /** Idempotent by request id. */
  async restock(request: RestockRequest, deadlineMs: number): Promise<RestockResult> {
    const result = await this.#book.restock(request, deadlineMs);
    if (result.outcome === 'DONE') await this.#rebase.run([request.skuId], deadlineMs, 'restock');
    return result;
  }
}
