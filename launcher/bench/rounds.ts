// Measures everything in each round, one after the other, round after round: when the machine changes
// its pace, it does so for all of them, and the ratios stay.
import { type EmptyCall, measureEmptyCall } from '../demo/empty-call.js';
import { withProgress } from '../demo/progress.js';
import { type Load, type MeasureOptions, measure, type Sample } from './measure.js';

export interface Measurement<Name extends string> {
  readonly name: Name;
  /** Makes the load of one round. Rounds follow the order of the list, so one may use another's. */
  load(): Load | Promise<Load>;
}

export interface RoundOptions extends MeasureOptions {
  readonly rounds: number;
  /** Whether to measure an empty call in each round too. */
  readonly unit: boolean;
}

export interface Rounds<Name extends string> {
  readonly samples: Record<Name, Sample[]>;
  /** One per round; empty when they were not asked for, or processor times cannot be read. */
  readonly emptyCalls: EmptyCall[];
}

/** V8 compiles what is hot within this; it is done once, before the first round. */
const WARM_UP_SECONDS = 1;
/** The unit's messages are as long as those of a small call of ours. */
const EMPTY_CALL = { requestBytes: 150, responseBytes: 150, concurrency: 64 };

export async function runRounds<Name extends string>(
  measurements: readonly Measurement<Name>[],
  o: RoundOptions,
): Promise<Rounds<Name>> {
  const samples = Object.fromEntries(measurements.map(({ name }) => [name, []])) as unknown as {
    [K in Name]: Sample[];
  };
  const emptyCalls: EmptyCall[] = [];
  let done = 0;
  let current = '';
  const progress = {
    name: 'Measuring',
    total: (o.rounds + 1) * measurements.length,
    done: () => done,
    note: () => current,
  };
  await withProgress(progress, async () => {
    for (let round = 0; round <= o.rounds; round++) {
      for (const measurement of measurements) {
        const { name } = measurement;
        current = round === 0 ? `warming up: ${name}` : `round ${round} of ${o.rounds}: ${name}`;
        const seconds = round === 0 ? Math.min(WARM_UP_SECONDS, o.seconds) : o.seconds;
        const sample = await measure(await measurement.load(), { ...o, seconds });
        if (sample.operations === 0) throw new Error(`${name}: not one call did what it should`);
        if (round > 0) samples[name].push(sample);
        done++;
      }
      if (!o.unit || round === 0) continue;
      current = `round ${round} of ${o.rounds}: an empty call`;
      const empty = await measureEmptyCall({ ...EMPTY_CALL, ...o });
      if (empty !== undefined) emptyCalls.push(empty);
    }
  });
  return { samples, emptyCalls };
}
