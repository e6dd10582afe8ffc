// Finds units that the gate denies and the arbiter has: after a crash between the two, the last units
// of a sale. A loser gives the hint, so it is found while somebody wants to buy, within some 30 ms.
//
// Each SKU that was refused is looked at twice. The same sight both times, with more units at the
// arbiter than at the gate: nobody is bringing them, rebase. A sight that moves is looked at again a few
// times, and then left alone for a while. Whatever the number of losers, a SKU costs a row of a shared
// read a few times a second, and a loser costs a map lookup.
//
// A rebase on a wrong guess (units that another process is still bringing, slowly) costs that process
// another round through the gate, and nobody a unit.

import type { Clock } from '../../platform/clock.js';
import type { Log } from '../../platform/log.js';
import { agree, outlineOf, type Sight, seeBothSides } from './both-sides.js';
import type { Gate, StockBook } from './ports.js';
import type { Rebase } from './rebase.js';

/** Between two looks: units in flight from gate to arbiter move within milliseconds. */
const ZERO_PAUSE_MS = 25;
/** 8 looks are 200 ms of movement; then somebody is at work, and the SKU is left to him for a while. */
const LOOKS_MAX = 8;
/** A SKU that losers keep asking for is looked at this often. */
const QUIET_MS = 250;
/** Both sides agreed: only a process that died between a release and its refund can change that. */
const AGREED_QUIET_MS = 500;
/** After a rebase, and after a failure: the repair takes milliseconds, a broken MySQL seconds. */
const REPAIRED_QUIET_MS = 1_000;
/** 500 SKUs a look are one query per server and one round trip to Redis. */
const SKUS_PER_LOOK_MAX = 500;
/** Memory bounds; a SKU that is turned away comes back with its next loser. */
const ASKED_MAX = 10_000;
const QUIET_MAX = 10_000;
const LOOK_MS_MAX = 2_000;

interface Asked {
  looks: number;
  /** The outline of the last sight; empty when it cannot count. */
  outline: string;
}

export class ZeroCrossing {
  readonly #gate: Gate;
  readonly #book: StockBook;
  readonly #rebase: Rebase;
  /** Whether this process has units of the SKU in flight: then a difference is no news. */
  readonly #busy: (skuId: string) => boolean;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #asked = new Map<string, Asked>();
  /** Until when a SKU is left alone, on the monotonic clock. */
  readonly #quietUntilMs = new Map<string, number>();
  readonly #stopped = new AbortController();
  #running: Promise<void> | undefined;

  constructor(o: {
    gate: Gate;
    book: StockBook;
    rebase: Rebase;
    busy: (skuId: string) => boolean;
    clock: Clock;
    log: Log;
  }) {
    this.#gate = o.gate;
    this.#book = o.book;
    this.#rebase = o.rebase;
    this.#busy = o.busy;
    this.#clock = o.clock;
    this.#log = o.log;
  }

  /** The gate has just refused this SKU for want of units. */
  ask(skuId: string): void {
    if (this.#asked.has(skuId)) return;
    const untilMs = this.#quietUntilMs.get(skuId);
    if (untilMs !== undefined && this.#clock.monotonicMs() < untilMs) return;
    if (this.#asked.size >= ASKED_MAX || this.#stopped.signal.aborted) return;
    this.#asked.set(skuId, { looks: 0, outline: '' });
    this.#running ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#running;
  }

  // Runs while there is anything to look at. The test and the end of the run are one turn, so an ask
  // either finds it running or starts it.
  async #run(): Promise<void> {
    // The other refusals of the same batch come along.
    await Promise.resolve();
    while (this.#asked.size > 0 && !this.#stopped.signal.aborted) {
      await this.#look([...this.#asked.keys()].slice(0, SKUS_PER_LOOK_MAX));
      if (this.#asked.size > 0) await this.#clock.sleep(ZERO_PAUSE_MS, this.#stopped.signal);
    }
    this.#running = undefined;
  }

  async #look(skuIds: readonly string[]): Promise<void> {
    try {
      const sights = await seeBothSides(
        { book: this.#book, gate: this.#gate },
        skuIds,
        this.#clock.nowMs() + LOOK_MS_MAX,
      );
      const lost = sights.filter((sight) => this.#judge(sight)).map((sight) => sight.skuId);
      if (lost.length === 0) return;
      this.#log.warn(
        { skuIds: lost.slice(0, 10), skus: lost.length },
        'gate denies units; rebasing',
      );
      this.#rebase.soon(lost, 'denied_units');
    } catch (error) {
      this.#log.warn({ err: error }, 'gate and arbiter could not be compared');
      for (const skuId of this.#asked.keys()) this.#leave(skuId, REPAIRED_QUIET_MS);
    }
  }

  /** Whether the gate denies units that nobody is moving. */
  #judge({ skuId, stock, level }: Sight): boolean {
    const asked = this.#asked.get(skuId);
    if (asked === undefined) return false;
    // Not loaded: the next request loads it. More than the arbiter has: he refuses, and that repairs.
    if (stock === undefined || level === undefined || stock.available <= level.available) {
      const settled = stock !== undefined && level !== undefined && agree(stock, level);
      this.#leave(skuId, settled ? AGREED_QUIET_MS : QUIET_MS);
      return false;
    }
    const outline = this.#busy(skuId) ? '' : outlineOf(stock, level);
    if (outline !== '' && outline === asked.outline) {
      this.#leave(skuId, REPAIRED_QUIET_MS);
      return true;
    }
    asked.outline = outline;
    asked.looks += 1;
    if (asked.looks >= LOOKS_MAX) this.#leave(skuId, QUIET_MS);
    return false;
  }

  #leave(skuId: string, quietMs: number): void {
    this.#asked.delete(skuId);
    // Taken out first, so that the oldest stand at the front.
    this.#quietUntilMs.delete(skuId);
    if (this.#quietUntilMs.size >= QUIET_MAX) {
      const [oldest] = this.#quietUntilMs.keys();
      if (oldest !== undefined) this.#quietUntilMs.delete(oldest);
    }
    this.#quietUntilMs.set(skuId, this.#clock.monotonicMs() + quietMs);
  }
}
