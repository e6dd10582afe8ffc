// Batch sizes, as the mesh tells them in its metrics: how many items each batcher has carried in
// how many batches, over all processes. Names lose their server, so that two lanes of one work are
// one line.

export interface Batches {
  readonly items: number;
  readonly batches: number;
}

const LINE = /^spillway_batch_size_(sum|count)\{([^}]*)\} (\S+)$/gm;
const BATCHER = /(?:^|,)batcher="([^"]*)"/;
/** `order.commit.127.0.0.1:3306` and `settle 127.0.0.1:3306`. */
const SERVER = /[ .][^ .]*?(\d+\.\d+\.\d+\.\d+|localhost):\d+$/;

/** By batcher, from the pages of all processes. */
export function readBatches(pages: readonly string[]): Map<string, Batches> {
  const read = new Map<string, Batches>();
  for (const page of pages) {
    for (const [, field, labels = '', value = ''] of page.matchAll(LINE)) {
      const name = (BATCHER.exec(labels)?.[1] ?? '').replace(SERVER, '');
      const before = read.get(name) ?? { items: 0, batches: 0 };
      const key = field === 'sum' ? 'items' : 'batches';
      read.set(name, { ...before, [key]: before[key] + Number(value) });
    }
  }
  return read;
}
