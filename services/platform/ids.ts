// Makes 63-bit ids without asking anybody: 41 bits of milliseconds since 2026, 6 bits of gene (the
// shard), 8 bits of leased worker id, 8 bits of sequence. 41 bits last until 2095.
//
// Invariant: (milliseconds, worker, sequence) is used at most once, whatever the gene. Time only
// moves forward here even when the clock steps back, and stays inside the lease, which is the part
// of time in which nobody else has the same worker id.

import { assert } from './assert.js';
import type { Clock } from './clock.js';

/** A worker id together with the span of id time that belongs to its holder alone. */
export interface IdLease {
  workerId: number;
  /** First usable millisecond, later than anything a former holder may have used. */
  fromMs: number;
  /** Last usable millisecond. */
  untilMs: number;
}

/** No id can be made now without the risk of a duplicate. Nothing was used up. */
export class ClockError extends Error {
  override readonly name = 'ClockError';
}

export const ID_EPOCH_MS = Date.UTC(2026, 0, 1);
export const WORKERS = 256;

const TIME_SHIFT = 22n;
const WORKER_SHIFT = 8n;
const GENES = 64;
const SEQUENCES = 256;
const ID_MAX = 2n ** 63n - 1n;
const TIME_MAX_MS = 2 ** 41 - 1;

// Time daemons step by a few milliseconds; more than this means that the clock is broken, and ids
// would drift away from the time at which they were made.
const ROLLBACK_MS_MAX = 50;

export class IdSource {
  readonly #clock: Clock;
  readonly #lease: () => IdLease;
  #clockMaxMs = 0;
  #lastMs = 0;
  #sequence = 0;

  constructor(o: { clock: Clock; lease: () => IdLease }) {
    this.#clock = o.clock;
    this.#lease = o.lease;
  }

  /** Throws ClockError when the lease has run out or the clock stepped back too far. */
  next(gene: number): bigint {
    assert(Number.isInteger(gene) && gene >= 0 && gene < GENES, 'the gene has 6 bits');
    const lease = this.#lease();
    const atMs = Math.max(this.#readClock(), this.#lastMs, lease.fromMs);
    const overflow = atMs === this.#lastMs && this.#sequence === SEQUENCES - 1;
    const ms = overflow ? atMs + 1 : atMs;
    if (ms > lease.untilMs) throw new ClockError('the worker lease has run out');
    this.#sequence = ms === this.#lastMs ? this.#sequence + 1 : 0;
    this.#lastMs = ms;
    return compose(ms, gene, lease.workerId, this.#sequence);
  }

  #readClock(): number {
    const nowMs = this.#clock.nowMs();
    if (nowMs > this.#clockMaxMs) this.#clockMaxMs = nowMs;
    else if (nowMs < this.#clockMaxMs - ROLLBACK_MS_MAX) {
      throw new ClockError(`the clock stepped back by ${this.#clockMaxMs - nowMs} ms`);
    }
    return nowMs;
  }
}

function compose(ms: number, gene: number, workerId: number, sequence: number): bigint {
  const time = ms - ID_EPOCH_MS;
  assert(time > 0 && time <= TIME_MAX_MS, 'the clock is outside 2026..2095');
  const low = gene * 2 ** 16 + workerId * 2 ** 8 + sequence;
  return (BigInt(time) << TIME_SHIFT) | BigInt(low);
}

/** By number arithmetic from the low bits: asked many times for each order, and BigInt takes twice as long. */
export function geneOf(id: bigint): number {
  return (Number(BigInt.asUintN(22, id)) >>> 16) & 63;
}

export function workerOf(id: bigint): number {
  return Number((id >> WORKER_SHIFT) & 255n);
}

/** When the id was made, in milliseconds since 1970. */
export function timeOf(id: bigint): number {
  return Number(id >> TIME_SHIFT) + ID_EPOCH_MS;
}

/** Reads decimal text, 1 to 2^63-1 without leading zeros; anything else is undefined. */
export function parseId(text: string): bigint | undefined {
  if (!/^[1-9][0-9]{0,18}$/.test(text)) return undefined;
  const id = BigInt(text);
  return id <= ID_MAX ? id : undefined;
}
