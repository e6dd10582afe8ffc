// A run second by second, from the journal and the samples: what the report draws. Pure.
import type { Outcome } from '../../loadtest/plan/journal-line.js';
import { type Journal, percentile } from './journal.js';
import type { Sample } from './samples.js';

export interface Timeline {
  /** Seconds since the first answer. */
  readonly at: readonly number[];
  /** Answers per second. */
  readonly outcomes: Readonly<Record<Outcome, readonly number[]>>;
  /** Milliseconds of CreateOrder; null in a second without one. */
  readonly p50: readonly (number | null)[];
  readonly p99: readonly (number | null)[];
  /** Finer than seconds: a scarce SKU is gone within one or two. */
  readonly stock: {
    readonly at: readonly number[];
    readonly available: readonly (number | null)[];
  };
  /** Orders that were accepted per commit of all MySQL servers. */
  readonly ordersPerCommit: readonly (number | null)[];
  /** CreateOrder calls that were answered per script of Redis. */
  readonly callsPerScript: readonly (number | null)[];
}

const OUTCOMES: readonly Outcome[] = [
  'ACCEPTED',
  'DUPLICATE',
  'REFUSED',
  'PAID',
  'CANCELLED',
  'DONE',
  'FAILED',
];

export function timelineOf(
  journal: Pick<Journal, 'seconds'>,
  samples: readonly Sample[],
): Timeline {
  const known = [...journal.seconds.keys()];
  const first = Math.min(...known);
  const last = Math.max(...known);
  const seconds = known.length === 0 ? [] : range(first, last);
  const of = (second: number) => journal.seconds.get(second);
  const latency = (share: number) =>
    seconds.map((second) => {
      const ms = of(second)?.createMs ?? [];
      return ms.length === 0 ? null : percentile(ms, share);
    });
  const during = samples.filter(({ atMs }) => atMs >= first * 1000 && atMs < (last + 1) * 1000);
  const perEvent = (counter: 'commits' | 'scripts', done: (second: number) => number) =>
    seconds.map((second) => {
      const events = growthIn(samples, second, counter);
      return events === undefined || events === 0 ? null : round(done(second) / events);
    });
  return {
    at: seconds.map((second) => second - first),
    outcomes: Object.fromEntries(
      OUTCOMES.map((outcome) => [
        outcome,
        seconds.map((second) => of(second)?.counts.get(outcome) ?? 0),
      ]),
    ) as Record<Outcome, number[]>,
    p50: latency(0.5),
    p99: latency(0.99),
    stock: {
      at: during.map(({ atMs }) => round(atMs / 1000 - first)),
      available: during.map(({ available }) => available ?? null),
    },
    ordersPerCommit: perEvent('commits', (second) => of(second)?.counts.get('ACCEPTED') ?? 0),
    callsPerScript: perEvent('scripts', (second) => of(second)?.createMs.length ?? 0),
  };
}

/** The last look that began in this second. */
function lookIn(samples: readonly Sample[], second: number): Sample | undefined {
  return samples.findLast(({ atMs }) => Math.floor(atMs / 1000) === second);
}

/** From the last look before the second to the last one in it. */
function growthIn(
  samples: readonly Sample[],
  second: number,
  counter: 'commits' | 'scripts',
): number | undefined {
  const end = lookIn(samples, second)?.[counter];
  const start = samples.findLast(({ atMs }) => Math.floor(atMs / 1000) < second)?.[counter];
  return end === undefined || start === undefined ? undefined : end - start;
}

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
