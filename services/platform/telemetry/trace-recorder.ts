// The process's one recorder of spans, over an OpenTelemetry tracer. Switched off until somebody sets
// a tracer; then everything here answers undefined and costs one look.
//
// No context is kept by the runtime: AsyncLocalStorage would switch promise hooks on for the whole
// process, also for the calls that nobody records. A span is handed on by hand instead.

import {
  type Context,
  SpanKind as OtelKind,
  type Span as OtelSpan,
  ROOT_CONTEXT,
  SpanStatusCode,
  TraceFlags,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { ATTR_ERROR_TYPE } from '@opentelemetry/semantic-conventions';
import type {
  Attributes,
  AttributeValue,
  Span,
  SpanEnd,
  SpanKind,
  SpanOptions,
  TraceContext,
} from './trace-context.js';

/** The word with which a span's work ended; the words are those of the contract. */
export const ATTR_OUTCOME = 'spillway.outcome';

let tracer: Tracer | undefined;

/** Undefined switches recording off. */
export function setTracer(next: Tracer | undefined): void {
  tracer = next;
}

export function recording(): boolean {
  return tracer !== undefined;
}

/** A span without a parent: the beginning of a trace, or a batch of several. */
export function beginRoot(name: string, o?: SpanOptions): Span | undefined {
  return tracer && begin(tracer, name, ROOT_CONTEXT, o);
}

/** Continues what another process, or a stored row, has begun. */
export function beginUnder(
  parent: TraceContext | undefined,
  name: string,
  o?: SpanOptions,
): Span | undefined {
  if (parent === undefined || tracer === undefined) return undefined;
  return begin(tracer, name, remote(parent), o);
}

function begin(from: Tracer, name: string, context: Context, o: SpanOptions = {}): Span {
  const span = from.startSpan(
    name,
    {
      kind: KINDS[o.kind ?? 'INTERNAL'],
      attributes: o.attributes ?? {},
      ...(o.links && { links: o.links.map((link) => ({ context: sampled(link) })) }),
      ...(o.startMs !== undefined && { startTime: o.startMs }),
    },
    context,
  );
  return new RecordedSpan(from, span);
}

const KINDS: Record<SpanKind, OtelKind> = {
  INTERNAL: OtelKind.INTERNAL,
  SERVER: OtelKind.SERVER,
  CLIENT: OtelKind.CLIENT,
  PRODUCER: OtelKind.PRODUCER,
  CONSUMER: OtelKind.CONSUMER,
};

class RecordedSpan implements Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly #tracer: Tracer;
  readonly #span: OtelSpan;
  #ended = false;

  constructor(from: Tracer, span: OtelSpan) {
    const { traceId, spanId } = span.spanContext();
    this.#tracer = from;
    this.#span = span;
    this.traceId = traceId;
    this.spanId = spanId;
  }

  child(name: string, o?: SpanOptions): Span {
    return begin(this.#tracer, name, trace.setSpan(ROOT_CONTEXT, this.#span), o);
  }

  set(name: string, value: AttributeValue | undefined): void {
    if (value !== undefined) this.#span.setAttribute(name, value);
  }

  link(other: TraceContext): void {
    this.#span.addLink({ context: sampled(other) });
  }

  end({ outcome, fault }: SpanEnd = {}): void {
    if (this.#ended) return;
    this.#ended = true;
    if (outcome !== undefined) this.#span.setAttribute(ATTR_OUTCOME, outcome);
    if (fault !== undefined) {
      this.#span.setAttribute(ATTR_ERROR_TYPE, fault);
      this.#span.setStatus({ code: SpanStatusCode.ERROR, message: fault });
    }
    this.#span.end();
  }
}

function remote(context: TraceContext): Context {
  return trace.setSpanContext(ROOT_CONTEXT, { ...sampled(context), isRemote: true });
}

function sampled({ traceId, spanId }: TraceContext) {
  return { traceId, spanId, traceFlags: TraceFlags.SAMPLED };
}

/** What to say of an error: its name, which is of a small set, and never its text. */
export function faultOf(error: unknown): string {
  return error instanceof Error ? error.name : typeof error;
}

/**
 * Runs one step of recorded work under a span of its own. The result's `outcome` is the span's, and
 * so is a result that is nothing but a word. Unrecorded, it only runs the step.
 */
export function inStep<T>(
  parent: Span | undefined,
  name: string,
  work: (span: Span | undefined) => Promise<T>,
  attributes?: Attributes,
): Promise<T> {
  if (parent === undefined) return work(undefined);
  return stepped(parent.child(name, attributes === undefined ? {} : { attributes }), work);
}

async function stepped<T>(span: Span, work: (span: Span) => Promise<T>): Promise<T> {
  try {
    const result = await work(span);
    span.end({ outcome: outcomeOf(result) });
    return result;
  } catch (error) {
    span.end({ fault: faultOf(error) });
    throw error;
  }
}

export function outcomeOf(result: unknown): string | undefined {
  if (typeof result === 'string') return result;
  const outcome = (result as { outcome?: unknown } | null | undefined)?.outcome;
  return typeof outcome === 'string' ? outcome : undefined;
}
