// Who does what next, dealt out by a seed: new buyers, the same request again, returns, payments and
// deliveries. Every request keeps its id, as the order service does; a second one for the same id
// proposes another order, and must hear of the first.

import type { Random } from '../../demo/random.js';
import type { Attempt, Line, Op } from '../history.js';

/** Shares of the mix; the rest are new requests, some 70 %. */
const RETRY_SHARE = 0.15;
const RELEASE_SHARE = 0.1;
const CONFIRM_SHARE = 0.04;
const RESTOCK_SHARE = 0.01;
/** One request in twelve wants two SKUs, which may lie on two servers. */
const PAIR_SHARE = 1 / 12;
/** Many more buyers than units, and few enough that some of them come again. */
const BUYERS = 5_000;
/** Of the SKUs with a limit, a buyer may hold or have bought so many. */
const USER_LIMIT = 3;
/** Retries reach back this far: a few seconds of a busy run. */
const SETTLED_MAX = 8_192;
const HELD_MAX = 8_192;

export interface SaleSku {
  readonly skuId: string;
  readonly limited: boolean;
}

export class OpMix {
  readonly #random: Random;
  readonly #skus: readonly SaleSku[];
  readonly #tag: string;
  #count = 0;
  /** Requests that were answered, for retries; the oldest are overwritten. */
  readonly #settled: Op[] = [];
  #settledCount = 0;
  /** Granted and neither given back nor paid by us. */
  readonly #held: Op[] = [];

  constructor(o: { random: Random; skus: readonly SaleSku[]; tag: string }) {
    this.#random = o.random;
    this.#skus = o.skus;
    this.#tag = o.tag;
  }

  next(): Op {
    let roll = this.#random.next();
    const within = (share: number) => {
      roll -= share;
      return roll < 0;
    };
    if (within(RETRY_SHARE)) return this.#again() ?? this.newReserve();
    if (within(RELEASE_SHARE)) return this.#close('release') ?? this.newReserve();
    if (within(CONFIRM_SHARE)) return this.#close('confirm') ?? this.newReserve();
    if (within(RESTOCK_SHARE)) return this.#restock();
    return this.newReserve();
  }

  newReserve(sku?: SaleSku): Op {
    const lines = sku === undefined ? this.#lines() : [lineOf(sku, 1)];
    const userId = `${this.#tag}-u${this.#random.below(BUYERS)}`;
    return { verb: 'reserve', ...this.#ids(), userId, lines };
  }

  restock(skuId: string, delta: number): Op {
    const lines = [{ skuId, quantity: delta, userLimit: 0 }];
    return { verb: 'restock', ...this.#ids(), orderId: '', userId: '', lines };
  }

  /** Everything that is still held and that nobody else will give back soon. */
  takeHeld(): Op[] {
    return this.#held.splice(0).map((op) => ({ ...op, verb: 'release' }));
  }

  /** Tells what became of an operation, so that later ones can refer to it. */
  settled(attempt: Attempt): void {
    if (attempt.verb !== 'reserve') return;
    const { id, orderId, userId, lines } = attempt;
    this.#settled[this.#settledCount++ % SETTLED_MAX] = {
      verb: 'reserve',
      id,
      orderId,
      userId,
      lines,
    };
    if (attempt.outcome === 'RESERVED' && this.#held.length < HELD_MAX) {
      this.#held.push({ verb: 'release', id, orderId: attempt.boundOrderId, userId, lines });
    }
  }

  #ids(): { id: string; orderId: string } {
    this.#count += 1;
    return { id: `${this.#tag}-r${this.#count}`, orderId: `${this.#tag}-o${this.#count}` };
  }

  #again(): Op | undefined {
    const earlier = this.#settled[this.#random.below(Math.max(1, this.#settled.length))];
    return earlier && { ...earlier, orderId: this.#ids().orderId };
  }

  #close(verb: 'release' | 'confirm'): Op | undefined {
    const { length } = this.#held;
    if (length === 0) return undefined;
    const [op] = this.#held.splice(this.#random.below(length), 1);
    return op && { ...op, verb };
  }

  /** Adds about what confirms take away for good, so that the sale goes on to the end. */
  #restock(): Op {
    const up = this.#random.chance(2 / 3);
    const delta = up ? 1 + this.#random.below(12) : -1 - this.#random.below(6);
    return this.restock(this.#pick().skuId, delta);
  }

  #lines(): Line[] {
    const first = this.#pick();
    const quantity = this.#random.chance(0.9) ? 1 : 2;
    if (!this.#random.chance(PAIR_SHARE)) return [lineOf(first, quantity)];
    const second = this.#pick();
    return second === first ? [lineOf(first, 1)] : [lineOf(first, 1), lineOf(second, 1)];
  }

  #pick(): SaleSku {
    return this.#skus[this.#random.below(this.#skus.length)] as SaleSku;
  }
}

function lineOf(sku: SaleSku, quantity: number): Line {
  return { skuId: sku.skuId, quantity, userLimit: sku.limited ? USER_LIMIT : 0 };
}
