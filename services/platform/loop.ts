// A background loop: runs at its own pace, never twice at a time, and survives errors. It is either
// running, sleeping (after IDLE or an error) or stopped; wake() only cuts a sleep short.

import { assert } from './assert.js';
import { type Clock, systemClock } from './clock.js';
import type { Log } from './log.js';
import { type Counter, counters } from './telemetry/metrics.js';
import { Throttle } from './throttle.js';

export interface LoopOptions {
  name: string;
  intervalMs: number;
  /** Sleep for intervalMs before the first run. */
  restFirst?: boolean;
  errorDelayMs: number;
  /** MORE runs again at once, IDLE sleeps for intervalMs. The signal aborts on stop(). */
  run: (signal: AbortSignal) => Promise<'MORE' | 'IDLE'>;
  log: Log;
  clock?: Clock;
}

// A dependency that is down for an hour costs 360 lines, not one line per attempt.
const ERROR_LOG_INTERVAL_MS = 10_000;

export class Loop {
  readonly #o: LoopOptions;
  readonly #clock: Clock;
  readonly #stop = new AbortController();
  #sleep = new AbortController();
  #woken = false;
  #done: Promise<void> | undefined;
  readonly #errors: Throttle;
  readonly #failures: Counter;

  constructor(o: LoopOptions) {
    assert(o.intervalMs > 0 && o.errorDelayMs > 0, `${o.name}: a loop needs delays`);
    this.#o = o;
    this.#clock = o.clock ?? systemClock;
    this.#errors = new Throttle(this.#clock, ERROR_LOG_INTERVAL_MS);
    this.#failures = counters('spillway.loop.failures').of(o.name);
  }

  start(): void {
    assert(!this.#done, `${this.#o.name}: started twice`);
    this.#done = this.#forever();
  }

  /** Runs as soon as possible. A wake during a run is remembered, so nothing is missed. */
  wake(): void {
    this.#woken = true;
    this.#sleep.abort();
  }

  /** Resolves when the run in progress has ended. */
  async stop(): Promise<void> {
    this.#stop.abort();
    this.#sleep.abort();
    await this.#done;
  }

  async #forever(): Promise<void> {
    if (this.#o.restFirst) await this.#rest(this.#o.intervalMs);
    while (!this.#stop.signal.aborted) {
      this.#woken = false;
      const delayMs = await this.#once();
      if (delayMs > 0 && !this.#woken) await this.#rest(delayMs);
      else await yieldToOthers();
    }
  }

  async #once(): Promise<number> {
    try {
      const more = await this.#o.run(this.#stop.signal);
      return more === 'MORE' ? 0 : this.#o.intervalMs;
    } catch (error) {
      this.#report(error);
      return this.#o.errorDelayMs;
    }
  }

  async #rest(ms: number): Promise<void> {
    if (this.#stop.signal.aborted) return;
    this.#sleep = new AbortController();
    await this.#clock.sleep(ms, this.#sleep.signal);
  }

  #report(error: unknown): void {
    if (this.#stop.signal.aborted) return;
    this.#failures.add();
    const errors = this.#errors.count();
    if (errors === 0) return;
    this.#o.log.warn({ err: error, loop: this.#o.name, errors }, 'background loop failed');
  }
}

// A loop that always has more must not keep sockets and timers waiting.
function yieldToOthers(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
