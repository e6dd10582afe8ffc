// What a reservation costs beside more and more that already exists: SKUs on sale, and reservations
// of the past. Requests are spread over at most 10,000 SKUs, however many there are, so that levels
// differ in what lies around them and in nothing else.
import { withProgress } from '../../demo/progress.js';
import type { GrowthLevel, Limit } from '../bench-result.js';
import { figuresOf } from '../figures.js';
import type { Lab } from '../lab.js';
import type { Load, MeasureOptions } from '../measure.js';
import { type Measurement, runRounds } from '../rounds.js';
import { Fill, SKU_LENGTH, skuName } from './fill.js';
import { ReserveTemplate } from './messages.js';
import type { Sale } from './sale.js';

const LEVELS = [
  { skus: 1_000, past: 0 },
  { skus: 100_000, past: 0 },
  { skus: 1_000_000, past: 0 },
  { skus: 1_000_000, past: 10_000 },
  { skus: 1_000_000, past: 500_000 },
  { skus: 1_000_000, past: 5_000_000 },
];
const SPREAD_SKUS_MAX = 10_000;
const ITEMS = 500;
const CALLS = 4;

export interface GrowthOptions extends MeasureOptions {
  readonly rounds: number;
  /** The most rows that are made of a kind. */
  readonly growthRowsMax: number;
}

export async function measureGrowth(
  sale: Sale,
  lab: Lab,
  o: GrowthOptions,
  limit: Limit | undefined,
): Promise<GrowthLevel[]> {
  const fill = await Fill.open(lab.mysqlUrls);
  const levels: GrowthLevel[] = [];
  try {
    for (const level of LEVELS) {
      const skus = Math.min(level.skus, o.growthRowsMax);
      const past = Math.min(level.past, o.growthRowsMax);
      if (levels.length > 0 && skus === fill.skus && past === fill.past) continue;
      await fillUpTo(fill, skus, past);
      levels.push(await measureLevel(sale, fill, o, limit));
    }
    return levels;
  } finally {
    await fill.close();
  }
}

async function fillUpTo(fill: Fill, skus: number, past: number): Promise<void> {
  const note = () => `${skus} SKUs, ${past} past reservations`;
  await withProgress({ name: 'Filling', total: 1, done: () => 0, note }, async () => {
    await fill.skusUpTo(skus);
    await fill.pastUpTo(past);
  });
}

async function measureLevel(
  sale: Sale,
  fill: Fill,
  o: GrowthOptions,
  limit: Limit | undefined,
): Promise<GrowthLevel> {
  const spread = new SpreadLoad(sale, fill.skus);
  // The first request for a SKU loads it into Redis; that is not what is measured here.
  await spread.touchAll(o.signal);
  const measurements: Measurement<'reserve_spread' | 'reserve_hot' | 'confirm'>[] = [
    { name: 'reserve_spread', load: () => spread.load() },
    { name: 'reserve_hot', load: () => sale.reserveHot() },
    { name: 'confirm', load: () => sale.confirm() },
  ];
  const samples = await runRounds(measurements, o);
  return {
    skus: fill.skus,
    past_reservations: fill.past,
    reserve_spread: figuresOf(samples.reserve_spread, limit),
    reserve_hot: figuresOf(samples.reserve_hot, limit),
    confirm: figuresOf(samples.confirm, limit),
  };
}

class SpreadLoad {
  readonly #sale: Sale;
  readonly #names: readonly Buffer[];
  readonly #template = new ReserveTemplate({ items: ITEMS, skuId: { length: SKU_LENGTH } });

  constructor(sale: Sale, skus: number) {
    this.#sale = sale;
    const count = Math.min(skus, SPREAD_SKUS_MAX);
    // Evenly over all there are, so that their rows lie on as many pages as they can.
    const step = skus / count;
    this.#names = Array.from({ length: count }, (_, i) =>
      Buffer.from(skuName(1 + Math.floor(i * step)), 'latin1'),
    );
  }

  load(): Load {
    return { concurrency: CALLS, call: () => this.#call(() => this.#random()) };
  }

  async touchAll(signal: AbortSignal): Promise<void> {
    for (let from = 0; from < this.#names.length; from += ITEMS) {
      signal.throwIfAborted();
      let next = from;
      await this.#call(() => this.#names[next++ % this.#names.length] as Buffer);
    }
  }

  #call(pick: () => Buffer): Promise<number> {
    return this.#sale.reserve(this.#template.next((bytes, at) => pick().copy(bytes, at)));
  }

  #random(): Buffer {
    return this.#names[Math.floor(Math.random() * this.#names.length)] as Buffer;
  }
}
