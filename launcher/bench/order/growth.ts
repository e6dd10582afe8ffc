// What an order costs beside more and more past orders. The empty call is measured at each level
// too: minutes lie between them, and a machine changes its pace.
import { withProgress } from '../../demo/progress.js';
import type { OrderGrowthLevel } from '../bench-result.js';
import { figuresOf, limitOf } from '../figures.js';
import type { Lab } from '../lab.js';
import type { MeasureOptions } from '../measure.js';
import { type Measurement, runRounds } from '../rounds.js';
import type { OrderMeasurement } from './measurements.js';
import { PastOrders } from './past-orders.js';
import type { Shop } from './shop.js';

const LEVELS = [0, 500_000, 5_000_000];
const NAMES = ['create_order', 'get_order', 'ship_order'] as const;
type Name = (typeof NAMES)[number];

export interface OrderGrowthOptions extends MeasureOptions {
  readonly rounds: number;
  /** The most past orders that are made. */
  readonly growthRowsMax: number;
}

export async function measureOrderGrowth(
  lab: Lab,
  all: { measurements: readonly OrderMeasurement[]; unit: Measurement<'limit'> },
  o: OrderGrowthOptions,
  shop: Shop,
): Promise<OrderGrowthLevel[]> {
  const past = await PastOrders.open(lab.mysqlUrls);
  const levels: OrderGrowthLevel[] = [];
  const named = (name: Name) =>
    all.measurements.find((each) => each.name === name) as Measurement<Name>;
  const measurements = NAMES.map((name): Measurement<Name> => {
    if (name !== 'get_order') return named(name);
    const load = () => (past.count > 0 ? shop.getOrder(() => past.randomId()) : shop.getOrder());
    return { name, load };
  });
  try {
    for (const level of LEVELS) {
      const orders = Math.min(level, o.growthRowsMax);
      if (levels.length > 0 && orders <= past.count) continue;
      const note = () => `${orders} past orders`;
      await withProgress({ name: 'Filling', total: 1, done: () => 0, note }, () =>
        past.upTo(orders),
      );
      const samples = await runRounds([all.unit, ...measurements], o);
      const limit = limitOf(samples.limit);
      levels.push({
        past_orders: past.count,
        ...(limit === undefined ? {} : { limit }),
        create_order: figuresOf(samples.create_order, limit),
        get_order: figuresOf(samples.get_order, limit),
        ship_order: figuresOf(samples.ship_order, limit),
      });
    }
    return levels;
  } finally {
    await past.close();
  }
}
