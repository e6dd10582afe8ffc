// Time as a parameter. Everything that waits or compares times takes a Clock, so a test moves time
// by hand and nothing else in the program asks the machine what time it is.

export interface Clock {
  /** Wall clock, milliseconds since 1970. May step back. */
  nowMs(): number;
  /** Never steps back; only differences mean anything. */
  monotonicMs(): number;
  /** Resolves after `ms`, or as soon as the signal aborts; it never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const wake = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', wake);
        resolve();
      };
      const timer = setTimeout(wake, ms);
      signal?.addEventListener('abort', wake, { once: true });
    }),
};

interface Sleeper {
  readonly dueMs: number;
  readonly wake: () => void;
}

/** A clock that stands still until a test advances it. */
export class ManualClock implements Clock {
  #nowMs: number;
  #monotonicMs = 0;
  #sleepers: Sleeper[] = [];

  constructor(startMs = Date.UTC(2026, 5, 1)) {
    this.#nowMs = startMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  monotonicMs(): number {
    return this.#monotonicMs;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const wake = () => {
        this.#sleepers = this.#sleepers.filter((other) => other !== sleeper);
        signal?.removeEventListener('abort', wake);
        resolve();
      };
      const sleeper = { dueMs: this.#monotonicMs + ms, wake };
      this.#sleepers.push(sleeper);
      signal?.addEventListener('abort', wake, { once: true });
    });
  }

  /** Moves both clocks forward, waking sleepers in the order in which they are due. */
  async advance(ms: number): Promise<void> {
    const endMs = this.#monotonicMs + ms;
    await turn();
    for (let next = this.#nextDue(endMs); next; next = this.#nextDue(endMs)) {
      this.#move(Math.max(0, next.dueMs - this.#monotonicMs));
      next.wake();
      await turn();
    }
    this.#move(endMs - this.#monotonicMs);
    await turn();
  }

  /** Steps the wall clock alone, as an operator or a time daemon does. */
  stepWallClock(ms: number): void {
    this.#nowMs += ms;
  }

  #move(ms: number): void {
    this.#nowMs += ms;
    this.#monotonicMs += ms;
  }

  #nextDue(endMs: number): Sleeper | undefined {
    return this.#sleepers
      .filter((sleeper) => sleeper.dueMs <= endMs)
      .sort((a, b) => a.dueMs - b.dueMs)[0];
  }
}

// Lets everything that is ready to run, run: pending promises and immediates.
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
