// Completes the gate's memory. A SKU is loaded with its newest grants only, so that it can be sold again
// within milliseconds; the older ones follow from here, page by page, beside the sale.
//
// Invariant: the gate is told that its list is complete only after every page has been taken, in the
// epoch of the load. Whatever fails leaves the SKU unlisted: its losers cost a read of MySQL each, and
// nobody is answered wrongly.

import { Batcher } from '../../platform/batcher.js';
import type { Clock } from '../../platform/clock.js';
import { crashPoint } from '../../platform/crash-point.js';
import type { Log } from '../../platform/log.js';
import { type RetryPolicy, retry } from '../../platform/retry.js';
import type { Gate, SkuLoad, StockBook } from './ports.js';

/** 95 MB of Redis at 95 bytes each. A SKU with more within the retry horizon stays unlisted. */
export const GRANTS_MAX = 1_000_000;
/** Each holds a connection and a page; the settles need the other connections. */
const FILLS_AT_ONCE = 2;
const QUEUE_MAX = 10_000;
/** 10,000 SKUs of a few pages each. */
const QUEUE_AGE_MS_MAX = 10 * 60_000;
const PAGE_MS_MAX = 5_000;
/** Outlives a restart of Redis or MySQL: some 10 s. A stopping process waits for one delay at most. */
const RETRY: RetryPolicy = { attemptsMax: 20, delayMsMin: 100, delayMsMax: 1_000 };

/**
 * On a busy machine of two cores 400,000 grants took 4 to 8 s, so a million take 20 s at the worst: a
 * list that is not complete by then has lost its filler.
 */
const PATIENCE_MS = 60_000;
/** Each time in vain doubles it: a SKU with more than GRANTS_MAX stays unlisted whoever fills it. */
const PATIENCE_MS_MAX = 60 * 60_000;
const UNLISTED_MAX = 10_000;

interface Unlisted {
  patienceMs: number;
  dueMs: number;
}

export class GrantFill {
  readonly #gate: Gate;
  readonly #book: StockBook;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #reload: (skuId: string) => void;
  readonly #batcher: Batcher<SkuLoad, undefined>;
  /** The newest load of each SKU that is filled here; an older fill ends when it sees it. */
  readonly #newest = new Map<string, number>();
  readonly #unlisted = new Map<string, Unlisted>();
  #stopping = false;

  constructor(o: {
    gate: Gate;
    book: StockBook;
    clock: Clock;
    log: Log;
    reload: (skuId: string) => void;
  }) {
    this.#gate = o.gate;
    this.#book = o.book;
    this.#clock = o.clock;
    this.#log = o.log;
    this.#reload = o.reload;
    this.#batcher = new Batcher({
      name: 'fill',
      itemsMax: 1,
      queueMax: QUEUE_MAX,
      ageMsMax: QUEUE_AGE_MS_MAX,
      concurrency: FILLS_AT_ONCE,
      clock: o.clock,
      run: async (loads) => {
        for (const load of loads) await this.#fill(load);
        return loads.map(() => undefined);
      },
    });
  }

  /** Brings what the load left out. Does not wait. */
  start(load: SkuLoad): void {
    if (load.nextEntry === undefined) return;
    this.#newest.set(load.skuId, load.epoch);
    void this.#queue(load);
  }

  /** The gate has refused by an incomplete list. Whoever was to complete it may have died. */
  unlisted(skuId: string): void {
    if (this.#newest.has(skuId)) return;
    const nowMs = this.#clock.monotonicMs();
    const seen = this.#unlisted.get(skuId);
    if (seen === undefined || nowMs > seen.dueMs + seen.patienceMs) {
      if (this.#unlisted.size >= UNLISTED_MAX) this.#unlisted.clear();
      this.#unlisted.set(skuId, { patienceMs: PATIENCE_MS, dueMs: nowMs + PATIENCE_MS });
    } else if (nowMs >= seen.dueMs) {
      seen.patienceMs = Math.min(2 * seen.patienceMs, PATIENCE_MS_MAX);
      seen.dueMs = nowMs + seen.patienceMs;
      this.#log.warn({ skuId }, 'its list of grants was never completed; loading it anew');
      this.#reload(skuId);
    }
  }

  /** Ends the fills after their present page; what is missing is noticed by `unlisted`. */
  stop(): Promise<void> {
    this.#stopping = true;
    return this.#batcher.stop();
  }

  async #queue(load: SkuLoad): Promise<void> {
    const { skuId, epoch } = load;
    try {
      await this.#batcher.add(load, this.#clock.nowMs() + QUEUE_AGE_MS_MAX);
    } catch (error) {
      this.#log.warn({ err: error, skuId, epoch }, 'its older grants stay in MySQL');
    }
    if (this.#newest.get(skuId) === epoch) this.#newest.delete(skuId);
  }

  async #fill(load: SkuLoad): Promise<void> {
    let count = load.grants.length;
    let next = load.nextEntry;
    while (next !== undefined && !this.#overtaken(load)) {
      if (count >= GRANTS_MAX) {
        this.#log.warn({ skuId: load.skuId, count }, 'too many grants to list');
        return;
      }
      const below = next;
      const retryable = () => !this.#overtaken(load);
      const taken = await retry(RETRY, { clock: this.#clock, retryable }, () =>
        this.#takePage(load, below),
      );
      if (taken === 'OLDER') return;
      crashPoint('rebase.fill');
      count += taken.count;
      next = taken.nextEntry;
    }
  }

  #overtaken(load: SkuLoad): boolean {
    return this.#stopping || this.#newest.get(load.skuId) !== load.epoch;
  }

  async #takePage(
    { partition, skuId, epoch }: SkuLoad,
    below: number,
  ): Promise<'OLDER' | { count: number; nextEntry: number | undefined }> {
    const deadlineMs = this.#clock.nowMs() + PAGE_MS_MAX;
    const { grants, nextEntry } = await this.#book.grantsPage(skuId, below, deadlineMs);
    const last = nextEntry === undefined;
    const reply = await this.#gate.remember({ partition, skuId, epoch, grants, last });
    if (reply === 'UNKNOWN') throw new Error('the gate did not answer');
    return reply === 'OLDER' ? reply : { count: grants.length, nextEntry };
  }
}
