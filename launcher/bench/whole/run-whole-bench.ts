// The whole benchmark from beginning to end: every operation of an order beside the empty call, the
// naive path and the textbook strategies, and what an order costs when something is larger.
import type { Steps } from '../../steps.js';
import type { BenchOptions } from '../bench-options.js';
import type { WholeBenchResult, WholeFigures } from '../bench-result.js';
import { figuresOf, limitOf } from '../figures.js';
import { type Lab, type LabOptions, withLab } from '../lab.js';
import { describeMachine, readVersions } from '../machine.js';
import type { Sample } from '../measure.js';
import { quietly } from '../order/measurements.js';
import { type Measurement, type RoundOptions, runRounds } from '../rounds.js';
import { measureStrategies } from '../strategies/measure-strategies.js';
import { measureGrowthInPlace } from './growth-in-place.js';
import { measureTopologies } from './growth-of-topology.js';
import { neededFor, type WholePart } from './parts.js';
import { openScene, type Scene } from './scene.js';

export interface WholeBenchOptions extends BenchOptions {
  readonly wanted: ReadonlySet<WholePart>;
}

/** Growth and strategies have many parts each and compare within themselves. */
const ROUNDS_OF_MANY_PARTS = 2;

export async function runWholeBench(o: WholeBenchOptions, steps: Steps): Promise<WholeBenchResult> {
  const lab: LabOptions = {
    programs: ['sandbox', 'order', 'inventory', 'payment', 'gateway'],
    ...(o.wanted.has('naive') ? { naive: ['inventory', 'payment', 'order'] } : {}),
  };
  const result = await withLab(lab, steps, (opened, signal) => benchWhole(opened, o, signal));
  if (!o.wanted.has('growth')) return result;
  const topologies = await measureTopologies({ ...o, rounds: fewRounds(o) }, steps);
  return { ...result, growth: [...(result.growth ?? []), ...topologies] };
}

async function benchWhole(
  lab: Lab,
  o: WholeBenchOptions,
  signal: AbortSignal,
): Promise<WholeBenchResult> {
  const versions = await readVersions(lab);
  const scene = await openScene(lab, signal);
  try {
    // Nothing that only waits for its turn belongs to the cost of an order.
    const processes = lab.processes.filter(({ name }) => !name.startsWith('naive-'));
    const measuring = { ...o, processes, signal };
    const { samples, ...figures } = await measureOperations(scene, measuring, lab, o.wanted);
    const few = { ...measuring, rounds: fewRounds(o) };
    const { wanted } = o;
    const strategies = wanted.has('strategies') ? await measureStrategies(lab, few) : undefined;
    const growth = wanted.has('growth') ? await measureGrowthInPlace(lab, scene, few) : undefined;
    return {
      machine: describeMachine(samples),
      versions,
      options: { command: o.command, seconds: o.seconds, rounds: o.rounds },
      ...figures,
      ...(strategies === undefined ? {} : { strategies }),
      ...(growth === undefined ? {} : { growth }),
    };
  } finally {
    scene.close();
  }
}

async function measureOperations(
  scene: Scene,
  o: RoundOptions,
  { processes }: Lab,
  wanted: ReadonlySet<WholePart>,
): Promise<Pick<WholeBenchResult, 'limit'> & Partial<WholeFigures> & { samples: Sample[] }> {
  const names = neededFor(wanted);
  if (names.length === 0) return { samples: [] };
  const measurements = names.map((name) => {
    const measurement = measurementOf(name, scene);
    return name === 'naive' ? { ...measurement, processes } : measurement;
  });
  const samples = await runRounds([scene.unit.measurement, ...measurements], o);
  const limit = limitOf(samples.limit);
  const shown = names.filter((name) => wanted.has(name));
  return {
    ...(limit === undefined ? {} : { limit }),
    ...Object.fromEntries(shown.map((name) => [name, figuresOf(samples[name], limit)])),
    samples: Object.values(samples).flat(),
  };
}

function measurementOf(
  name: keyof WholeFigures,
  { shop, till, quiet }: Scene,
): Measurement<keyof WholeFigures> {
  const loads = {
    create_order: () => shop.createOrder(),
    sold_out: () => shop.soldOut(),
    duplicate: () => shop.duplicate(),
    get_order: () => shop.getOrder(),
    get_stock: () => shop.getStock(),
    cancel_order: () => shop.cancelOrder(),
    paid_order: () => till.load(),
    naive: () => shop.naive(),
  };
  return quietly(name, quiet, loads[name]);
}

function fewRounds({ rounds }: BenchOptions): number {
  return Math.min(rounds, ROUNDS_OF_MANY_PARTS);
}
