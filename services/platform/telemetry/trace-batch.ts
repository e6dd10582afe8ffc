// The span of a batch, and those of its members.
//
// 1. A batch is recorded when one of its members is. It links to every recorded member, and each of
//    them links back to it.
// 2. A batch with one recorded member is a child of that member, so at a low rate of sampling an order's
//    trace holds all that was done for it. With several it is a trace of its own: it belongs to none.
//
// Members travel in one call with the place and the context of each, see item-trace in the contract.

import { ATTR_DB_SYSTEM_NAME } from '@opentelemetry/semantic-conventions';
import {
  type Attributes,
  contextOf,
  type Span,
  type SpanEnd,
  type Traced,
  traceparentOf,
} from './trace-context.js';
import { beginRoot, beginUnder, outcomeOf, recording } from './trace-recorder.js';

export type SpansOf<T> = (item: T) => Span | readonly Span[] | undefined;

const ATTR_SIZE = 'spillway.batch.size';
const ATTR_RECORDED = 'spillway.batch.recorded';
const ATTR_OUTCOMES = 'spillway.batch.outcomes';

/** The usual way: the item carries its own span. */
export function spanOf(item: Traced): Span | undefined {
  return item.span;
}

/** Undefined when no member is recorded. */
export function beginBatch<T>(
  name: string,
  items: readonly T[],
  spansOf: SpansOf<T>,
  attributes?: Attributes,
): Span | undefined {
  if (!recording()) return undefined;
  const members = membersOf(items, spansOf);
  if (members === undefined) return undefined;
  const size = { [ATTR_SIZE]: items.length, [ATTR_RECORDED]: members.length };
  // What has a database in its attributes is a call to it.
  const kind = attributes?.[ATTR_DB_SYSTEM_NAME] === undefined ? 'INTERNAL' : 'CLIENT';
  const o = { kind, links: members, attributes: { ...size, ...attributes } } as const;
  const [first] = members;
  const span = members.length === 1 ? first?.child(name, o) : beginRoot(name, o);
  if (span !== undefined) for (const member of members) member.link(span);
  return span;
}

function membersOf<T>(items: readonly T[], spansOf: SpansOf<T>): Span[] | undefined {
  let members: Set<Span> | undefined;
  for (const item of items) {
    const found = spansOf(item);
    if (found === undefined) continue;
    members ??= new Set();
    if (Array.isArray(found)) for (const span of found as readonly Span[]) members.add(span);
    else members.add(found as Span);
  }
  return members === undefined || members.size === 0 ? undefined : [...members];
}

/** Ends it with a count of each outcome among the results. */
export function endBatch(span: Span | undefined, results: readonly unknown[], end?: SpanEnd): void {
  if (span === undefined) return;
  const counts = new Map<string, number>();
  for (const result of results) {
    const word = outcomeOf(result);
    if (word !== undefined) counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  const text = [...counts].map(([word, count]) => `${word} ${count}`).join(', ');
  span.set(ATTR_OUTCOMES, text === '' ? undefined : text);
  const [only] = counts.keys();
  span.end({ outcome: counts.size === 1 ? only : undefined, ...end });
}

/** One recorded item of a batch call, as the contract has it. */
export interface ItemTrace {
  readonly item: number;
  readonly traceparent: string;
}

const NONE: ItemTrace[] = [];

/** For the caller of a batch: the contexts of the items that are recorded. */
export function itemTraces(items: readonly Traced[]): ItemTrace[] {
  if (!recording()) return NONE;
  let traces: ItemTrace[] | undefined;
  items.forEach(({ span }, item) => {
    if (span === undefined) return;
    traces ??= [];
    traces.push({ item, traceparent: traceparentOf(span) });
  });
  return traces ?? NONE;
}

/** For the handler of a batch: a span for each recorded item, under its own parent. */
export class MemberSpans {
  readonly #spans: ReadonlyMap<number, Span>;

  private constructor(spans: ReadonlyMap<number, Span>) {
    this.#spans = spans;
  }

  /** Undefined when no item is recorded. `call` is the span of the call that brought them. */
  static begin(
    name: string,
    traces: readonly ItemTrace[],
    call: Span | undefined,
  ): MemberSpans | undefined {
    if (traces.length === 0 || !recording()) return undefined;
    const spans = new Map<number, Span>();
    for (const { item, traceparent } of traces) {
      const links = call === undefined ? [] : [call];
      const span = beginUnder(contextOf(traceparent), name, { links });
      if (span === undefined) continue;
      call?.link(span);
      // A second context for one item would leave the first span open.
      spans.get(item)?.end();
      spans.set(item, span);
    }
    return spans.size === 0 ? undefined : new MemberSpans(spans);
  }

  of(item: number): Span | undefined {
    return this.#spans.get(item);
  }

  /** Ends all, each with the outcome of its item's result. */
  end(results: readonly unknown[]): void {
    for (const [item, span] of this.#spans) span.end({ outcome: outcomeOf(results[item]) });
  }

  /** The call failed as a whole. */
  fail(fault: string): void {
    for (const span of this.#spans.values()) span.end({ fault });
  }
}

/** Does a batch call's work with a span for each recorded item. */
export async function withMembers<R>(
  name: string,
  traces: readonly ItemTrace[],
  call: Span | undefined,
  work: (spans: MemberSpans | undefined) => Promise<R[]>,
): Promise<R[]> {
  const spans = MemberSpans.begin(name, traces, call);
  if (spans === undefined) return work(undefined);
  try {
    const results = await work(spans);
    spans.end(results);
    return results;
  } catch (error) {
    spans.fail(error instanceof Error ? error.name : 'Error');
    throw error;
  }
}
