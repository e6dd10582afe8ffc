// The offers that orders are priced from, kept in memory so that a flash sale does not read the same
// row ten thousand times a second.
//
// 1. An entry, also "there is no such offer", is used for at most ageMsMax after it was asked for.
// 2. From half that age on, its first user has it read again in the background, so that a busy
//    offer never makes anybody wait.
// 3. Each SKU is read at most once at a time, and the reads of many SKUs travel together.
// 4. forget() also disowns a read that is under way, so that an older state is not put back.

import { Batcher } from '../../platform/batcher.js';
import type { Clock } from '../../platform/clock.js';
import type { Offer } from '../domain/offer.js';
import type { OfferStore } from './ports.js';

export interface OfferBookLimits {
  readonly ageMsMax: number;
  /** The oldest entries are dropped above it. */
  readonly entriesMax: number;
  readonly batchMax: number;
  readonly queueMax: number;
  readonly concurrency: number;
}

interface Entry {
  readonly offer: Offer | undefined;
  readonly askedMs: number;
}

export class OfferBook {
  readonly #clock: Clock;
  readonly #limits: OfferBookLimits;
  readonly #reads: Batcher<string, Offer | undefined>;
  readonly #entries = new Map<string, Entry>();
  readonly #reading = new Map<string, Promise<Offer | undefined>>();

  constructor(o: { store: OfferStore; clock: Clock; limits: OfferBookLimits }) {
    this.#clock = o.clock;
    this.#limits = o.limits;
    this.#reads = new Batcher({
      name: 'order.offers',
      run: (skuIds, { deadlineMs }) => o.store.read(skuIds, deadlineMs),
      itemsMax: o.limits.batchMax,
      // A read that waited longer than an entry may live would be stale when it came.
      ageMsMax: o.limits.ageMsMax,
      queueMax: o.limits.queueMax,
      concurrency: o.limits.concurrency,
      clock: o.clock,
    });
  }

  /** The offer of each line, undefined where there is none. */
  async find(
    lines: readonly { readonly skuId: string }[],
    deadlineMs: number,
  ): Promise<(Offer | undefined)[]> {
    const offers: (Offer | undefined)[] = [];
    let waits: Promise<void>[] | undefined;
    for (let i = 0; i < lines.length; i++) {
      const skuId = (lines[i] as { skuId: string }).skuId;
      const entry = this.#fresh(skuId);
      offers.push(entry?.offer);
      if (entry) continue;
      waits ??= [];
      const arrive = (offer: Offer | undefined) => {
        offers[i] = offer;
      };
      waits.push(this.#read(skuId, deadlineMs).then(arrive));
    }
    if (waits) await Promise.all(waits);
    return offers;
  }

  forget(skuId: string): void {
    this.#entries.delete(skuId);
    this.#reading.delete(skuId);
  }

  #fresh(skuId: string): Entry | undefined {
    const entry = this.#entries.get(skuId);
    if (!entry) return undefined;
    const ageMs = this.#clock.monotonicMs() - entry.askedMs;
    if (ageMs >= this.#limits.ageMsMax) return undefined;
    if (ageMs * 2 >= this.#limits.ageMsMax && !this.#reading.has(skuId)) {
      // A failure shows when the entry has run out and somebody has to wait for the next read.
      this.#read(skuId, this.#clock.nowMs() + this.#limits.ageMsMax).catch(() => {});
    }
    return entry;
  }

  // A read that many wait for has its own deadline, not that of the one who happened to be first.
  #read(skuId: string, deadlineMs: number): Promise<Offer | undefined> {
    const reading = this.#reading.get(skuId);
    if (reading) return reading;
    const askedMs = this.#clock.monotonicMs();
    const untilMs = Math.max(deadlineMs, this.#clock.nowMs() + this.#limits.ageMsMax);
    const read: Promise<Offer | undefined> = this.#reads.add(skuId, untilMs).then(
      (offer) => {
        if (this.#reading.get(skuId) === read) this.#keep(skuId, { offer, askedMs });
        return offer;
      },
      (error: unknown) => {
        if (this.#reading.get(skuId) === read) this.#reading.delete(skuId);
        throw error;
      },
    );
    this.#reading.set(skuId, read);
    return read;
  }

  #keep(skuId: string, entry: Entry): void {
    this.#reading.delete(skuId);
    this.#entries.delete(skuId);
    this.#entries.set(skuId, entry);
    if (this.#entries.size <= this.#limits.entriesMax) return;
    const oldest = this.#entries.keys().next();
    if (!oldest.done) this.#entries.delete(oldest.value);
  }
}
