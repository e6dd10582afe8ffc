// Each strategy sells one hot SKU: first with more units than can be sold in the time, which tells
// how fast it is, then its last units to many more buyers, which tells whether it is right. All
// strategies take their turn in each round. An order counts as accepted when it stands in the
// database.
import { withProgress } from '../../demo/progress.js';
import type { StrategyFigures } from '../bench-result.js';
import { figuresOf, median, round } from '../figures.js';
import type { Lab } from '../lab.js';
import { type MeasureOptions, measure, type Sample } from '../measure.js';
import { type Counter, openCounters } from './counter.js';
import { STRATEGIES, type StrategyName } from './strategy.js';

const CONCURRENCIES = [100, 500];
/** Strategies that answer long before they have written would take minutes to write it all. */
const BUYERS_MAX = 4_000;
const UNITS_ENOUGH = 1_000_000_000;
/** Fewer than there are callers at a time, so that the end comes while many are under way. */
const LAST_UNITS = 50;
const WARM_UP_BUYERS = 1_000;

/** What one round has shown of one strategy with one number of callers. */
interface Trial {
  readonly acceptedPerSecond: number;
  readonly sample: Sample;
  readonly attempts: number;
  readonly bought: number;
  readonly rush: RushOutcome;
}

interface RushOutcome {
  readonly attempts: number;
  readonly failed: number;
  readonly oversold: number;
  readonly lost: number;
}

export interface StrategyOptions extends MeasureOptions {
  readonly rounds: number;
  /** All of them, with 100 and 500 buyers at a time, when these are left out. */
  readonly names?: readonly StrategyName[];
  readonly concurrencies?: readonly number[];
}

let nextSku = 0;
let nextBuyer = 0;

export async function measureStrategies(lab: Lab, o: StrategyOptions): Promise<StrategyFigures[]> {
  const counters = await openCounters(lab);
  const { names = STRATEGIES, concurrencies = CONCURRENCIES } = o;
  const cases = concurrencies.flatMap((concurrency) =>
    names.map((name) => ({ name, concurrency, trials: [] as Trial[] })),
  );
  let done = 0;
  let current = '';
  const total = (o.rounds + 1) * cases.length;
  const progress = { name: 'Strategies', total, done: () => done, note: () => current };
  try {
    await withProgress(progress, async () => {
      for (let i = 0; i <= o.rounds; i++) {
        for (const { name, concurrency, trials } of cases) {
          current = `${i === 0 ? 'warming up' : `round ${i}`}: ${name}, ${concurrency} at a time`;
          const counter = counters.of(name);
          const options = { ...o, processes: lab.processes };
          if (i === 0) await sell(counter, concurrency, WARM_UP_BUYERS, options);
          else trials.push(await tryOut(counter, concurrency, options));
          done++;
        }
      }
    });
  } finally {
    counters.close();
  }
  return cases.map(({ name, concurrency, trials }) => figuresFrom(name, concurrency, trials));
}

async function tryOut(counter: Counter, concurrency: number, o: MeasureOptions): Promise<Trial> {
  const sale = await sell(counter, concurrency, BUYERS_MAX, o);
  return { ...sale, rush: await rush(counter, concurrency, o) };
}

async function sell(
  counter: Counter,
  concurrency: number,
  buyersMax: number,
  o: MeasureOptions,
): Promise<Omit<Trial, 'rush'>> {
  const skuId = `strategy-${nextSku++}`;
  await counter.offer(skuId, UNITS_ENOUGH);
  let attempts = 0;
  let bought = 0;
  const call = async () => {
    attempts += 1;
    if ((await counter.buy(skuId, newBuyer())) !== 'BOUGHT') return 0;
    bought += 1;
    return 1;
  };
  const startMs = performance.now();
  const load = { concurrency, call, settled: () => counter.drained() };
  const sample = await measure(load, { ...o, operationsMax: buyersMax });
  const seconds = (performance.now() - startMs) / 1000;
  const acceptedPerSecond = (await counter.sold(skuId)) / seconds;
  return { acceptedPerSecond, sample, attempts, bought };
}

async function rush(
  counter: Counter,
  concurrency: number,
  o: MeasureOptions,
): Promise<RushOutcome> {
  const skuId = `strategy-${nextSku++}`;
  await counter.offer(skuId, LAST_UNITS);
  // Each caller is one buyer.
  let left = concurrency;
  const outcomes = { BOUGHT: 0, SOLD_OUT: 0, FAILED: 0 };
  const call = async () => {
    if (left-- <= 0) return undefined;
    outcomes[await counter.buy(skuId, newBuyer())] += 1;
    return 1;
  };
  const { calls: attempts } = await measure(
    { concurrency, call, settled: () => counter.drained() },
    { ...o, seconds: Number.POSITIVE_INFINITY },
  );
  const sold = await counter.sold(skuId);
  return {
    attempts,
    failed: outcomes.FAILED,
    oversold: Math.max(0, sold - LAST_UNITS),
    lost: Math.max(0, outcomes.BOUGHT - sold),
  };
}

/** Random-looking ends spread over the index, as digests do. */
function newBuyer(): string {
  nextBuyer += 1;
  const place = Math.imul(nextBuyer, 0x9e3779b1) >>> 0;
  return `${place.toString(36).padStart(7, '0')}-${nextBuyer}`;
}

export function figuresFrom(
  strategy: StrategyName,
  concurrency: number,
  trials: readonly Trial[],
): StrategyFigures {
  const sum = (pick: (trial: Trial) => number) =>
    trials.reduce((total, trial) => total + pick(trial), 0);
  const rates = trials.map((trial) => trial.acceptedPerSecond);
  const { p50_ms, p99_ms, cpu_us } = figuresOf(
    trials.map((trial) => trial.sample),
    undefined,
  );
  const attempts = sum((trial) => trial.attempts);
  const bought = sum((trial) => trial.bought);
  const oversold = sum(({ rush }) => rush.oversold);
  const lost = sum(({ rush }) => rush.lost);
  const answers = attempts + sum(({ rush }) => rush.attempts);
  const wrong = attempts - bought + sum(({ rush }) => rush.failed) + oversold + lost;
  return {
    strategy,
    concurrency,
    accepted_per_second: round(median(rates), 0),
    accepted_per_second_spread: [round(Math.min(...rates), 0), round(Math.max(...rates), 0)],
    success_share: round(share(bought, attempts), 4),
    p50_ms,
    p99_ms,
    ...(cpu_us === undefined ? {} : { cpu_us }),
    oversold,
    lost,
    correct_share: round(Math.max(0, 1 - share(wrong, answers)), 4),
  };
}

function share(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}
