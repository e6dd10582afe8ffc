// Counts what one batcher does. Batchers of one name, as tests make them, share their series.

import { counters, gauges, type Histogram, histograms } from './metrics.js';

interface Metered {
  readonly name: string;
  readonly stats: { readonly refused: number };
}

export class BatchMeter {
  readonly #sizes: Histogram;
  readonly #durations: Histogram;

  constructor(of: Metered, waiting: () => number) {
    const { name, stats } = of;
    this.#sizes = histograms('spillway.batch.size').of(name);
    this.#durations = histograms('spillway.batch.duration').of(name);
    gauges('spillway.batch.waiting').of(name).observe(waiting);
    counters('spillway.batch.refused')
      .of(name)
      .observe(() => stats.refused);
  }

  ran(size: number, durationMs: number): void {
    this.#sizes.record(size);
    this.#durations.record(durationMs / 1_000);
  }
}
