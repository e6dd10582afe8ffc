// Keeps a failure that repeats thousands of times from filling the log: lets one report through per
// interval, and says how many it stands for.

import type { Clock } from './clock.js';

export class Throttle {
  readonly #clock: Clock;
  readonly #intervalMs: number;
  #lastMs = Number.NEGATIVE_INFINITY;
  #held = 0;

  constructor(clock: Clock, intervalMs: number) {
    this.#clock = clock;
    this.#intervalMs = intervalMs;
  }

  /** Counts one event; answers how many to report now, or 0 to keep quiet. */
  count(): number {
    this.#held += 1;
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - this.#lastMs < this.#intervalMs) return 0;
    const held = this.#held;
    this.#lastMs = nowMs;
    this.#held = 0;
    return held;
  }
}
