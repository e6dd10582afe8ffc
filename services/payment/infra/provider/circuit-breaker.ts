// Stops asking somebody who does not answer. Closed: calls pass. After `failuresMax` failures in a row it
// opens: calls are refused at once. After `openMs` one call is let through as a probe; its success closes
// the breaker, its failure opens it again.

import type { Clock } from '../../../platform/clock.js';
import { gauges } from '../../../platform/telemetry/metrics.js';

export interface CircuitBreakerOptions {
  readonly failuresMax: number;
  readonly openMs: number;
  /** A probe that is not answered by then no longer keeps others from probing. */
  readonly probeMsMax: number;
  readonly clock: Clock;
  /** Told when it opens and when it closes, not at every call. */
  readonly onChange?: (opened: boolean) => void;
}

export class CircuitBreaker {
  readonly #o: CircuitBreakerOptions;
  #failures = 0;
  #closedFromMs = 0;

  constructor(o: CircuitBreakerOptions) {
    this.#o = o;
    gauges('spillway.payment.provider.down')
      .of()
      .observe(() => (this.#failures >= o.failuresMax ? 1 : 0));
  }

  /** Whether a call would be let through now; takes nothing. */
  passable(): boolean {
    return this.#failures < this.#o.failuresMax || this.#now() >= this.#closedFromMs;
  }

  /** Call before each attempt; after true, say how it went. */
  enter(): boolean {
    if (!this.passable()) return false;
    const probing = this.#failures >= this.#o.failuresMax;
    if (probing) this.#closedFromMs = this.#now() + this.#o.probeMsMax;
    return true;
  }

  succeeded(): void {
    const opened = this.#failures >= this.#o.failuresMax;
    this.#failures = 0;
    if (opened) this.#o.onChange?.(false);
  }

  failed(): void {
    this.#failures += 1;
    if (this.#failures < this.#o.failuresMax) return;
    this.#closedFromMs = this.#now() + this.#o.openMs;
    if (this.#failures === this.#o.failuresMax) this.#o.onChange?.(true);
  }

  #now(): number {
    return this.#o.clock.monotonicMs();
  }
}
