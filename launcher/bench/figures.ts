// From the samples of several rounds to one figure: medians, because one disturbed round must not
// decide, and spreads, because a reader must see when rounds disagree. Pure.
import type { Figures, Limit } from './bench-result.js';
import { GENERATOR, type Sample } from './measure.js';

/**
 * What makes the load, and what stands for another company: the payment provider. Both are shown in
 * the split of the cost and not counted.
 */
const NOT_OURS: ReadonlySet<string> = new Set([GENERATOR, 'sandbox']);

export function figuresOf(samples: readonly Sample[], limit: Limit | undefined): Figures {
  const rates = samples.map(({ operations, seconds }) => operations / seconds);
  const figures: Figures = {
    per_second: round(median(rates), 0),
    per_second_spread: spread(rates, 0),
    p50_ms: round(median(samples.map((sample) => sample.p50Ms)), 2),
    p99_ms: round(median(samples.map((sample) => sample.p99Ms)), 2),
  };
  if (samples.every(({ cpu }) => cpu.length === 0)) return figures;
  const costs = samples.map((sample) => cost(sample, (kind) => !NOT_OURS.has(kind)));
  const cpuMicros = median(costs);
  return {
    ...figures,
    cpu_us: round(cpuMicros, 2),
    cpu_us_spread: spread(costs, 2),
    ...(limit === undefined ? {} : { ratio_to_limit: round(cpuMicros / limit.cpu_us, 3) }),
    cpu_us_by_process: byProcess(samples),
  };
}

/** Undefined where processor times cannot be read: a unit without them is none. */
export function limitOf(samples: readonly Sample[]): Limit | undefined {
  if (samples.length === 0) return undefined;
  const { cpu_us, cpu_us_spread, per_second, per_second_spread } = figuresOf(samples, undefined);
  if (cpu_us === undefined || cpu_us_spread === undefined) return undefined;
  const generators = samples.map((sample) => cost(sample, (kind) => kind === GENERATOR));
  const generator_us = round(median(generators), 2);
  return { cpu_us, per_second, cpu_us_spread, per_second_spread, generator_us };
}

/** The largest share of the machine that others had; undefined where it cannot be read. */
export function othersMax(samples: readonly Sample[]): number | undefined {
  const shares = samples.flatMap(({ others }) => (others === undefined ? [] : [others]));
  return shares.length === 0 ? undefined : round(Math.max(...shares), 2);
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const [low, high] = [sorted[Math.ceil(middle) - 1] ?? 0, sorted[Math.floor(middle)] ?? 0];
  return (low + high) / 2;
}

/** Kinds that took a twentieth of a microsecond or more per operation, the dearest first. */
function byProcess(samples: readonly Sample[]): Record<string, number> {
  const kinds = [...new Set(samples.flatMap(({ cpu }) => cpu.map(([kind]) => kind)))];
  const costs = kinds.map((kind): [string, number] => {
    const each = samples.map((sample) => cost(sample, (other) => other === kind));
    return [kind, round(median(each), 2)];
  });
  return Object.fromEntries(costs.filter(([, micros]) => micros >= 0.05).sort(dearestFirst));
}

function dearestFirst([, a]: [string, number], [, b]: [string, number]): number {
  return b - a;
}

/** A round in which nothing was done has no cost per operation. */
function cost(sample: Sample, counts: (kind: string) => boolean): number {
  const micros = sample.cpu.reduce((sum, [kind, each]) => sum + (counts(kind) ? each : 0), 0);
  return sample.operations === 0 ? 0 : micros / sample.operations;
}

function spread(values: readonly number[], digits: number): [number, number] {
  return [round(Math.min(...values), digits), round(Math.max(...values), digits)];
}

export function round(value: number, digits: number): number {
  return Number.isFinite(value) ? Number(value.toFixed(digits)) : 0;
}
