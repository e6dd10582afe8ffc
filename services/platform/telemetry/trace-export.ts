// Starts and stops the recording of traces: the OpenTelemetry SDK with our own processor bounds, and
// nothing of what it would instrument by itself. A backend that is away costs spans, never a call: they
// wait in a bounded queue, and what does not fit is dropped.

import { type ContextManager, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import type { SpanExporter } from '@opentelemetry/sdk-trace';
import { ATTR_SERVICE_NAME } from '@opentelemetry/semantic-conventions';
import type { Log } from '../log.js';
import { setTracer } from './trace-recorder.js';
import { setSamplingRule } from './trace-sampler.js';
import { samplingRuleOf, type TraceSettings } from './trace-settings.js';

/**
 * A person who has just made a trace looks for it within a second. And a span that waits longer is moved
 * to the old generation, which at one recorded call in a hundred costs more than making it.
 */
const EXPORT_INTERVAL_MS = 250;
/** 4,096 spans of about 2 KiB are 8 MiB. */
const QUEUE_SPANS_MAX = 4_096;
const EXPORT_SPANS_MAX = 512;
const EXPORT_MS_MAX = 3_000;
/** A stop waits so long for the last spans, and no longer. */
const FLUSH_MS_MAX = 2_000;
/** As many as a batch call has items. */
const LINKS_MAX = 1_000;

export interface TracingOptions {
  readonly service: string;
  /** Tells processes of one service apart. */
  readonly instance: string;
  readonly settings: TraceSettings;
  readonly log: Log;
  readonly lifecycle: { onStop(name: string, stop: () => Promise<void>): void };
}

/** Call it first, so that it stops last. Without anywhere to write, nothing is loaded or recorded. */
export async function startTracing(o: TracingOptions): Promise<void> {
  const exporter = await openExporter(o.settings);
  if (exporter === undefined) return;
  const { NodeSDK } = await import('@opentelemetry/sdk-node');
  const { BatchSpanProcessor, AlwaysOnSampler } = await import('@opentelemetry/sdk-trace');
  const { resourceFromAttributes } = await import('@opentelemetry/resources');
  const sdk = new NodeSDK({
    resource: resourceFromAttributes({
      [ATTR_SERVICE_NAME]: `spillway-${o.service}`,
      'service.instance.id': o.instance,
      'service.namespace': 'spillway',
    }),
    autoDetectResources: false,
    contextManager: NO_CONTEXT,
    textMapPropagator: null,
    // Whether to record is decided before a span is made, see trace-sampler.ts.
    sampler: new AlwaysOnSampler(),
    spanLimits: { linkCountLimit: LINKS_MAX },
    spanProcessors: [
      new BatchSpanProcessor({
        exporter,
        maxQueueSize: QUEUE_SPANS_MAX,
        maxExportBatchSize: EXPORT_SPANS_MAX,
        scheduledDelayMillis: EXPORT_INTERVAL_MS,
        exportTimeoutMillis: EXPORT_MS_MAX,
      }),
    ],
    metricReaders: [],
    logRecordProcessors: [],
  });
  sdk.start();
  setTracer(trace.getTracer('spillway'));
  setSamplingRule(samplingRuleOf(o.settings));
  o.lifecycle.onStop('traces', () => stopTracing(() => sdk.shutdown(), o.log));
}

async function stopTracing(shutdown: () => Promise<void>, log: Log): Promise<void> {
  setTracer(undefined);
  const late = new Promise<'LATE'>((resolve) => {
    setTimeout(() => resolve('LATE'), FLUSH_MS_MAX).unref();
  });
  const flushed = shutdown().then(
    () => 'FLUSHED' as const,
    () => 'LATE' as const,
  );
  if ((await Promise.race([flushed, late])) === 'LATE') log.warn('the last traces were not taken');
}

async function openExporter(settings: TraceSettings): Promise<SpanExporter | undefined> {
  const { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, TRACE_FILE: file } = settings;
  if (endpoint !== undefined) {
    const { OTLPTraceExporter } = await import('@opentelemetry/exporter-trace-otlp-http');
    const url = `${endpoint.replace(/\/$/, '')}/v1/traces`;
    return new OTLPTraceExporter({ url, timeoutMillis: EXPORT_MS_MAX });
  }
  if (file === undefined) return undefined;
  const { TraceFile } = await import('./trace-file.js');
  return new TraceFile(file);
}

/** The SDK would bring AsyncLocalStorage, whose promise hooks slow down every call. */
const NO_CONTEXT: ContextManager = {
  active: () => ROOT_CONTEXT,
  with: (_context, work, that, ...args) => work.call(that, ...args),
  bind: (_context, target) => target,
  enable: () => NO_CONTEXT,
  disable: () => NO_CONTEXT,
};
