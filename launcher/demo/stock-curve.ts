// Watches the hot SKU's stock during the rush and draws it: units left over time, as a terminal
// can.
import type { MeshClients } from './clients.js';

export interface StockSample {
  /** Since the rush began. */
  readonly atMs: number;
  readonly available: number;
}

const SAMPLE_MS = 20;
const CALL_MS_MAX = 1_000;

/** Samples until stopped. A look that fails is left out: the curve is a picture, not a proof. */
export function watchStock(clients: MeshClients, skuId: string) {
  const samples: StockSample[] = [];
  const startMs = performance.now();
  const stopped = new AbortController();
  const { signal } = stopped;
  const running = (async () => {
    while (!signal.aborted) {
      const atMs = performance.now() - startMs;
      const deadlineMs = Date.now() + CALL_MS_MAX;
      const sight = await clients.stock.getStock({ skuId }, { deadlineMs }).catch(() => undefined);
      if (sight?.stock) samples.push({ atMs, available: Number(sight.stock.available) });
      await new Promise((resolve) => setTimeout(resolve, SAMPLE_MS));
    }
  })();
  return {
    samples,
    get latest() {
      return samples.at(-1)?.available;
    },
    async stop() {
      stopped.abort();
      await running;
    },
  };
}

const EIGHTHS = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/** A block plot, `height` lines, whose x axis ends a while after the stock first reached zero. */
export function drawStock(
  samples: readonly StockSample[],
  units: number,
  o: { width: number; height: number },
): string[] {
  const last = samples.at(-1);
  if (last === undefined || units <= 0) return [];
  const emptyMs = samples.find((sample) => sample.available === 0)?.atMs ?? last.atMs;
  const endMs = Math.max(1, Math.min(last.atMs, emptyMs * 1.6));
  const columns = resample(samples, endMs, o.width, units);
  const rows: string[] = [];
  for (let row = o.height - 1; row >= 0; row--) {
    const cells = columns.map((level) => {
      const filled = level * o.height * 8 - row * 8;
      return EIGHTHS[Math.max(0, Math.min(8, Math.ceil(filled)))] ?? ' ';
    });
    const label = row === o.height - 1 ? String(units) : row === 0 ? '0' : '';
    rows.push(`${label.padStart(7)} ┤${cells.join('').trimEnd()}`);
  }
  const end = `${(endMs / 1000).toFixed(2)} s`;
  rows.push(`        └${'─'.repeat(o.width)}`);
  rows.push(`         0${end.padStart(o.width - 1)}`);
  return rows;
}

/** The stock at the middle of each column's time, 0..1 of all units. */
function resample(
  samples: readonly StockSample[],
  endMs: number,
  width: number,
  units: number,
): number[] {
  const columns: number[] = [];
  let i = 0;
  for (let column = 0; column < width; column++) {
    const atMs = ((column + 0.5) / width) * endMs;
    while (i + 1 < samples.length && (samples[i + 1]?.atMs ?? 0) <= atMs) i++;
    columns.push(Math.min(1, (samples[i]?.available ?? 0) / units));
  }
  return columns;
}
