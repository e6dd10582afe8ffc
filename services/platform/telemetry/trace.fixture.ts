// Records spans in memory, for tests.

import { SpanStatusCode } from '@opentelemetry/api';
import {
  AlwaysOnSampler,
  InMemorySpanExporter,
  SimpleSpanProcessor,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { setTracer } from './trace-recorder.js';
import { type SamplingRule, setSamplingRule } from './trace-sampler.js';

export interface SeenSpan {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentId: string | undefined;
  readonly attributes: Readonly<Record<string, unknown>>;
  /** Ids of spans. */
  readonly links: readonly string[];
  /** Of an error. */
  readonly fault: string | undefined;
}

export interface Tape {
  /** What has ended, in that order. */
  spans(): SeenSpan[];
  stop(): void;
}

const NEVER: SamplingRule = { ratio: 0, firstPerSecond: false, slowMs: Number.POSITIVE_INFINITY };

export function startTape(rule: Partial<SamplingRule> = {}): Tape {
  const exporter = new InMemorySpanExporter();
  const provider = new TracerProvider({
    sampler: new AlwaysOnSampler(),
    spanProcessors: [new SimpleSpanProcessor({ exporter })],
  });
  setTracer(provider.getTracer('test'));
  setSamplingRule({ ...NEVER, ...rule });
  return {
    spans: () =>
      exporter.getFinishedSpans().map((span) => ({
        name: span.name,
        ...span.spanContext(),
        parentId: span.parentSpanContext?.spanId,
        attributes: span.attributes,
        links: span.links.map(({ context }) => context.spanId),
        fault: span.status.code === SpanStatusCode.ERROR ? span.status.message : undefined,
      })),
    stop() {
      setTracer(undefined);
      setSamplingRule(undefined);
    },
  };
}
