// Counts the calls that handlers are busy with and refuses more than a fixed number, so that an
// overload is told to callers at once instead of growing a queue that nobody sees.

import { gauges } from '../telemetry/metrics.js';

export class Admission {
  readonly #max: number;
  #busy = 0;

  constructor(max: number) {
    this.#max = max;
  }

  enter(): boolean {
    if (this.#busy >= this.#max) return false;
    this.#busy += 1;
    return true;
  }

  leave(): void {
    this.#busy -= 1;
  }

  /** Shows how busy and how bounded it is. */
  meter(kind: string): void {
    gauges('spillway.rpc.active')
      .of(kind)
      .observe(() => this.#busy);
    gauges('spillway.rpc.limit')
      .of(kind)
      .observe(() => this.#max);
  }
}
