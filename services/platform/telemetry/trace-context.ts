// What travels of a trace: the ids of the span that causes what comes next, as W3C Trace Context
// writes them, and the handle through which code that is being recorded tells what it does.
//
// Invariant: whoever has a Span (or a TraceContext) is being recorded. Work that nobody records has
// neither, so an unrecorded call costs one look at an absent field and nothing else.

export interface TraceContext {
  /** 32 digits, hexadecimal. */
  readonly traceId: string;
  /** 16 digits, hexadecimal. */
  readonly spanId: string;
}

export type AttributeValue = string | number | boolean;
export type Attributes = Readonly<Record<string, AttributeValue | undefined>>;

export type SpanKind = 'INTERNAL' | 'SERVER' | 'CLIENT' | 'PRODUCER' | 'CONSUMER';

export interface SpanOptions {
  readonly kind?: SpanKind;
  readonly attributes?: Attributes;
  /** What else it has to do with, besides its parent. */
  readonly links?: readonly TraceContext[];
  /** Epoch ms, for what is told afterwards. */
  readonly startMs?: number;
}

/** How a span ended. A refusal that is expected is an outcome; a fault makes the span an error. */
export interface SpanEnd {
  /** One of our words, such as SOLD_OUT. */
  readonly outcome?: string | undefined;
  /** Why it failed: an error's name or status code. */
  readonly fault?: string | undefined;
}

/** A piece of work under way. */
export interface Span extends TraceContext {
  child(name: string, o?: SpanOptions): Span;
  set(name: string, value: AttributeValue | undefined): void;
  link(other: TraceContext): void;
  /** Once; whatever is told of it later is not recorded. */
  end(end?: SpanEnd): void;
}

/** Something that may belong to a recorded trace. */
export interface Traced {
  readonly span?: Span | undefined;
}

export const TRACEPARENT = 'traceparent';

const SAMPLED = 1;

export function traceparentOf({ traceId, spanId }: TraceContext): string {
  return `00-${traceId}-${spanId}-01`;
}

/** Undefined for text that is no trace context, which then counts as none. */
export function parseTraceparent(
  text: string,
): (TraceContext & { readonly sampled: boolean }) | undefined {
  const parts = TRACE_CONTEXT.exec(text);
  if (parts === null) return undefined;
  const [, traceId, spanId, flags] = parts as unknown as [string, string, string, string];
  if (traceId === NO_TRACE || spanId === NO_SPAN) return undefined;
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & SAMPLED) === SAMPLED };
}

// Versions above 00 may append fields, which we need not understand; ff is no version.
const TRACE_CONTEXT = /^(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:$|-)/;
const NO_TRACE = '0'.repeat(32);
const NO_SPAN = '0'.repeat(16);

/** What a context that was stored or sent along names, when that is being recorded. */
export function contextOf(traceparent: unknown): TraceContext | undefined {
  if (typeof traceparent !== 'string') return undefined;
  const parsed = parseTraceparent(traceparent);
  return parsed?.sampled === true ? parsed : undefined;
}
