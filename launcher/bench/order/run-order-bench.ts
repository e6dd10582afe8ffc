// The order service's part of the benchmark from beginning to end: a lab with the whole mesh, all
// measurements in turn, the promises at an open rate, and, when asked for, some beside millions of
// past orders.
import type { Steps } from '../../steps.js';
import type { BenchOptions } from '../bench-options.js';
import type { OrderBenchResult, OrderFigures } from '../bench-result.js';
import { figuresOf, limitOf } from '../figures.js';
import { type Lab, type LabOptions, withLab } from '../lab.js';
import { openLimit } from '../limit.js';
import { describeMachine, readVersions } from '../machine.js';
import { runRounds } from '../rounds.js';
import { measureOrderGrowth } from './growth.js';
import { orderMeasurements } from './measurements.js';
import { measurePromises } from './promises.js';
import { Quiet } from './quiet.js';
import { CALLS, Shop } from './shop.js';

const LAB: LabOptions = { programs: ['order', 'inventory', 'payment'] };

export async function runOrderBench(o: BenchOptions, steps: Steps): Promise<OrderBenchResult> {
  return await withLab(LAB, steps, (lab, signal) => benchOrder(lab, o, signal));
}

async function benchOrder(
  lab: Lab,
  o: BenchOptions,
  signal: AbortSignal,
): Promise<OrderBenchResult> {
  const versions = await readVersions(lab);
  const shop = new Shop(lab);
  const quiet = await Quiet.open(lab.mysqlUrls);
  let closeUnit = () => {};
  try {
    await shop.open();
    const unit = await openLimit({ ...(await shop.messageBytes()), concurrency: CALLS, signal });
    closeUnit = () => unit.close();
    const measuring = { ...o, processes: lab.processes, signal };
    const calm = () => quiet.wait(signal);
    const measurements = orderMeasurements(shop, calm);
    const samples = await runRounds([unit.measurement, ...measurements], measuring);
    const limit = limitOf(samples.limit);
    const figures = Object.fromEntries(
      measurements.map(({ name }) => [name, figuresOf(samples[name], limit)]),
    ) as unknown as OrderFigures;
    const openLoop = await measurePromises(shop, calm, measuring);
    const growing = { measurements, unit: unit.measurement };
    const growth =
      o.growthRowsMax === 0 ? [] : await measureOrderGrowth(lab, growing, measuring, shop);
    return {
      machine: describeMachine(Object.values(samples).flat()),
      versions,
      options: { command: o.command, seconds: o.seconds, rounds: o.rounds },
      ...(limit === undefined ? {} : { limit }),
      ...figures,
      open_loop: openLoop,
      growth,
    };
  } finally {
    closeUnit();
    quiet.close();
    shop.close();
  }
}
