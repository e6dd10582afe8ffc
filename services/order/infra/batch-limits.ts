// The bounds of one queue whose items travel in batches; what each means is told by the batcher.

export interface BatchLimits {
  readonly itemsMax: number;
  readonly queueMax: number;
  readonly ageMsMax: number;
  readonly concurrency: number;
}
