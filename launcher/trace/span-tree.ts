// Puts the spans of a trace into a tree. A batch of several recorded members is a trace of its own; it
// is drawn under each member that links to it, because that is where its time went.
import type { TraceSpan } from './trace-span.js';

export interface SpanNode {
  readonly span: TraceSpan;
  /** It belongs to another trace and is here by a link. */
  readonly linked: boolean;
  readonly children: readonly SpanNode[];
}

/** One tree for each span whose parent is not known here, such as a caller outside the mesh. */
export function spanTrees(spans: readonly TraceSpan[], traceId: string): SpanNode[] {
  const known = new Index(spans);
  return spans
    .filter((span) => span.traceId === traceId && known.parentOf(span) === undefined)
    .map((span) => known.tree(span, false, new Set()));
}

class Index {
  readonly #byKey = new Map<string, TraceSpan>();
  readonly #children = new Map<string, TraceSpan[]>();

  constructor(spans: readonly TraceSpan[]) {
    for (const span of spans) this.#byKey.set(keyOf(span), span);
    for (const span of spans) {
      const parent = this.parentOf(span);
      if (parent === undefined) continue;
      const siblings = this.#children.get(keyOf(parent));
      if (siblings) siblings.push(span);
      else this.#children.set(keyOf(parent), [span]);
    }
  }

  parentOf({ traceId, parentId }: TraceSpan): TraceSpan | undefined {
    return parentId === undefined
      ? undefined
      : this.#byKey.get(keyOf({ traceId, spanId: parentId }));
  }

  /** `seen` holds what stands above: links lead back and forth. */
  tree(span: TraceSpan, linked: boolean, seen: ReadonlySet<string>): SpanNode {
    const path = new Set([...seen, keyOf(span)]);
    const own = this.#children.get(keyOf(span)) ?? [];
    const below = own.map((child) => this.tree(child, false, path));
    const batches = this.#batchesOf(span)
      .filter((batch) => !path.has(keyOf(batch)))
      .map((batch) => this.tree(batch, true, path));
    const children = [...below, ...batches].sort((a, b) => a.span.startMs - b.span.startMs);
    return { span, linked, children };
  }

  // From member to batch, and never from batch to its many members.
  #batchesOf(span: TraceSpan): TraceSpan[] {
    if (isBatch(span)) return [];
    const linked = span.links.flatMap((link) => this.#byKey.get(keyOf(link)) ?? []);
    const others = linked.filter((one) => one.traceId !== span.traceId && isBatch(one));
    return [...new Set(others)];
  }
}

function isBatch(span: TraceSpan): boolean {
  return span.attributes['spillway.batch.size'] !== undefined;
}

function keyOf({ traceId, spanId }: { traceId: string; spanId: string }): string {
  return `${traceId}/${spanId}`;
}
