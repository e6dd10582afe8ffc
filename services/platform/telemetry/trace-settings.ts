// What a process is told about tracing, by the names that OpenTelemetry has for it where it has one.
// Without an endpoint and without a file nothing is recorded.

import type { z } from 'zod';
import { configFields } from '../config.js';
import type { SamplingRule } from './trace-sampler.js';

/** Only these follow a caller's decision, without which a trace would be torn apart. */
const SAMPLERS = ['parentbased_traceidratio', 'parentbased_always_on', 'parentbased_always_off'];

const RATIO_DEFAULT = 0.01;

export const traceFields = {
  /** Where OTLP over HTTP is taken, for example http://127.0.0.1:4318. */
  OTEL_EXPORTER_OTLP_ENDPOINT: configFields.url.optional(),
  OTEL_TRACES_SAMPLER: configFields.oneOf(SAMPLERS, 'parentbased_traceidratio'),
  /** The share of calls that are recorded, of parentbased_traceidratio. */
  OTEL_TRACES_SAMPLER_ARG: configFields.ratio(RATIO_DEFAULT),
  /** Where OTLP-JSON lines are written when there is no endpoint. */
  TRACE_FILE: configFields.text('/var/lib/spillway/traces/order-1.jsonl').optional(),
  /** Records besides the share the first call of each method in each second. */
  TRACE_FIRST_PER_SECOND: configFields.onOff('off'),
  /** A call that took longer is recorded afterwards, in one span. */
  TRACE_SLOW_MS: configFields.ms(1, 3_600_000, 500),
};

export type TraceSettings = z.infer<z.ZodObject<typeof traceFields>>;

export function samplingRuleOf(settings: TraceSettings): SamplingRule {
  const { OTEL_TRACES_SAMPLER: sampler, OTEL_TRACES_SAMPLER_ARG: ratio } = settings;
  const always = sampler === 'parentbased_always_on' ? 1 : 0;
  return {
    ratio: sampler === 'parentbased_traceidratio' ? ratio : always,
    firstPerSecond: settings.TRACE_FIRST_PER_SECOND && sampler !== 'parentbased_always_off',
    slowMs: settings.TRACE_SLOW_MS,
  };
}
