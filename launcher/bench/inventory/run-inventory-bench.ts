// Inventory's part of the benchmark from beginning to end: a lab of its own, all measurements in
// turn, what a reservation takes of Redis, and, when asked for, the same beside more and more that
// exists.
import type { Steps } from '../../steps.js';
import type { BenchOptions } from '../bench-options.js';
import type { InventoryBenchResult, InventoryFigures } from '../bench-result.js';
import { figuresOf, limitOf } from '../figures.js';
import { type Lab, type LabOptions, withLab } from '../lab.js';
import { openLimit } from '../limit.js';
import { describeMachine, readVersions } from '../machine.js';
import { openLuaOnly } from '../parts/lua-only.js';
import { runRounds } from '../rounds.js';
import { measureGrowth } from './growth.js';
import { inventoryMeasurements } from './measurements.js';
import { measureRedisBytes } from './redis-bytes.js';
import { Sale } from './sale.js';

export interface InventoryBenchOptions extends BenchOptions {
  /** How many reservations lie in Redis when their bytes are counted. */
  readonly liveReservations: number;
}

const LAB: LabOptions = { programs: ['order', 'inventory'], naive: ['inventory'] };
/** As of one small call: batches have no size of their own. */
const LIMIT = { requestBytes: 150, responseBytes: 150, concurrency: 64 };

export async function runInventoryBench(
  o: InventoryBenchOptions,
  steps: Steps,
): Promise<InventoryBenchResult> {
  return await withLab(LAB, steps, (lab, signal) => benchInventory(lab, o, signal));
}

async function benchInventory(
  lab: Lab,
  o: InventoryBenchOptions,
  signal: AbortSignal,
): Promise<InventoryBenchResult> {
  const versions = await readVersions(lab);
  const sale = new Sale(lab);
  const gate = await openLuaOnly(lab.redisUrl);
  const unit = await openLimit({ ...LIMIT, signal });
  try {
    await sale.open();
    const measuring = { ...o, processes: lab.processes, signal };
    const measurements = inventoryMeasurements(sale, gate);
    const samples = await runRounds([unit.measurement, ...measurements], measuring);
    const limit = limitOf(samples.limit);
    const figures = Object.fromEntries(
      measurements.map(({ name }) => [name, figuresOf(samples[name], limit)]),
    ) as unknown as Omit<InventoryFigures, 'redis_bytes'>;
    const bytes = await measureRedisBytes(sale, lab.redisUrl, {
      reservations: o.liveReservations,
      signal,
    });
    const growth = o.growthRowsMax === 0 ? [] : await measureGrowth(sale, lab, measuring, limit);
    return {
      machine: describeMachine(Object.values(samples).flat()),
      versions,
      options: { command: o.command, seconds: o.seconds, rounds: o.rounds },
      ...(limit === undefined ? {} : { limit }),
      inventory: { ...figures, redis_bytes: bytes },
      growth,
    };
  } finally {
    unit.close();
    gate.close();
    sale.close();
  }
}
