// For each SKU that is sold out and watched, the reservation ids that it was ever granted to: a loser's
// first request is told from a winner's retry by them.
//
// Invariant: a filter that is handed out for a stock row knows every grant up to that row's version
// that a client may still retry. A row with nothing available has no later grants, so as long as the
// row is true the filter is complete.

import { assert } from '../../platform/assert.js';
import { Batcher } from '../../platform/batcher.js';
import type { Clock } from '../../platform/clock.js';
import { KnownIds } from '../../platform/known-ids.js';
import { LedgerReason, type StockRow } from '../domain/stock.js';
import type { StockBook } from './ports.js';

/** 200,000 grants are 250 KB. A SKU with more has no notice: its losers ask, as all others do. */
export const FILTER_GRANTS_MAX = 200_000;
/** A million ledger entries; a SKU that moves more within the retry horizon has no notice either. */
const PAGES_MAX = 200;
/** Grants that come with units that return; with more than these the filter is made anew. */
const HEADROOM = 1.25;
const IDS_MIN = 64;
/** At 10,000 entries (a few seconds of confirms) reading the ledger anew is as cheap. */
const GAP_MAX = 10_000;
const LEDGER_PAGE_MAX = 1_000;
/** Of 312 KB each at the most, 80 MB; sold-out SKUs with few units cost a few bytes each. */
const FILTERS_MAX = 256;
/** One that nobody has asked for lately makes room for another. */
const IDLE_MS = 5_000;
/** A SKU with too many grants is not counted again for a while. */
const REFUSED_MS = 60_000;
const READ_MS_MAX = 2_000;
/** Beside the settles, which matter more. */
const READS_AT_ONCE = 2;
const QUEUE_MAX = 1_000;
const QUEUE_AGE_MS_MAX = 1_000;

export interface SoldOutFilter {
  readonly ids: KnownIds;
  /** Grows when the filter comes to know a further id; two of one version know the same ids. */
  readonly version: number;
}

interface Entry {
  /** Undefined when there are too many grants. */
  ids: KnownIds | undefined;
  version: number;
  /** Complete up to this ledger entry. */
  untilEntry: number;
  count: number;
  capacity: number;
  usedMs: number;
  readonly madeMs: number;
}

export class SoldOutFilters {
  readonly #book: Pick<StockBook, 'grantsPage' | 'ledger'>;
  readonly #clock: Clock;
  readonly #entries = new Map<string, Entry>();
  readonly #reads: Batcher<StockRow, undefined>;

  constructor(o: { book: Pick<StockBook, 'grantsPage' | 'ledger'>; clock: Clock }) {
    this.#book = o.book;
    this.#clock = o.clock;
    this.#reads = new Batcher({
      name: 'sold-out filters',
      itemsMax: 1,
      queueMax: QUEUE_MAX,
      ageMsMax: QUEUE_AGE_MS_MAX,
      concurrency: READS_AT_ONCE,
      clock: o.clock,
      run: async ([row]) => [row === undefined ? undefined : await this.#bringUpTo(row)],
    });
  }

  /** Complete for this row, or undefined when there is none for the SKU. Throws when MySQL does. */
  async at(row: StockRow): Promise<SoldOutFilter | undefined> {
    const nowMs = this.#clock.monotonicMs();
    const entry = this.#entries.get(row.skuId);
    if (entry === undefined ? !this.#makeRoom(nowMs) : isRefused(entry, nowMs)) return undefined;
    if (entry?.ids === undefined || entry.untilEntry < row.version) {
      await this.#reads.add(row, this.#clock.nowMs() + READ_MS_MAX);
    }
    return this.#use(row, nowMs);
  }

  #use(row: StockRow, nowMs: number): SoldOutFilter | undefined {
    const entry = this.#entries.get(row.skuId);
    if (entry === undefined) return undefined;
    // The least used stands first.
    this.#entries.delete(row.skuId);
    this.#entries.set(row.skuId, entry);
    entry.usedMs = nowMs;
    const { ids, version, untilEntry } = entry;
    return ids === undefined || untilEntry < row.version ? undefined : { ids, version };
  }

  #makeRoom(nowMs: number): boolean {
    if (this.#entries.size < FILTERS_MAX) return true;
    const [oldest] = this.#entries;
    if (oldest === undefined || nowMs - oldest[1].usedMs < IDLE_MS) return false;
    this.#entries.delete(oldest[0]);
    return true;
  }

  async #bringUpTo(row: StockRow): Promise<undefined> {
    const entry = this.#entries.get(row.skuId);
    const ids = entry?.ids;
    if (entry !== undefined && ids !== undefined && row.version - entry.untilEntry <= GAP_MAX) {
      await this.#extend(entry, ids, row);
      if (entry.count <= entry.capacity) return;
    }
    this.#entries.set(row.skuId, await this.#build(row));
  }

  /** Reads what came since; nearly always a few entries, and most of them are confirms. */
  async #extend(entry: Entry, ids: KnownIds, row: StockRow): Promise<void> {
    const granted: string[] = [];
    let before = row.version + 1;
    while (before - 1 > entry.untilEntry) {
      const limit = Math.min(LEDGER_PAGE_MAX, before - 1 - entry.untilEntry);
      const deadlineMs = this.#clock.nowMs() + READ_MS_MAX;
      const entries = await this.#book.ledger(row.skuId, before, limit, deadlineMs);
      assert(entries.length === limit, `the ledger of ${row.skuId} has no entry ${before - 1}`);
      for (const { reason, causeId } of entries) {
        if (reason === LedgerReason.RESERVE) granted.push(causeId);
      }
      before -= limit;
    }
    for (const id of granted) ids.add(id);
    entry.count += granted.length;
    entry.untilEntry = row.version;
    if (granted.length > 0) entry.version = row.version;
  }

  async #build(row: StockRow): Promise<Entry> {
    const { skuId, version } = row;
    const nowMs = this.#clock.monotonicMs();
    let below: number | undefined = version + 1;
    let ids: KnownIds | undefined;
    let [capacity, count] = [0, 0];
    for (let pages = 0; below !== undefined; pages++) {
      const page = await this.#page(skuId, below);
      count += page.grants.length;
      if (count > FILTER_GRANTS_MAX || pages >= PAGES_MAX) {
        ids = undefined;
        break;
      }
      if (ids === undefined) {
        // How many more pages there are is not known, but every grant is an entry.
        const size = page.nextEntry === undefined ? count : Math.min(version, FILTER_GRANTS_MAX);
        capacity = Math.max(IDS_MIN, Math.ceil(size * HEADROOM));
        ids = KnownIds.sizedFor(capacity);
      }
      for (const { reservationId } of page.grants) ids.add(reservationId);
      below = page.nextEntry;
    }
    const times = { usedMs: nowMs, madeMs: nowMs };
    return { ids, version, untilEntry: version, count, capacity, ...times };
  }

  #page(skuId: string, below: number): ReturnType<StockBook['grantsPage']> {
    return this.#book.grantsPage(skuId, below, this.#clock.nowMs() + READ_MS_MAX);
  }
}

function isRefused(entry: Entry, nowMs: number): boolean {
  return entry.ids === undefined && nowMs - entry.madeMs < REFUSED_MS;
}
