// Measures everything in each round, one after the other, round after round: when the machine
// changes its pace, it does so for all of them, and the ratios stay.
import { withProgress } from '../demo/progress.js';
import { type Load, type MeasureOptions, measure, type Sample } from './measure.js';

export interface Measurement<Name extends string> {
  readonly name: Name;
  /** Makes the load of one round. Rounds follow the order of the list, so one may use another's. */
  load(): Load | Promise<Load>;
  /** Whose processor time counts, if it is not that of the whole lab. */
  readonly processes?: MeasureOptions['processes'];
}

export interface RoundOptions extends MeasureOptions {
  readonly rounds: number;
  /** What the progress bar is called. */
  readonly title?: string;
  /** Less where everything is warm already but for a few of its variants, more for what is rare. */
  readonly warmUpOperations?: number;
  readonly warmUpSecondsMax?: number;
}

export type Samples<Name extends string> = Record<Name, Sample[]>;

/**
 * V8 compiles what is called often, not what runs long, so the round before the first ends with a
 * number of operations. What works on whole batches is called a hundred times less often than what
 * works on one order: after 20,000 orders a sixth of inventory's time was still spent on compiling.
 */
const WARM_UP_OPERATIONS = 150_000;
/** What is slower is cut off: of a paid order, for one, nearly all is not its own. */
const WARM_UP_SECONDS_MAX = 15;
/** A look of a second is not worth more. */
const WARM_UP_SECONDS_QUICK = 2;

export async function runRounds<Name extends string>(
  measurements: readonly Measurement<Name>[],
  o: RoundOptions,
): Promise<Samples<Name>> {
  const samples = Object.fromEntries(
    measurements.map(({ name }): [Name, Sample[]] => [name, []]),
  ) as Samples<Name>;
  let done = 0;
  let current = '';
  const progress = {
    name: o.title ?? 'Measuring',
    total: (o.rounds + 1) * measurements.length,
    done: () => done,
    note: () => current,
  };
  await withProgress(progress, async () => {
    for (let round = 0; round <= o.rounds; round++) {
      for (const measurement of measurements) {
        const { name, processes = o.processes } = measurement;
        current = round === 0 ? `warming up: ${name}` : `round ${round} of ${o.rounds}: ${name}`;
        const options = { ...o, processes, ...(round === 0 ? warmUp(o) : {}) };
        const sample = await measure(await measurement.load(), options);
        if (sample.operations === 0) throw new Error(`${name}: not one call did what it should`);
        if (round > 0) samples[name].push(sample);
        done++;
      }
    }
  });
  return samples;
}

function warmUp(o: RoundOptions) {
  const { warmUpOperations = WARM_UP_OPERATIONS, warmUpSecondsMax = WARM_UP_SECONDS_MAX } = o;
  const seconds = o.seconds <= 1 ? WARM_UP_SECONDS_QUICK : warmUpSecondsMax;
  return { seconds, operationsMax: warmUpOperations };
}
