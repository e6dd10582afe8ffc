// What every part of the benchmark is told.

export interface BenchOptions {
  /** As it was typed, for whoever reads the result. */
  readonly command: string;
  readonly seconds: number;
  readonly rounds: number;
  /** The most rows that the measurement of growth makes of a kind; 0 leaves the long form out. */
  readonly growthRowsMax: number;
}
