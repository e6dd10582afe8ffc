// Compares the gate with the arbiter and repairs what differs, from three sides:
//
// - A SKU that the gate refuses is looked at promptly (zero-crossing.ts): there a difference costs sales.
// - What this process has moved since it was last seen equal is looked at every round, so a drift that
//   it left behind is found within a few rounds.
// - What is loaded in Redis is swept in turn, whoever loaded it: a process that died left a drift that no
//   living process knows of. At the start of a process the sweep does not rest between its looks.
//
// A difference alone proves nothing: units are in flight between the two. A difference that stands
// still, seen twice with the same outline, has nobody working on it: rebase. While a SKU moves, its drift
// is left alone, and costs nothing: units that the gate denies are missed only at its zero.

import type { Clock } from '../../platform/clock.js';
import type { Log } from '../../platform/log.js';
import { counters, gauges } from '../../platform/telemetry/metrics.js';
import type { Part } from '../domain/reservation.js';
import { agree, outlineOf, type Sight, seeBothSides } from './both-sides.js';
import type { Gate, GateWatch, LoadedSkus, StockBook } from './ports.js';
import type { Rebase } from './rebase.js';
import { ZeroCrossing } from './zero-crossing.js';

/** Moved SKUs per look: 4 pages, some 10 ms of MySQL's and 4 ms of Redis' time each second. */
const MOVED_PER_LOOK_MAX = 2_000;
/** Swept SKUs per look; 10,000 loaded SKUs are seen every 5 looks. */
const SWEPT_PER_LOOK_MAX = 2_000;
/** 500 SKUs a page are one query per server and one round trip to Redis. */
const SKUS_PER_PAGE_MAX = 500;
/** A memory bound, some 10 MB; the oldest are forgotten first, and the sweep finds them. */
const MOVED_MAX = 100_000;
/** All suspects are looked at in the next look. */
const SUSPECTS_MAX = 1_000;
/** Looks without rest at the start: 10 times 2,000 SKUs; a larger Redis is swept at the usual pace. */
const START_LOOKS_MAX = 10;
/** A difference that stood still for less may be a commit that takes its time. */
const STILL_MS_MIN = 200;
/** A moved SKU that the gate does not show for 10 looks is not loaded: its next request loads it. */
const HIDDEN_LOOKS_MAX = 10;
/** More grants than a rebase lists: it is also the compaction. */
const GRANTS_KEPT_MAX = 1_200_000;
/** SKUs of which is remembered that MySQL does not know them. */
const FOREIGN_MAX = 1_000;
const LOOK_MS_MAX = 2_000;

const drifts = counters('spillway.stock.drifts').of();

interface Suspect {
  readonly outline: string;
  readonly sinceMs: number;
}

export class Auditor implements GateWatch {
  readonly #gate: Gate;
  readonly #book: StockBook;
  readonly #rebase: Rebase;
  readonly #loaded: LoadedSkus;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #zero: ZeroCrossing;
  /** Grants of this process between gate and arbiter, by SKU. */
  readonly #inFlight = new Map<string, number>();
  /** Moved since last seen equal, in the order of their turn, with the looks that did not show them. */
  readonly #moved = new Map<string, number>();
  /** Seen to differ once. */
  readonly #suspects = new Map<string, Suspect>();
  readonly #foreign = new Set<string>();
  #startLooks = 0;
  /** Units that differed in the present look while nobody was seen to move them. */
  #difference = 0;

