// Batch while busy: what arrives while a batch is in flight becomes the next batch.
//
// 1. add() puts an item at the end of one queue. An idle batcher starts on the next turn of the
//    event loop, so the items of one network read travel together and no timer adds latency.
// 2. While `concurrency` runs are in flight, items gather; a finished run takes what has gathered.
// 3. A batch is the longest prefix of the queue within itemsMax and bytesMax: first in, first out.
// 4. An item whose deadline passed, or that waited longer than ageMsMax, is refused when its turn
//    comes. It was never started, so the refusal is certain.
//
// Invariant: every added item settles exactly once, provided that every run() settles.

import { assert } from './assert.js';
import { DeadlineError, OverloadedError } from './batcher-errors.js';
import { type BatcherStats, reportBatcher } from './batcher-report.js';
import { type Clock, systemClock } from './clock.js';
import { BatchMeter } from './telemetry/batch-meter.js';
import { beginBatch, endBatch, type SpansOf } from './telemetry/trace-batch.js';
import type { Attributes, Span } from './telemetry/trace-context.js';
import { faultOf } from './telemetry/trace-recorder.js';

export { DeadlineError, OverloadedError } from './batcher-errors.js';

export interface BatcherOptions<T, R> {
  name: string;
  /** Answers one result per item, in the same order. Throwing rejects all items of the batch. */
  run: (items: T[], batch: BatchContext) => Promise<R[]>;
  itemsMax: number;
  bytesMax?: number;
  sizeOf?: (item: T) => number;
  /** An item that waited longer is refused as overload: its caller has better things to do. */
  ageMsMax: number;
  queueMax: number;
  concurrency: number;
  clock?: Clock;
  onBatch?: (size: number, durationMs: number) => void;
  /** The recorded spans that an item belongs to. Left out, its batches are in no trace. */
  spansOf?: SpansOf<NoInfer<T>>;
  /** The name when left out. */
  spanName?: string;
  spanAttributes?: Attributes;
}

export interface BatchContext {
  readonly deadlineMs: number;
  /** Of the batch, when one of its items is recorded. */
  readonly span?: Span | undefined;
}

interface Entry<T, R> {
  readonly item: T;
  bytes: number;
  readonly deadlineMs: number;
  readonly addedMs: number;
  readonly resolve: (result: R) => void;
  readonly reject: (error: unknown) => void;
}

export class Batcher<T, R> {
  readonly name: string;
  readonly stats: BatcherStats = { batches: 0, items: 0, sizeMax: 0, refused: 0 };
  readonly #o: BatcherOptions<T, R>;
  readonly #clock: Clock;
  readonly #bytesMax: number;
  #queue: Entry<T, R>[] = [];
  #running = 0;
  #kicked = false;
  #lastRunMs = 1;
  #drained: (() => void)[] = [];
  #stopping = false;
  readonly #meter: BatchMeter;

  constructor(o: BatcherOptions<T, R>) {
    assert(o.itemsMax >= 1 && o.queueMax >= 1, `${o.name}: itemsMax and queueMax start at 1`);
    assert(o.concurrency >= 1, `${o.name}: concurrency starts at 1`);
    assert(o.bytesMax === undefined || o.sizeOf, `${o.name}: bytesMax needs sizeOf`);
    this.#o = o;
    this.name = o.name;
    this.#clock = o.clock ?? systemClock;
    this.#bytesMax = o.bytesMax ?? Number.POSITIVE_INFINITY;
    reportBatcher(this);
    this.#meter = new BatchMeter(this, () => this.#queue.length);
  }

  /** Rejects with OverloadedError or DeadlineError (never started) or with what run() threw. */
  add(item: T, deadlineMs: number): Promise<R> {
    return new Promise<R>((resolve, reject) => {
      const addedMs = this.#clock.monotonicMs();
      this.#push({ item, bytes: 0, deadlineMs, addedMs, resolve, reject });
      this.#kick();
    });
  }

  /** Adds many and waits once: undefined stands for those that add() would have rejected. */
  addAll(items: readonly T[], deadlineMs: number): Promise<(R | undefined)[]> {
    const results = new Array<R | undefined>(items.length).fill(undefined);
    return new Promise((resolve) => {
      let open = items.length;
      const settled = () => {
        open -= 1;
        if (open <= 0) resolve(results);
      };
      if (open === 0) settled();
      const addedMs = this.#clock.monotonicMs();
      items.forEach((item, i) => {
        const done = (result: R) => {
          results[i] = result;
          settled();
        };
        this.#push({ item, bytes: 0, deadlineMs, addedMs, resolve: done, reject: settled });
      });
      this.#kick();
    });
  }

