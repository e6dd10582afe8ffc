// Finds the trace that somebody means: by its id, by any id that one of its spans tells, the last order
// or the slowest. What else is known of the same order comes along.
import type { TraceSpan } from './trace-span.js';

const CREATE_ORDER = 'spillway.order.v1.OrderService/CreateOrder';
const ORDER_ID = 'spillway.order.id';
const ID = /^spillway\.(order|payment|reservation|request|aggregate)\.id$/;
/** More than a buyer does with an order; beyond that the newest are left out. */
const TRACES_MAX = 12;

/** Ids of traces, the oldest first; empty when nothing is known of it. */
export function pickTraces(spans: readonly TraceSpan[], what: string): string[] {
  const chosen = chosenTraces(spans, what);
  const orderIds = new Set(
    spans.filter(({ traceId }) => chosen.has(traceId)).flatMap((span) => orderIdOf(span) ?? []),
  );
  for (const span of spans) {
    if (orderIds.has(orderIdOf(span) ?? '')) chosen.add(span.traceId);
  }
  const inOrder = [...new Set(spans.map(({ traceId }) => traceId))];
  return inOrder.filter((traceId) => chosen.has(traceId)).slice(0, TRACES_MAX);
}

function chosenTraces(spans: readonly TraceSpan[], what: string): Set<string> {
  if (what === 'last') return setOf(placed(spans).at(-1) ?? spans.at(-1));
  if (what === 'slowest') return setOf(slowest(placed(spans)));
  const named = spans.filter(
    (span) =>
      span.traceId === what ||
      Object.entries(span.attributes).some(([name, id]) => ID.test(name) && id === what),
  );
  return new Set(named.map(({ traceId }) => traceId));
}

function setOf(span: TraceSpan | undefined): Set<string> {
  return new Set(span === undefined ? [] : [span.traceId]);
}

/** Calls that made an order; else those that found one, or that tried to. */
function placed(spans: readonly TraceSpan[]): TraceSpan[] {
  const calls = spans.filter(({ name }) => name === CREATE_ORDER);
  const found = calls.filter((span) => orderIdOf(span) !== undefined);
  const made = found.filter((span) => span.attributes['spillway.duplicate'] !== true);
  return [made, found].find((some) => some.length > 0) ?? calls;
}

function slowest(spans: readonly TraceSpan[]): TraceSpan | undefined {
  return [...spans].sort((a, b) => b.endMs - b.startMs - (a.endMs - a.startMs))[0];
}

function orderIdOf({ attributes }: TraceSpan): string | undefined {
  const id = attributes[ORDER_ID];
  return typeof id === 'string' ? id : undefined;
}
