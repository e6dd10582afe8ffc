// The order service's part of the benchmark from beginning to end: a lab with the whole mesh, all
// measurements in turn, and, when asked for, some of them beside millions of past orders.
import type { Steps } from '../../steps.js';
import type { OrderBenchResult, OrderFigures } from '../bench-result.js';
import { figuresOf, limitOf, othersMax } from '../figures.js';
import { type Lab, withLab } from '../lab.js';
import { describeMachine } from '../machine.js';
import { runRounds } from '../rounds.js';
import type { BenchOptions } from '../run-bench.js';
import { measureOrderGrowth } from './growth.js';
import { orderMeasurements } from './measurements.js';
import { Quiet } from './quiet.js';
import { Shop } from './shop.js';

export type OrderBenchOptions = Omit<BenchOptions, 'liveReservations'>;

export async function runOrderBench(o: OrderBenchOptions, steps: Steps): Promise<OrderBenchResult> {
  return await withLab('order', steps, (lab, signal) => benchOrder(lab, o, signal));
}

async function benchOrder(
  lab: Lab,
  o: OrderBenchOptions,
  signal: AbortSignal,
): Promise<OrderBenchResult> {
  const machine = await describeMachine(lab);
  const shop = new Shop(lab);
  const quiet = await Quiet.open(lab.mysqlUrls);
  try {
    await shop.open();
    const measuring = { ...o, processes: lab.processes, signal };
    const measurements = orderMeasurements(shop, () => quiet.wait(signal));
    const { samples, emptyCalls } = await runRounds(measurements, { ...measuring, unit: true });
    const limit = limitOf(emptyCalls);
    const figures = Object.fromEntries(
      measurements.map(({ name }) => [name, figuresOf(samples[name], limit)]),
    ) as unknown as OrderFigures;
    const growth =
      o.growthRowsMax === 0 ? [] : await measureOrderGrowth(lab, measurements, measuring, shop);
    const others = othersMax(Object.values(samples).flat());
    return {
      machine,
      options: { seconds: o.seconds, rounds: o.rounds },
      ...(others === undefined ? {} : { others_share_max: others }),
      ...(limit === undefined ? {} : { limit }),
      ...figures,
      growth,
    };
  } finally {
    quiet.close();
    shop.close();
  }
}