  /** Refuses new items; resolves when all that were accepted have settled. */
  stop(): Promise<void> {
    this.#stopping = true;
    if (this.#idle()) return Promise.resolve();
    return new Promise((resolve) => this.#drained.push(resolve));
  }

  #idle(): boolean {
    return this.#queue.length === 0 && this.#running === 0;
  }

  #push(entry: Entry<T, R>): void {
    const { name, queueMax, sizeOf } = this.#o;
    if (this.#stopping || this.#queue.length >= queueMax) {
      this.stats.refused += 1;
      const why = this.#stopping ? 'stopping' : 'queue full';
      entry.reject(new OverloadedError(`${name}: ${why}`, this.#retryAfterMs()));
      return;
    }
    if (sizeOf) entry.bytes = sizeOf(entry.item);
    assert(entry.bytes <= this.#bytesMax, `${name}: an item is larger than a whole batch`);
    this.#queue.push(entry);
  }

  // The time the present queue needs at the pace of the last run.
  #retryAfterMs(): number {
    const rounds = Math.ceil(this.#queue.length / (this.#o.itemsMax * this.#o.concurrency));
    return Math.max(1, Math.ceil(rounds * this.#lastRunMs));
  }

  #kick(): void {
    if (this.#kicked || this.#running >= this.#o.concurrency) return;
    this.#kicked = true;
    setImmediate(() => {
      this.#kicked = false;
      this.#pump();
    });
  }

  #pump(): void {
    while (this.#running < this.#o.concurrency && this.#queue.length > 0) {
      const batch = this.#take();
      if (batch.length > 0) void this.#run(batch);
    }
    if (this.#drained.length === 0 || !this.#idle()) return;
    for (const resolve of this.#drained.splice(0)) resolve();
  }

  // Cuts the next batch off the queue, settling on the way the items that came too late.
  #take(): Entry<T, R>[] {
    const nowMs = this.#clock.nowMs();
    const oldestMs = this.#clock.monotonicMs() - this.#o.ageMsMax;
    const batch: Entry<T, R>[] = [];
    let bytes = 0;
    let taken = 0;
    for (const entry of this.#queue) {
      if (batch.length >= this.#o.itemsMax) break;
      if (this.#late(entry, nowMs, oldestMs)) {
        taken += 1;
        continue;
      }
      if (bytes + entry.bytes > this.#bytesMax) break;
      bytes += entry.bytes;
      batch.push(entry);
      taken += 1;
    }
    if (taken === this.#queue.length) this.#queue = [];
    else this.#queue.splice(0, taken);
    return batch;
  }

  #late(entry: Entry<T, R>, nowMs: number, oldestMs: number): boolean {
    if (entry.deadlineMs <= nowMs) {
      entry.reject(new DeadlineError(`${this.#o.name}: the deadline passed in the queue`));
    } else if (entry.addedMs < oldestMs) {
      entry.reject(new OverloadedError(`${this.#o.name}: waited too long`, this.#retryAfterMs()));
    } else {
      return false;
    }
    this.stats.refused += 1;
    return true;
  }

  async #run(batch: Entry<T, R>[]): Promise<void> {
    this.#running += 1;
    this.#count(batch.length);
    const startMs = this.#clock.monotonicMs();
    const items = batch.map(itemOf);
    const { name, run, spansOf, spanName = name, spanAttributes } = this.#o;
    const span = spansOf && beginBatch(spanName, items, spansOf, spanAttributes);
    try {
      const results = await run(items, { deadlineMs: latestDeadline(batch), span });
      assert(results.length === batch.length, `${name}: one result per item`);
      endBatch(span, results);
      for (let i = 0; i < batch.length; i++) batch[i]?.resolve(results[i] as R);
    } catch (error) {
      span?.end({ fault: faultOf(error) });
      for (const entry of batch) entry.reject(error);
    }
    this.#running -= 1;
    this.#lastRunMs = this.#clock.monotonicMs() - startMs;
    this.#meter.ran(batch.length, this.#lastRunMs);
    this.#o.onBatch?.(batch.length, this.#lastRunMs);
    if (this.#queue.length > 0 || this.#drained.length > 0) this.#kick();
  }

  #count(size: number): void {
    this.stats.batches += 1;
    this.stats.items += size;
    if (size > this.stats.sizeMax) this.stats.sizeMax = size;
  }
}

function itemOf<T, R>(entry: Entry<T, R>): T {
  return entry.item;
}

// The latest, not the earliest: one impatient caller must not cut short the work of the others.
function latestDeadline<T, R>(batch: Entry<T, R>[]): number {
  let latestMs = 0;
  for (const entry of batch) if (entry.deadlineMs > latestMs) latestMs = entry.deadlineMs;
  return latestMs;
}
