// A span as the files of a mesh have it, and how to read them: OTLP-JSON, one export request a line. A
// line that cannot be read, such as the half one of a process that was killed, is passed over.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';

export interface TraceSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentId: string | undefined;
  readonly name: string;
  readonly service: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
  readonly error: string | undefined;
}

/** Spans of all processes, oldest first. A span that was written twice is there once. */
export function readSpans(dir: string): TraceSpan[] {
  if (!existsSync(dir)) return [];
  const spans = new Map<string, TraceSpan>();
  for (const name of readdirSync(dir)) {
    if (!/\.jsonl(\.old)?$/.test(name)) continue;
    for (const line of readFileSync(path.join(dir, name), 'utf8').split('\n')) {
      for (const span of spansOf(line)) spans.set(`${span.traceId}/${span.spanId}`, span);
    }
  }
  return [...spans.values()].sort((a, b) => a.startMs - b.startMs);
}

export function spansOf(line: string): TraceSpan[] {
  const parsed = requestOf(line);
  if (parsed === undefined) return [];
  return parsed.resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const service = String(attributesOf(resource.attributes)['service.name'] ?? '');
    return scopeSpans.flatMap(({ spans }) => spans.map((span) => toSpan(span, service)));
  });
}

const value = z.union([
  z.object({ stringValue: z.string() }).transform((v) => v.stringValue),
  z.object({ intValue: z.union([z.string(), z.number()]) }).transform((v) => Number(v.intValue)),
  z.object({ doubleValue: z.number() }).transform((v) => v.doubleValue),
  z.object({ boolValue: z.boolean() }).transform((v) => v.boolValue),
  z.unknown().transform(() => ''),
]);
const attributes = z.array(z.object({ key: z.string(), value })).default([]);
const nanos = z.union([z.string(), z.number()]).transform((text) => Number(text) / 1e6);
const span = z.object({
  traceId: z.string(),
  spanId: z.string(),
  parentSpanId: z.string().optional(),
  name: z.string(),
  startTimeUnixNano: nanos,
  endTimeUnixNano: nanos,
  attributes,
  links: z.array(z.object({ traceId: z.string(), spanId: z.string() })).default([]),
  status: z.object({ code: z.number().optional(), message: z.string().optional() }).default({}),
});
const request = z.object({
  resourceSpans: z.array(
    z.object({
      resource: z.object({ attributes }),
      scopeSpans: z.array(z.object({ spans: z.array(span) })),
    }),
  ),
});

/** OTLP's code for a status of error. */
const ERROR = 2;

function requestOf(line: string): z.infer<typeof request> | undefined {
  if (line === '') return undefined;
  try {
    return request.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}

function toSpan(wire: z.infer<typeof span>, service: string): TraceSpan {
  const { traceId, spanId, parentSpanId, name, status } = wire;
  return {
    traceId,
    spanId,
    parentId: parentSpanId === '' ? undefined : parentSpanId,
    name,
    service,
    startMs: wire.startTimeUnixNano,
    endMs: wire.endTimeUnixNano,
    attributes: attributesOf(wire.attributes),
    links: wire.links,
    error: status.code === ERROR ? (status.message ?? 'error') : undefined,
  };
}

function attributesOf(list: z.infer<typeof attributes>) {
  return Object.fromEntries(list.map(({ key, value: one }) => [key, one]));
}
