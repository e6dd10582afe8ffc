// What an order costs with more processes, more Redis masters or fewer MySQL servers. Each needs a
// lab of its own, so each has an empty call of its own beside it.
import type { Steps } from '../../steps.js';
import type { BenchOptions } from '../bench-options.js';
import type { GrowthDimension, GrowthPoint } from '../bench-result.js';
import { figuresOf, limitOf } from '../figures.js';
import { type Lab, type LabOptions, withLab } from '../lab.js';
import { openLimit } from '../limit.js';
import { quietly } from '../order/measurements.js';
import { Quiet } from '../order/quiet.js';
import { CALLS, Shop } from '../order/shop.js';
import { runRounds } from '../rounds.js';

interface Topology {
  readonly dimension: GrowthDimension;
  readonly value: number;
  readonly lab: Omit<LabOptions, 'programs'>;
}

/** The first one is what all the others are compared with: it counts in each dimension. */
const PLAIN: Topology = { dimension: 'processes', value: 3, lab: {} };
const PLAIN_AS: readonly (readonly [GrowthDimension, number])[] = [
  ['processes', 3],
  ['redis_masters', 1],
  ['mysql_servers', 2],
];
const OTHERS: readonly Topology[] = [
  { dimension: 'processes', value: 6, lab: { size: { order: 2, inventory: 2, payment: 2 } } },
  { dimension: 'redis_masters', value: 3, lab: { redis: 'CLUSTER' } },
  { dimension: 'mysql_servers', value: 1, lab: { mysqlServers: 1 } },
];

export async function measureTopologies(o: BenchOptions, steps: Steps): Promise<GrowthPoint[]> {
  const plain = await measureTopology(PLAIN, o, steps);
  const points: GrowthPoint[] = PLAIN_AS.map(([dimension, value]) => {
    return { ...plain, dimension, value };
  });
  for (const topology of OTHERS) points.push(await measureTopology(topology, o, steps));
  return points;
}

async function measureTopology(
  { dimension, value, lab }: Topology,
  o: BenchOptions,
  steps: Steps,
): Promise<GrowthPoint> {
  const options: LabOptions = { ...lab, programs: ['order', 'inventory', 'payment'] };
  steps.line(`Starting with ${dimension.replace('_', ' ')}: ${value}`);
  return await withLab(options, steps, async (opened, signal) => {
    const figures = await measureCreate(opened, o, signal);
    return { dimension, value, ...figures };
  });
}

async function measureCreate(
  lab: Lab,
  o: BenchOptions,
  signal: AbortSignal,
): Promise<Pick<GrowthPoint, 'limit' | 'create_order'>> {
  const shop = new Shop(lab);
  await shop.open();
  const quiet = await Quiet.open(lab.mysqlUrls);
  const unit = await openLimit({ ...(await shop.messageBytes()), concurrency: CALLS, signal });
  try {
    const create = quietly(
      'create_order',
      () => quiet.wait(signal),
      () => shop.createOrder(),
    );
    const options = { ...o, processes: lab.processes, signal };
    const samples = await runRounds([unit.measurement, create], options);
    const limit = limitOf(samples.limit);
    return {
      ...(limit === undefined ? {} : { limit }),
      create_order: figuresOf(samples.create_order, limit),
    };
  } finally {
    unit.close();
    quiet.close();
    shop.close();
  }
}
