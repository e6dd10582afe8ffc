// RpcError is the one error that crosses the wire: a status code for machines that know only gRPC,
// and a reason from the closed list for those that know us. Nothing else of an error leaves a
// process: what is not an RpcError is mapped by type, and what has no type is masked and logged.

import type { ServiceError } from '@grpc/grpc-js';
import { status } from '@grpc/grpc-js';
import { DeadlineError, OverloadedError } from '../batcher.js';
import { ClockError } from '../ids.js';
import type { Log } from '../log.js';
import { UnavailableError, UnknownOutcomeError } from '../mysql/errors.js';
import { logFailure } from './failure-log.js';
import { decodeDetails, encodeDetails, type FieldViolation } from './status-details.js';

export interface RpcErrorOptions {
  code: status;
  /** A name of `spillway.common.v1.ErrorReason` without its prefix; '' when the peer gave none. */
  reason: string;
  message: string;
  fields?: FieldViolation[];
  retryDelayMs?: number;
  metadata?: Record<string, string>;
  cause?: unknown;
}

export class RpcError extends Error {
  override readonly name = 'RpcError';
  readonly code: status;
  readonly reason: string;
  readonly fields: readonly FieldViolation[];
  readonly retryDelayMs: number | undefined;
  readonly metadata: Readonly<Record<string, string>>;

  constructor(o: RpcErrorOptions) {
    // A refusal is an answer, not a fault: nobody reads its stack, and a sold-out sale makes thousands
    // a second. What went wrong underneath is the cause, and that has one.
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = 0;
    super(o.message, o.cause === undefined ? undefined : { cause: o.cause });
    Error.stackTraceLimit = limit;
    this.code = o.code;
    this.reason = o.reason;
    this.fields = o.fields ?? [];
    this.retryDelayMs = o.retryDelayMs;
    this.metadata = o.metadata ?? {};
  }
}

export function invalidField(field: string, description: string): RpcError {
  return new RpcError({
    code: status.INVALID_ARGUMENT,
    reason: 'FIELD_INVALID',
    message: `${field}: ${description}`,
    fields: [{ field, description }],
  });
}

/** What to send for whatever a handler threw. Without a log, bugs and outages go unseen. */
export function toServiceError(error: unknown, log?: Log, ids?: () => object): ServiceError {
  const known = classify(error);
  if (!known) {
    if (log) logFailure(log, 'error', error, 'internal error', ids);
    return MASKED;
  }
  if (log && known.code === status.UNAVAILABLE) {
    logFailure(log, 'warn', error, known.message, ids);
  }
  return wire(known);
}

/** What a caller throws for what it received. */
export function fromServiceError(error: ServiceError): RpcError {
  return new RpcError({
    code: error.code,
    message: error.details,
    cause: error,
    ...decodeDetails(error.metadata),
  });
}

/** Of a refusal that says why. */
export function reasonOf(error: unknown): string | undefined {
  return error instanceof RpcError ? error.reason : undefined;
}

// A dependency that failed a moment ago deserves a moment before it is asked again.
const DEPENDENCY_RETRY_MS = 200;

function classify(error: unknown): RpcError | undefined {
  if (error instanceof RpcError) return error.reason === '' ? fromTransport(error) : error;
  if (error instanceof OverloadedError) return overloaded(error.retryAfterMs);
  if (error instanceof DeadlineError) return deadlineExceeded();
  if (isAbortError(error)) return callerLeft();
  if (
    error instanceof UnavailableError ||
    error instanceof UnknownOutcomeError ||
    error instanceof ClockError
  ) {
    return dependencyUnavailable(error);
  }
  return undefined;
}

/**
 * An error without a reason was made by a transport on the way to another service and may name its
 * address, so only its kind is passed on. CANCELLED comes from the handler's own signal, that is,
 * from a caller who no longer listens.
 */
function fromTransport(error: RpcError): RpcError | undefined {
  switch (error.code) {
    case status.DEADLINE_EXCEEDED:
      return deadlineExceeded();
    case status.UNAVAILABLE:
      return dependencyUnavailable(error);
    case status.CANCELLED:
      return callerLeft();
    default:
      return undefined;
  }
}

export function overloaded(retryDelayMs: number): RpcError {
  return new RpcError({
    code: status.RESOURCE_EXHAUSTED,
    reason: 'OVERLOADED',
    message: 'overloaded; nothing was done',
    retryDelayMs,
  });
}

export function deadlineExceeded(): RpcError {
  return new RpcError({
    code: status.DEADLINE_EXCEEDED,
    reason: 'DEADLINE_EXCEEDED',
    message: 'the time budget ended before an answer was known',
  });
}

// By name, because it is a DOMException here and an Error there.
function isAbortError(error: unknown): boolean {
  return (error as { name?: unknown } | undefined | null)?.name === 'AbortError';
}

function callerLeft(): RpcError {
  return new RpcError({ code: status.CANCELLED, reason: '', message: 'the caller left' });
}

function dependencyUnavailable(cause: unknown): RpcError {
  return new RpcError({
    code: status.UNAVAILABLE,
    reason: 'DEPENDENCY_UNAVAILABLE',
    message: 'a dependency does not answer; retry with the same id',
    retryDelayMs: DEPENDENCY_RETRY_MS,
    cause,
  });
}

// A plain object, because grpc-js reads only these fields and a stack trace costs microseconds on a
// path that a sold-out sale takes for nearly every call.
function wire(error: RpcError): ServiceError {
  return {
    name: 'ServiceError',
    message: error.message,
    code: error.code,
    details: error.message,
    metadata: encodeDetails(error),
  };
}

const MASKED = wire(new RpcError({ code: status.INTERNAL, reason: '', message: 'internal error' }));
