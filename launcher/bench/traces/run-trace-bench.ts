// What tracing costs: the processor time of CreateOrder with recording off, at one in a hundred and of
// every call. Each round measures all three, each on servers of its own, and the rounds begin with
// another of them each time: what the machine does meanwhile hits all alike.
import type { Steps } from '../../steps.js';
import { median } from '../figures.js';
import { type LabOptions, withLab } from '../lab.js';
import { GENERATOR, type Sample } from '../measure.js';
import { quietly } from '../order/measurements.js';
import { Quiet } from '../order/quiet.js';
import { Shop } from '../order/shop.js';
import { runRounds } from '../rounds.js';

export const TRACE_MODES = ['off', 'one_percent', 'all'] as const;
export type TraceMode = (typeof TRACE_MODES)[number];

export interface TraceBenchOptions {
  readonly seconds: number;
  readonly rounds: number;
}

export interface TraceBenchResult {
  /** Microseconds of all services, the load generator left out: the median, and every round. */
  readonly cpu_micros_per_order: Record<TraceMode, { median: number; rounds: number[] }>;
  /** How much more than off, in percent, of the medians. */
  readonly over_off_percent: Record<Exclude<TraceMode, 'off'>, number>;
}

/**
 * At one in a hundred, what makes and writes spans is called so rarely that it is compiled late: a
 * process that has run for half a minute costs two microseconds less per order than one of ten seconds.
 */
const WARM_UP_ORDERS = 300_000;
const WARM_UP_SECONDS_MAX = 30;

const RATIOS: Record<TraceMode, string> = { off: '', one_percent: '0.01', all: '1' };

export async function runTraceBench(o: TraceBenchOptions, steps: Steps): Promise<TraceBenchResult> {
  const micros: Record<TraceMode, number[]> = { off: [], one_percent: [], all: [] };
  for (let round = 0; round < o.rounds; round += 1) {
    for (let i = 0; i < TRACE_MODES.length; i += 1) {
      const mode = TRACE_MODES[(round + i) % TRACE_MODES.length] as TraceMode;
      steps.line(`\nround ${round + 1} of ${o.rounds}: ${mode}`);
      micros[mode].push(await measureMode(mode, o, steps));
    }
  }
  const figures = (mode: TraceMode) => ({ median: median(micros[mode]), rounds: micros[mode] });
  const over = (mode: TraceMode) => (median(micros[mode]) / median(micros.off) - 1) * 100;
  return {
    cpu_micros_per_order: {
      off: figures('off'),
      one_percent: figures('one_percent'),
      all: figures('all'),
    },
    over_off_percent: { one_percent: over('one_percent'), all: over('all') },
  };
}

async function measureMode(mode: TraceMode, o: TraceBenchOptions, steps: Steps): Promise<number> {
  const options: LabOptions = { programs: ['order', 'inventory', 'payment'], traced: RATIOS[mode] };
  return await withLab(options, steps, async (lab, signal) => {
    const shop = new Shop(lab);
    const quiet = await Quiet.open(lab.mysqlUrls);
    try {
      await shop.open();
      const calm = () => quiet.wait(signal);
      const create = quietly('create_order', calm, () => shop.createOrder());
      const measuring = {
        seconds: o.seconds,
        rounds: 1,
        processes: lab.processes,
        signal,
        warmUpOperations: WARM_UP_ORDERS,
        warmUpSecondsMax: WARM_UP_SECONDS_MAX,
      };
      const samples = await runRounds([create], measuring);
      return servicesMicros(samples.create_order[0] as Sample);
    } finally {
      quiet.close();
      shop.close();
    }
  });
}

function servicesMicros({ cpu, operations }: Sample): number {
  const own = cpu.filter(([kind]) => kind !== GENERATOR);
  return own.reduce((sum, [, micros]) => sum + micros, 0) / operations;
}

export function renderTraceBench(result: TraceBenchResult): string {
  const { cpu_micros_per_order: cpu, over_off_percent: over } = result;
  const line = (mode: TraceMode, name: string) => {
    const more = mode === 'off' ? '' : `  ${over[mode].toFixed(1).padStart(6)} % over off`;
    const rounds = cpu[mode].rounds.map((each) => each.toFixed(0)).join(', ');
    return `${name.padEnd(8)} ${cpu[mode].median.toFixed(0).padStart(6)} us${more}   (${rounds})`;
  };
  return [
    'Processor time of CreateOrder, all services and servers:',
    line('off', 'off'),
    line('one_percent', '1 %'),
    line('all', '100 %'),
  ].join('\n');
}