  constructor(o: {
    gate: Gate;
    book: StockBook;
    rebase: Rebase;
    loaded: LoadedSkus;
    clock: Clock;
    log: Log;
  }) {
    this.#gate = o.gate;
    this.#book = o.book;
    this.#rebase = o.rebase;
    this.#loaded = o.loaded;
    this.#clock = o.clock;
    this.#log = o.log;
    this.#zero = new ZeroCrossing({ ...o, busy: (skuId) => this.#inFlight.has(skuId) });
    const inFlight = gauges('spillway.gate.in_flight').of();
    inFlight.observe(() => [...this.#inFlight.values()].reduce((sum, grants) => sum + grants, 0));
    o.book.onChange((changes) => {
      for (const { skuId } of changes) this.#touch(skuId);
    });
  }

  soldOut(skuId: string): void {
    this.#zero.ask(skuId);
  }

  unsure(part: Part): void {
    for (const { skuId } of part.lines) this.#touch(skuId);
  }

  inFlight(part: Part): void {
    for (const { skuId } of part.lines) {
      this.#inFlight.set(skuId, (this.#inFlight.get(skuId) ?? 0) + 1);
    }
  }

  landed(part: Part): void {
    for (const { skuId } of part.lines) {
      const others = (this.#inFlight.get(skuId) ?? 1) - 1;
      if (others === 0) this.#inFlight.delete(skuId);
      else this.#inFlight.set(skuId, others);
      this.#touch(skuId);
    }
  }

  /** One look: suspects, what was moved, and the next part of the sweep. MORE at the start. */
  async look(): Promise<'MORE' | 'IDLE'> {
    this.#difference = 0;
    const due = [...this.#suspects.keys()];
    for (const skuId of this.#moved.keys()) {
      if (due.length >= MOVED_PER_LOOK_MAX) break;
      due.push(skuId);
    }
    await this.#compare(due);
    const { skuIds, ended } = await this.#loaded.next(SWEPT_PER_LOOK_MAX);
    await this.#compare(skuIds.filter((skuId) => !this.#knows(skuId)));
    gauges('spillway.gate.difference').of().set(this.#difference);
    this.#startLooks = ended ? START_LOOKS_MAX : this.#startLooks + 1;
    return this.#startLooks < START_LOOKS_MAX ? 'MORE' : 'IDLE';
  }

  stop(): Promise<void> {
    return this.#zero.stop();
  }

  #touch(skuId: string): void {
    if (this.#knows(skuId)) return;
    if (this.#moved.size >= MOVED_MAX) {
      const [oldest] = this.#moved.keys();
      if (oldest !== undefined) this.#moved.delete(oldest);
    }
    this.#moved.set(skuId, 0);
  }

  #knows(skuId: string): boolean {
    return this.#moved.has(skuId) || this.#suspects.has(skuId);
  }

  async #compare(skuIds: readonly string[]): Promise<void> {
    const sides = { book: this.#book, gate: this.#gate };
    for (let at = 0; at < skuIds.length; at += SKUS_PER_PAGE_MAX) {
      const page = skuIds.slice(at, at + SKUS_PER_PAGE_MAX);
      const sights = await seeBothSides(sides, page, this.#clock.nowMs() + LOOK_MS_MAX);
      const wrong = sights.filter((sight) => this.#judge(sight)).map((sight) => sight.skuId);
      if (wrong.length === 0) continue;
      this.#log.warn({ skuIds: wrong.slice(0, 10), skus: wrong.length }, 'gate drifted; rebasing');
      drifts.add(wrong.length);
      this.#rebase.soon(wrong, 'drift');
    }
  }

  /** Whether the SKU is to be loaded anew. */
  #judge({ skuId, stock, level }: Sight): boolean {
    const hiddenLooks = this.#moved.get(skuId) ?? (this.#suspects.has(skuId) ? 0 : undefined);
    const before = this.#suspects.get(skuId);
    this.#suspects.delete(skuId);
    this.#moved.delete(skuId);
    if (stock === undefined) {
      this.#tellForeign(skuId);
    } else if (level === undefined) {
      if (hiddenLooks !== undefined && hiddenLooks < HIDDEN_LOOKS_MAX) {
        this.#moved.set(skuId, hiddenLooks + 1);
      }
    } else if (agree(stock, level)) {
      return level.grants > GRANTS_KEPT_MAX;
    } else if (this.#inFlight.has(skuId)) {
      this.#moved.set(skuId, 0);
    } else {
      this.#difference += Math.abs(stock.available - level.available);
      return this.#stoodStill(skuId, outlineOf(stock, level), before);
    }
    return false;
  }

  #stoodStill(skuId: string, outline: string, before: Suspect | undefined): boolean {
    const nowMs = this.#clock.monotonicMs();
    if (before?.outline === outline && nowMs - before.sinceMs >= STILL_MS_MIN) {
      // To see that the repair has worked.
      this.#moved.set(skuId, 0);
      return true;
    }
    if (this.#suspects.size >= SUSPECTS_MAX) this.#moved.set(skuId, 0);
    else if (before?.outline === outline) this.#suspects.set(skuId, before);
    else this.#suspects.set(skuId, { outline, sinceMs: nowMs });
    return false;
  }

  #tellForeign(skuId: string): void {
    if (this.#foreign.has(skuId) || this.#foreign.size >= FOREIGN_MAX) return;
    this.#foreign.add(skuId);
    this.#log.warn({ skuId }, 'redis has a SKU that MySQL does not know; left alone');
  }
}
