// Reads the summary that k6 leaves: which thresholds and checks held. What cannot be read is an
// error, never an empty list: a run without thresholds must not look like one that passed them all.
import { z } from 'zod';

export interface Promised {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
}

export interface K6Summary {
  readonly thresholds: readonly Promised[];
  readonly checks: readonly Promised[];
  readonly iterations: number;
  readonly dropped: number;
  readonly vusMax: number;
  /** Milliseconds by operation, as k6 measured them on the wire, of gRPC calls. */
  readonly latencies: readonly { operation: string; values: Readonly<Record<string, number>> }[];
}

const metric = z.object({
  values: z.record(z.string(), z.number()),
  thresholds: z.record(z.string(), z.object({ ok: z.boolean() })).optional(),
});

const summary = z.object({
  metrics: z.record(z.string(), metric),
  root_group: z.object({
    checks: z.array(z.object({ name: z.string(), passes: z.number(), fails: z.number() })),
  }),
});

export function readK6Summary(text: string): K6Summary {
  const { metrics, root_group } = summary.parse(JSON.parse(text));
  const thresholds = Object.entries(metrics).flatMap(([name, { values, thresholds: held = {} }]) =>
    Object.entries(held).map(([rule, { ok }]) => ({
      name: `${name} ${rule}`,
      ok,
      detail: measured(rule, values),
    })),
  );
  if (thresholds.length === 0) throw new Error('the summary of k6 has no threshold in it');
  const checks = root_group.checks.map(({ name, passes, fails }) => ({
    name,
    ok: fails === 0,
    detail: fails === 0 ? `${passes} times` : `${fails} of ${passes + fails} times not`,
  }));
  const value = (name: string, field: string) => metrics[name]?.values[field] ?? 0;
  return {
    thresholds: thresholds.sort((a, b) => a.name.localeCompare(b.name)),
    checks: checks.sort((a, b) => a.name.localeCompare(b.name)),
    iterations: value('iterations', 'count'),
    dropped: value('dropped_iterations', 'count'),
    vusMax: value('vus_max', 'max'),
    latencies: Object.entries(metrics).flatMap(([name, { values }]) => {
      const operation = /^grpc_req_duration\{op:(\w+)\}$/.exec(name)?.[1];
      return operation === undefined ? [] : [{ operation, values }];
    }),
  };
}

/** The number that the rule speaks of: `p(99)<100` is about p(99). */
function measured(rule: string, values: Readonly<Record<string, number>>): string {
  const field = /^[a-z]+(\(\d+\))?/.exec(rule)?.[0] ?? '';
  const value = values[field];
  if (value === undefined) return '';
  return field.startsWith('p(')
    ? `${value.toFixed(1)} ms`
    : String(Math.round(value * 1000) / 1000);
}
