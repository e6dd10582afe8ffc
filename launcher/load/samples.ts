// Looks at the mesh while k6 works: how many units are left, and what its batchers have carried so
// far.
import { setTimeout as sleep } from 'node:timers/promises';
import { connectMesh, type MeshClients } from '../demo/clients.js';
import type { MeshStatus } from '../mesh.js';
import { type Batches, readBatches } from './batch-sizes.js';

export interface StockSample {
  readonly atMs: number;
  /** Units of the watched SKUs that can be bought. */
  readonly available: number;
}

export interface BatchSample {
  readonly atMs: number;
  /** Since the processes started, by batcher. */
  readonly batchers: ReadonlyMap<string, Batches>;
}

export interface Samples {
  readonly stock: readonly StockSample[];
  readonly batches: readonly BatchSample[];
}

/** Four looks and one page per process and second: nothing beside hundreds of calls. */
const STOCK_EVERY_MS = 250;
const BATCHES_EVERY_MS = 1_000;
const LOOK_MS_MAX = 2_000;

/** A look that fails leaves a gap: it is a picture, not a proof. */
export function watchMesh(mesh: MeshStatus, skuIds: readonly string[]) {
  const clients = connectMesh(mesh.services);
  const stock: StockSample[] = [];
  const batches: BatchSample[] = [];
  const stopping = new AbortController();
  const often = async (everyMs: number, look: () => Promise<void>) => {
    while (!stopping.signal.aborted) {
      await look().catch(() => {});
      await sleep(everyMs, undefined, { signal: stopping.signal }).catch(() => {});
    }
  };
  const running = Promise.all([
    often(STOCK_EVERY_MS, async () => {
      const available = await readAvailable(clients, skuIds);
      stock.push({ atMs: Date.now(), available });
    }),
    often(BATCHES_EVERY_MS, async () => {
      const batchers = readBatches(await readPages(Object.values(mesh.metrics)));
      batches.push({ atMs: Date.now(), batchers });
    }),
  ]);
  return {
    samples: { stock, batches } satisfies Samples,
    async stop() {
      stopping.abort();
      await running;
      clients.close();
    },
  };
}

async function readAvailable(clients: MeshClients, skuIds: readonly string[]): Promise<number> {
  const options = { deadlineMs: Date.now() + LOOK_MS_MAX };
  const { stocks } = await clients.stock.batchGetStock({ skuIds: [...skuIds] }, options);
  return stocks.reduce((sum, level) => sum + Number(level.available), 0);
}

async function readPages(addresses: readonly string[]): Promise<string[]> {
  const signal = AbortSignal.timeout(LOOK_MS_MAX);
  return await Promise.all(
    addresses.map(async (address) => {
      const response = await fetch(`http://${address}/metrics`, { signal });
      return await response.text();
    }),
  );
}
