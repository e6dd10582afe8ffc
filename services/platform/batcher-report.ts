// How well each batcher of this process has batched so far, for the log.

export interface BatcherStats {
  batches: number;
  items: number;
  sizeMax: number;
  refused: number;
}

const everyBatcher = new Set<{ readonly name: string; readonly stats: BatcherStats }>();

export function reportBatcher(batcher: { readonly name: string; readonly stats: BatcherStats }) {
  everyBatcher.add(batcher);
}

export function batcherReport(): Record<string, BatcherStats & { sizeMean: number }> {
  const used = [...everyBatcher].filter(({ stats }) => stats.batches > 0);
  return Object.fromEntries(
    used.map(({ name, stats }) => {
      return [name, { ...stats, sizeMean: Math.round(stats.items / stats.batches) }];
    }),
  );
}
