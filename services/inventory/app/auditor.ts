// Compares the gate with the arbiter and repairs what differs.
//
// A difference alone proves nothing: units are in flight between the two. A difference that stands
// still, seen twice with the same numbers on both sides, has nobody working on it: rebase. A SKU
// that the gate calls sold out is looked at first, because there a difference costs sales at once.

import type { Clock } from '../../platform/clock.js';
import type { Log } from '../../platform/log.js';
import type { StockRow } from '../domain/stock.js';
import type { Gate, GateLevel, StockBook } from './ports.js';
import type { Rebase } from './rebase.js';

/** 500 SKUs a look are one query per server and one round trip to Redis. */
const SKUS_PER_LOOK_MAX = 500;
/** A memory bound on the SKUs that this process watches; the oldest are forgotten first. */
const SKUS_MAX = 100_000;
const LOOK_MS_MAX = 2_000;

export class Auditor {
  readonly #gate: Gate;
  readonly #book: StockBook;
  readonly #rebase: Rebase;
  readonly #clock: Clock;
  readonly #log: Log;
  /** SKUs that this process has worked on. */
  readonly #warm = new Set<string>();
  /** What a suspicious SKU looked like the last time. */
  readonly #suspects = new Map<string, string>();
  #cursor = 0;

  constructor(o: { gate: Gate; book: StockBook; rebase: Rebase; clock: Clock; log: Log }) {
    this.#gate = o.gate;
    this.#book = o.book;
    this.#rebase = o.rebase;
    this.#clock = o.clock;
    this.#log = o.log;
    o.book.onChange((skuIds) => {
      for (const skuId of skuIds) this.watch(skuId);
    });
  }

  watch(skuId: string): void {
    if (this.#warm.has(skuId)) return;
    if (this.#warm.size >= SKUS_MAX) {
      const [oldest] = this.#warm;
      if (oldest !== undefined) this.#warm.delete(oldest);
    }
    this.#warm.add(skuId);
  }

  /** One look: all suspects, then as many other SKUs as fit. */
  async look(): Promise<void> {
    const skuIds = this.#choose();
    if (skuIds.length === 0) return;
    const stocks = await this.#book.stocks(skuIds, this.#clock.nowMs() + LOOK_MS_MAX);
    const levels = await this.#gate.levels(stocks);
    const drifted = stocks.filter((stock, i) => this.#judge(stock, levels[i]));
    if (drifted.length === 0) return;
    this.#log.warn({ skuIds: drifted.map((stock) => stock.skuId) }, 'redis drifted; rebasing');
    this.#rebase.soon(drifted.map((stock) => stock.skuId));
  }

  #choose(): string[] {
    const warm = [...this.#warm];
    const from = this.#cursor >= warm.length ? 0 : this.#cursor;
    const next = warm.slice(from, from + SKUS_PER_LOOK_MAX);
    this.#cursor = from + next.length;
    return [...new Set([...this.#suspects.keys(), ...next])].slice(0, 2 * SKUS_PER_LOOK_MAX);
  }

  #judge(stock: StockRow, level: GateLevel | undefined): boolean {
    const { skuId } = stock;
    // Not loaded is no drift: the next request loads it.
    const same =
      level === undefined || (level.epoch === stock.epoch && level.available === stock.available);
    if (same) {
      this.#suspects.delete(skuId);
      return false;
    }
    const sight = [stock.epoch, stock.version, level.epoch, level.seq, level.available].join(' ');
    if (this.#suspects.get(skuId) !== sight) {
      this.#suspects.set(skuId, sight);
      return false;
    }
    this.#suspects.delete(skuId);
    return true;
  }
}
