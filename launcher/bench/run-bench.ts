// The benchmark from beginning to end: a lab of its own, all measurements in turn, what a reservation
// takes of Redis, and, when asked for, the same beside more and more that already exists.
import type { Steps } from '../steps.js';
import type { BenchResult, InventoryFigures } from './bench-result.js';
import { figuresOf, limitOf, othersMax } from './figures.js';
import { measureGrowth } from './inventory/growth.js';
import { inventoryMeasurements } from './inventory/measurements.js';
import { measureRedisBytes } from './inventory/redis-bytes.js';
import { Sale } from './inventory/sale.js';
import { type Lab, withLab } from './lab.js';
import { describeMachine } from './machine.js';
import { openLuaOnly } from './parts/lua-only.js';
import { runRounds } from './rounds.js';

export interface BenchOptions {
  readonly seconds: number;
  readonly rounds: number;
  /** How many reservations lie in Redis when their bytes are counted. */
  readonly liveReservations: number;
  /** The most rows that the measurement of growth makes of a kind; 0 leaves it out. */
  readonly growthRowsMax: number;
}

export async function runBench(o: BenchOptions, steps: Steps): Promise<BenchResult> {
  return await withLab('inventory', steps, (lab, signal) => benchInventory(lab, o, signal));
}

async function benchInventory(
  lab: Lab,
  o: BenchOptions,
  signal: AbortSignal,
): Promise<BenchResult> {
  const machine = await describeMachine(lab);
  const sale = new Sale(lab);
  const gate = await openLuaOnly(lab.redisUrl);
  try {
    await sale.open();
    const measuring = { ...o, processes: lab.processes, signal };
    const measurements = inventoryMeasurements(sale, gate);
    const { samples, emptyCalls } = await runRounds(measurements, { ...measuring, unit: true });
    const limit = limitOf(emptyCalls);
    const figures = Object.fromEntries(
      measurements.map(({ name }) => [name, figuresOf(samples[name], limit)]),
    ) as unknown as Omit<InventoryFigures, 'redis_bytes'>;
    const bytes = await measureRedisBytes(sale, lab.redisUrl, {
      reservations: o.liveReservations,
      signal,
    });
    const growth = o.growthRowsMax === 0 ? [] : await measureGrowth(sale, lab, measuring, limit);
    const others = othersMax(Object.values(samples).flat());
    return {
      machine,
      options: { seconds: o.seconds, rounds: o.rounds },
      ...(others === undefined ? {} : { others_share_max: others }),
      ...(limit === undefined ? {} : { limit }),
      inventory: { ...figures, redis_bytes: bytes },
      growth,
    };
  } finally {
    gate.close();
    sale.close();
  }
}
