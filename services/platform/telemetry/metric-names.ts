// How a metric of the catalogue is called in Prometheus.

import type { MetricDefinition } from './metric-catalogue.js';

const UNIT_SUFFIXES: Readonly<Record<string, string>> = { s: '_seconds', By: '_bytes' };

/** `rpc.server.call.duration` in s becomes rpc_server_call_duration_seconds; counters end in _total. */
export function prometheusName(name: string, definition: MetricDefinition): string {
  const base = name.replaceAll('.', '_');
  const suffix = UNIT_SUFFIXES[definition.unit] ?? '';
  const named = base.endsWith(suffix) ? base : `${base}${suffix}`;
  return definition.kind === 'counter' ? `${named}_total` : named;
}

/** Every series name that a metric shows: a histogram has three. */
export function seriesNames(name: string, definition: MetricDefinition): string[] {
  const base = prometheusName(name, definition);
  if (definition.kind !== 'histogram') return [base];
  return [`${base}_bucket`, `${base}_sum`, `${base}_count`];
}
