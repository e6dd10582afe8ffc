// The options that all scripts share: how arrivals are made, and which thresholds are the promise.
// Open model throughout: arrivals come at their rate however slow the answers are, and one that
// finds no free virtual user is a dropped iteration, which fails the run.

import type { Scenario as K6Scenario, Options } from 'k6/options';
import { config } from './config.ts';

/** What is measured; a call carries the name as its tag `op`. */
export type Measured = 'create' | 'change' | 'stock' | 'get_order';

/**
 * The 99th percentile that each is promised at, in milliseconds. `change` is a change of an order's
 * state.
 */
const P99_MS: Readonly<Record<Measured, number>> = {
  create: 100,
  change: 50,
  stock: 20,
  get_order: 50,
};

/**
 * A short run shares its machine with whatever runs there: it holds outcomes, and of latency only
 * this.
 */
const SHORT_P99_MS = 3_000;

/**
 * A virtual user is busy for as long as its call: this many seconds' worth of arrivals are kept
 * ready, three times the promised latency, so that a pause of the machine costs time and drops
 * nobody.
 */
const READY_SECONDS = 0.3;
/** A short run meets longer pauses, because others run beside it. */
const READY_SECONDS_SHORT = 2;
const VUS_MIN = 20;
/** Each has up to three connections, and a script of its own in memory. */
const VUS_MAX = 600;
/** Longer than a call may take, so that no call is cut off and no answer lost. */
const GRACE = '10s';

export function promisedOptions(
  scenarios: Record<string, K6Scenario>,
  measured: readonly Measured[],
  more: { p99Ms?: Partial<Record<Measured, number>>; counts?: Record<string, string[]> } = {},
): Options {
  const latencies = measured.map((op) => {
    const limit = config.short ? SHORT_P99_MS : (more.p99Ms?.[op] ?? P99_MS[op]);
    return [`grpc_req_duration{op:${op}}`, [`p(99)<${limit}`]];
  });
  return {
    scenarios,
    thresholds: {
      oversold: ['count==0'],
      failed: ['count==0'],
      unequal: ['count==0'],
      dropped_iterations: ['count==0'],
      checks: ['rate==1'],
      accepted: ['count>0'],
      ...Object.fromEntries(latencies),
      ...more.counts,
    },
    summaryTrendStats: ['count', 'med', 'p(95)', 'p(99)', 'max'],
    // Fewer tags, fewer time series: k6 shares the processors with what it measures.
    systemTags: ['check', 'group', 'scenario', 'status'],
    setupTimeout: '2m',
    teardownTimeout: '2m',
  };
}

/**
 * `rate` arrivals per second for the whole run. `secondsEach` is how long one keeps its user, if
 * long.
 */
export function constantly(exec: string, rate = config.rate, secondsEach = 0): K6Scenario {
  return {
    executor: 'constant-arrival-rate',
    exec,
    rate,
    timeUnit: '1s',
    duration: `${config.seconds}s`,
    gracefulStop: GRACE,
    ...users(rate, secondsEach),
  };
}

/** From one rate to the next, each in its seconds. */
export function ramping(
  exec: string,
  startRate: number,
  stages: readonly { rate: number; seconds: number }[],
): K6Scenario {
  const highest = Math.max(startRate, ...stages.map(({ rate }) => rate));
  return {
    executor: 'ramping-arrival-rate',
    exec,
    startRate,
    timeUnit: '1s',
    stages: stages.map(({ rate, seconds }) => ({ target: rate, duration: `${seconds}s` })),
    gracefulStop: GRACE,
    ...users(highest, 0),
  };
}

function users(rate: number, secondsEach: number) {
  const seconds = secondsEach + (config.short ? READY_SECONDS_SHORT : READY_SECONDS);
  const ready = Math.min(VUS_MAX, Math.max(VUS_MIN, Math.ceil(rate * seconds)));
  return { preAllocatedVUs: ready, maxVUs: Math.min(VUS_MAX, ready * 2) };
}
