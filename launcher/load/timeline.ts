// A run second by second, from the journal and the samples: what the report draws. Pure.
import type { Outcome } from '../../loadtest/plan/journal-line.js';
import { type Journal, percentile } from './journal.js';
import type { BatchSample, Samples } from './samples.js';

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
  /** Items per batch between two looks, of the batchers that carried most. */
  readonly batches: {
    readonly at: readonly number[];
    readonly sizes: Readonly<Record<string, readonly (number | null)[]>>;
  };
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

export function timelineOf(journal: Pick<Journal, 'seconds'>, samples: Samples): Timeline {
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
  const within = ({ atMs }: { atMs: number }) => atMs >= first * 1000 && atMs < (last + 1) * 1000;
  const stock = samples.stock.filter(within);
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
      at: stock.map(({ atMs }) => round(atMs / 1000 - first)),
      available: stock.map(({ available }) => available),
    },
    batches: batchSizes(samples.batches.filter(within), first),
  };
}

/** More lines than these cannot be told apart in a chart. */
const BATCHERS_MAX = 6;

function batchSizes(looks: readonly BatchSample[], firstSecond: number): Timeline['batches'] {
  const later = looks.slice(1);
  const carried = (name: string) =>
    (looks.at(-1)?.batchers.get(name)?.items ?? 0) - (looks[0]?.batchers.get(name)?.items ?? 0);
  const names = [...(looks.at(-1)?.batchers.keys() ?? [])]
    .filter((name) => carried(name) > 0)
    .sort((a, b) => carried(b) - carried(a))
    .slice(0, BATCHERS_MAX);
  const sizes = names.map((name) => [
    name,
    later.map((look, i) => {
      const [now, before] = [look.batchers.get(name), looks[i]?.batchers.get(name)];
      const batches = (now?.batches ?? 0) - (before?.batches ?? 0);
      return batches === 0 ? null : round(((now?.items ?? 0) - (before?.items ?? 0)) / batches);
    }),
  ]);
  return {
    at: later.map(({ atMs }) => round(atMs / 1000 - firstSecond)),
    sizes: Object.fromEntries(sizes) as Record<string, (number | null)[]>,
  };
}

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
