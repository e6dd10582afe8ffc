// What a mesh has recorded, as a test wants to look at it: as the paths from a caller's span to all that
// was done for it, in names alone.
import { randomBytes } from 'node:crypto';
import { Metadata } from '@grpc/grpc-js';
import { readSpans, type TraceSpan } from '../../launcher/trace/trace-span.js';
import { soon } from '../harness/clients.js';
import { eventually } from '../harness/shop.js';

/** Processes write once a second; what an outbox delivers comes later still. */
const RECORDED_MS_MAX = 20_000;

/** A caller with a trace of its own. */
export class Caller {
  readonly traceId = randomBytes(16).toString('hex');
  readonly spanId = randomBytes(8).toString('hex');

  get traceparent(): string {
    return `00-${this.traceId}-${this.spanId}-01`;
  }

  /** For a gRPC call. */
  call() {
    const metadata = new Metadata();
    metadata.set('traceparent', this.traceparent);
    return { ...soon(), metadata };
  }
}

export class Recorded {
  constructor(readonly spans: readonly TraceSpan[]) {}

  /** What is recorded as soon as all these paths are, or a failure that says what was missing. */
  static async ofPaths(dir: string, caller: Caller, paths: readonly string[]): Promise<Recorded> {
    let seen = new Recorded([]);
    const missing = () => paths.filter((path) => !seen.pathsOf(caller.traceId).includes(path));
    await eventually(
      () => `missing:\n${missing().join('\n')}\nseen:\n${seen.pathsOf(caller.traceId).join('\n')}`,
      async () => {
        seen = new Recorded(readSpans(dir));
        return Promise.resolve(missing().length === 0);
      },
      RECORDED_MS_MAX,
    );
    return seen;
  }

  trace(traceId: string): TraceSpan[] {
    return this.spans.filter((span) => span.traceId === traceId);
  }

  named(traceId: string, name: string): TraceSpan[] {
    return this.trace(traceId).filter((span) => span.name === name);
  }

  pathsOf(traceId: string): string[] {
    const own = this.trace(traceId);
    const byId = new Map(own.map((span) => [span.spanId, span]));
    const pathOf = (span: TraceSpan): string => {
      const parent = byId.get(span.parentId ?? '');
      const name = `${span.service.replace('spillway-', '')} ${shortName(span.name)}`;
      return parent === undefined ? name : `${pathOf(parent)} > ${name}`;
    };
    return own.map(pathOf);
  }

  /** Spans whose parent nobody has ended, and links that lead nowhere. `roots` are callers of ours. */
  loose(traceId: string, roots: readonly string[]): string[] {
    const known = new Set(this.spans.map(({ spanId }) => spanId));
    return this.trace(traceId).flatMap(({ name, parentId, links }) => {
      const orphan = parentId !== undefined && !known.has(parentId) && !roots.includes(parentId);
      const lost = links.filter(({ spanId }) => !known.has(spanId));
      return [
        ...(orphan ? [`${name} has no parent`] : []),
        ...lost.map(() => `${name} links away`),
      ];
    });
  }

  errors(traceId: string): string[] {
    return this.trace(traceId).flatMap(({ name, error }) => (error ? [`${name}: ${error}`] : []));
  }
}

function shortName(name: string): string {
  return name.replace(/^spillway\.[a-z]+\.v1\./, '');
}
