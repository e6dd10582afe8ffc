// What a handler knows of its call besides the request: how long it has, whether the caller is
// still there, and what headers it sent. Everything that costs is made when first read.
import type { Metadata } from '@grpc/grpc-js';
import type { Span } from '../telemetry/trace-context.js';

export interface CallContext {
  /** Absolute epoch ms. Pass it on to every step; nobody waits for an answer after it. */
  readonly deadlineMs: number;
  /** Aborts when the caller leaves, the deadline passes, or (streams only) the server stops. */
  readonly signal: AbortSignal;
  readonly metadata: Metadata;
  /** Present when the call is recorded. */
  readonly span?: Span | undefined;
}

/** How long a call may take. The caller's wish counts, up to `deadlineMsMax`. */
export interface DeadlineLimits {
  deadlineMsDefault: number;
  deadlineMsMax: number;
}

/** The part of grpc-js's server calls that is used here. */
export interface ServerCall {
  readonly metadata: Metadata;
  readonly cancelled: boolean;
  once(event: 'cancelled', listener: () => void): unknown;
  getDeadline(): Date | number;
}

/** The caller's deadline as grpc-js computed it from the time that was left; Infinity for none. */
export function callerDeadlineMs(call: ServerCall): number {
  const deadline = call.getDeadline();
  return typeof deadline === 'number' ? deadline : deadline.getTime();
}

export function effectiveDeadlineMs(
  callerMs: number,
  limits: DeadlineLimits,
  nowMs: number,
): number {
  const wished = callerMs === Infinity ? nowMs + limits.deadlineMsDefault : callerMs;
  return Math.min(wished, nowMs + limits.deadlineMsMax);
}

export class LiveCall implements CallContext {
  readonly #call: ServerCall;
  readonly deadlineMs: number;
  readonly span: Span | undefined;
  #controller: AbortController | undefined;
  #aborted = false;

  constructor(call: ServerCall, deadlineMs: number, span?: Span) {
    this.#call = call;
    this.deadlineMs = deadlineMs;
    this.span = span;
  }

  get metadata(): Metadata {
    return this.#call.metadata;
  }

  get signal(): AbortSignal {
    if (!this.#controller) {
      const controller = new AbortController();
      this.#controller = controller;
      // grpc-js says `cancelled` also when its own deadline timer answers, and after a normal end.
      if (this.#aborted || this.#call.cancelled) controller.abort();
      else this.#call.once('cancelled', () => controller.abort());
    }
    return this.#controller.signal;
  }

  abort(): void {
    this.#aborted = true;
    this.#controller?.abort();
  }
}
