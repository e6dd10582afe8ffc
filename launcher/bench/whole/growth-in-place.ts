// What an order costs when it has more lines, when there are more SKUs or more buyers, and beside
// more and more past orders: all of it in one lab, each beside the empty call.
import { withProgress } from '../../demo/progress.js';
import type { GrowthDimension, GrowthPoint } from '../bench-result.js';
import { figuresOf, limitOf } from '../figures.js';
import { skuName } from '../inventory/fill.js';
import type { Lab } from '../lab.js';
import type { Load } from '../measure.js';
import { quietly } from '../order/measurements.js';
import { CreateTemplate } from '../order/messages.js';
import { PastOrders } from '../order/past-orders.js';
import type { Shop } from '../order/shop.js';
import { type Measurement, type RoundOptions, runRounds } from '../rounds.js';
import type { Scene } from './scene.js';

/** The contract's limit is 20. */
const LINES = [1, 5, 20];
const SKUS = [1, 100, 2_000];
const USERS = [100, 10_000, 1_000_000];
/** A table that no longer fits into anything small; the long form goes on from there. */
const PAST_ORDERS = [64_000, 500_000, 5_000_000];
const PAST_ORDERS_SHORT = 64_000;
/** Calls to put offers, each followed by a restock. */
const OFFERS_AT_ONCE = 32;
/** The path itself is warm by now. */
const WARM_UP_OPERATIONS = 2_000;

export interface GrowthOptions extends RoundOptions {
  /** The most past orders; 0 for the short form. */
  readonly growthRowsMax: number;
}

interface Variant {
  readonly dimension: GrowthDimension;
  readonly value: number;
  readonly load: () => Load;
}

export async function measureGrowthInPlace(
  lab: Lab,
  scene: Scene,
  o: GrowthOptions,
): Promise<GrowthPoint[]> {
  const measuring = { ...o, title: 'Growth', warmUpOperations: WARM_UP_OPERATIONS };
  const variants = await makeVariants(scene.shop);
  const points = await measureVariants(variants, scene, measuring);
  return [...points, ...(await besidePastOrders(lab, scene, measuring))];
}

async function makeVariants(shop: Shop): Promise<Variant[]> {
  const lineSkus = Array.from({ length: Math.max(...LINES) }, (_, i) => `bench-line-${i}`);
  const skus = Array.from({ length: Math.max(...SKUS) }, (_, i) => skuName(i + 1));
  await putOffers(shop, [...lineSkus, ...skus]);
  const variant = (dimension: GrowthDimension, value: number, template: CreateTemplate) => ({
    dimension,
    value,
    load: () => shop.createLike(template),
  });
  const skuIds = skus.slice(0, 1);
  const names = skus.map((name) => Buffer.from(name, 'latin1'));
  return [
    ...LINES.map((lines) => {
      return variant('lines', lines, new CreateTemplate({ skuIds: lineSkus.slice(0, lines) }));
    }),
    ...SKUS.map((count) => {
      const writeSku = (bytes: Buffer, at: number) =>
        void names[Math.floor(Math.random() * count)]?.copy(bytes, at);
      return variant('skus', count, new CreateTemplate({ skuIds, writeSku }));
    }),
    ...USERS.map((users) => variant('users', users, new CreateTemplate({ skuIds, users }))),
  ];
}

async function putOffers(shop: Shop, skuIds: readonly string[]): Promise<void> {
  let next = 0;
  let done = 0;
  const put = async () => {
    for (;;) {
      const skuId = skuIds[next++];
      if (skuId === undefined) return;
      await shop.offer(skuId);
      done++;
    }
  };
  const progress = { name: 'Offers', total: skuIds.length, done: () => done, note: () => '' };
  await withProgress(progress, async () => {
    await Promise.all(Array.from({ length: OFFERS_AT_ONCE }, put));
  });
}

async function measureVariants(
  variants: readonly Variant[],
  { unit, quiet }: Scene,
  o: RoundOptions,
): Promise<GrowthPoint[]> {
  const nameOf = ({ dimension, value }: Variant) => `${dimension} ${value}`;
  const measurements: Measurement<string>[] = variants.map((variant) =>
    quietly(nameOf(variant), quiet, variant.load),
  );
  const samples = await runRounds([unit.measurement, ...measurements], o);
  const limit = limitOf(samples['limit'] ?? []);
  return variants.map((variant) => ({
    dimension: variant.dimension,
    value: variant.value,
    ...(limit === undefined ? {} : { limit }),
    create_order: figuresOf(samples[nameOf(variant)] ?? [], limit),
  }));
}

async function besidePastOrders(lab: Lab, scene: Scene, o: GrowthOptions): Promise<GrowthPoint[]> {
  const load = () => scene.shop.createOrder();
  const measureBeside = (value: number) =>
    measureVariants([{ dimension: 'past_orders', value, load }], scene, o);
  const past = await PastOrders.open(lab.mysqlUrls);
  const points = await measureBeside(0);
  try {
    const most = o.growthRowsMax === 0 ? PAST_ORDERS_SHORT : o.growthRowsMax;
    for (const level of PAST_ORDERS) {
      const count = Math.min(level, most);
      if (count <= past.count) break;
      const note = () => `${count} past orders`;
      const progress = { name: 'Filling', total: 1, done: () => 0, note };
      await withProgress(progress, () => past.upTo(count));
      points.push(...(await measureBeside(past.count)));
    }
    return points;
  } finally {
    await past.close();
  }
}
