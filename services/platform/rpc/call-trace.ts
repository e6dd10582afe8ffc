// Tracing of gRPC calls: the context in the headers, and a span for each call that is recorded, on
// both sides. Refusals that the contract lists are outcomes; only what a server could not do is an
// error. An unrecorded call pays for one look at its headers.

import { Metadata, status } from '@grpc/grpc-js';
import { ATTR_RPC_METHOD, ATTR_RPC_SYSTEM_NAME } from '@opentelemetry/semantic-conventions';
import { type Span, TRACEPARENT, traceparentOf } from '../telemetry/trace-context.js';
import { recording } from '../telemetry/trace-recorder.js';
import { Entrance } from '../telemetry/trace-sampler.js';

// Still experimental in the conventions, so its place in their package may change.
const ATTR_RPC_RESPONSE_STATUS_CODE = 'rpc.response.status_code';

export type RpcSystem = 'grpc' | 'connectrpc';

/** How a call failed: its code, and its reason when it has one. */
export interface CallFailure {
  readonly code: number;
  readonly reason: string | undefined;
}

/** A call, as far as its headers are concerned. */
export interface CallHeaders {
  readonly metadata: Metadata;
  /** One of them, where that does not cost all of them. */
  header?(name: string): string | undefined;
}

/** The recorder of one method's calls, on the server. */
export class CallTrace {
  readonly #entrance: Entrance;

  /** `strangers`: callers need not be of the mesh. */
  constructor(path: string, o: { system?: RpcSystem; strangers?: boolean } = {}) {
    const { system, strangers = false } = o;
    const attributes = attributesOf(path, system);
    this.#entrance = new Entrance(nameOf(path), { kind: 'SERVER', attributes, strangers });
  }

  begin(call: CallHeaders, nowMs: number): Span | undefined {
    return recording() ? this.beginFrom(headerOf(call), nowMs) : undefined;
  }

  beginFrom(traceparent: string | undefined, nowMs: number): Span | undefined {
    return this.#entrance.begin(traceparent, nowMs);
  }

  /** Of every call, once. `ids` are looked for in the messages of recorded calls only. */
  end(
    span: Span | undefined,
    startMs: number,
    failure: CallFailure | undefined,
    messages: readonly unknown[],
  ): void {
    if (!recording()) return;
    const faulty = failure !== undefined && SERVER_FAULTS.has(failure.code);
    const told = span ?? this.#entrance.tell(faulty, startMs, Date.now());
    if (told === undefined) return;
    for (const message of messages) tellIds(told, message);
    endCall(told, failure, SERVER_FAULTS);
  }
}

/** The span of a call that is about to be sent; undefined when nobody records it. */
export function beginCall(path: string, parent: Span | undefined): Span | undefined {
  return parent?.child(nameOf(path), { kind: 'CLIENT', attributes: attributesOf(path) });
}

export function endClientCall(span: Span | undefined, failure: CallFailure | undefined): void {
  if (span !== undefined) endCall(span, failure, CLIENT_FAULTS);
}

/**
 * The headers of a call, with its trace context. An unrecorded call says so too, or else whoever is
 * called would take it for the beginning of a trace and decide anew.
 */
export function tracedHeaders(given: Metadata | undefined, span: Span | undefined): Metadata {
  if (span === undefined && (given !== undefined || !recording())) return given ?? new Metadata();
  if (span === undefined) return UNRECORDED.clone();
  const headers = given?.clone() ?? new Metadata();
  headers.set(TRACEPARENT, traceparentOf(span));
  return headers;
}

const UNRECORDED = new Metadata();
// Any ids will do: nothing is ever recorded under them.
UNRECORDED.set(TRACEPARENT, `00-${'1'.repeat(32)}-${'1'.repeat(16)}-00`);

function endCall(span: Span, failure: CallFailure | undefined, faults: ReadonlySet<number>): void {
  const word = status[failure?.code ?? status.OK] ?? 'UNKNOWN';
  span.set(ATTR_RPC_RESPONSE_STATUS_CODE, word);
  const faulty = failure !== undefined && faults.has(failure.code);
  span.end({ outcome: failure?.reason || undefined, fault: faulty ? word : undefined });
}

// What the semantic conventions call an error of the server; the rest is an answer.
const SERVER_FAULTS: ReadonlySet<number> = new Set([
  status.UNKNOWN,
  status.DEADLINE_EXCEEDED,
  status.UNIMPLEMENTED,
  status.INTERNAL,
  status.UNAVAILABLE,
  status.DATA_LOSS,
]);

// They call every status but OK an error of the client. A refusal that the contract lists is none.
const CLIENT_FAULTS: ReadonlySet<number> = new Set([...SERVER_FAULTS, status.CANCELLED]);

function nameOf(path: string): string {
  return path.slice(1);
}

function attributesOf(path: string, system: RpcSystem = 'grpc') {
  return { [ATTR_RPC_SYSTEM_NAME]: system, [ATTR_RPC_METHOD]: nameOf(path) };
}

function headerOf(call: CallHeaders): string | undefined {
  if (call.header !== undefined) return call.header(TRACEPARENT);
  const [value] = call.metadata.get(TRACEPARENT);
  return typeof value === 'string' ? value : undefined;
}

const ID_FIELDS = {
  orderId: 'spillway.order.id',
  paymentId: 'spillway.payment.id',
  reservationId: 'spillway.reservation.id',
  requestId: 'spillway.request.id',
} as const;

/** The ids by which people look for a trace: those of a message, or of the order that it carries. */
function tellIds(span: Span, message: unknown): void {
  if (typeof message !== 'object' || message === null) return;
  for (const [field, attribute] of Object.entries(ID_FIELDS)) {
    const id = (message as Record<string, unknown>)[field];
    if (typeof id === 'string' && id !== '') span.set(attribute, id);
  }
  const { order, duplicate } = message as { order?: unknown; duplicate?: unknown };
  if (duplicate === true) span.set('spillway.duplicate', true);
  if (order !== undefined) tellIds(span, order);
}
