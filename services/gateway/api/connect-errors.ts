// Whatever went wrong becomes a ConnectError with the same code, reason and details that the mesh
// gave; the platform's own classifier decides what may be told, so the edge leaks no more than a
// service does: transport errors lose their addresses and bugs lose their text.
import { type Code, ConnectError } from '@connectrpc/connect';
import {
  BadRequestSchema,
  ErrorInfoSchema,
  RetryInfoSchema,
} from '../../../gen/google/rpc/error_details_pb.js';
import type { Log } from '../../platform/log.js';
import { fromServiceError, type RpcError, toServiceError } from '../../platform/rpc/errors.js';

type Detail = ConstructorParameters<typeof ConnectError>[3] extends (infer D)[] | undefined
  ? D
  : never;

/** The error as a caller may see it: an RpcError, its reason known or the text masked. */
export function tellable(error: unknown, log: Log): RpcError {
  return fromServiceError(toServiceError(error, log));
}

export function toConnectError(error: unknown, log: Log): ConnectError {
  if (error instanceof ConnectError) return error;
  const known = tellable(error, log);
  // The codes of Connect are those of gRPC, number by number.
  const code = known.code as number as Code;
  return new ConnectError(known.message, code, retryAfter(known), detailsOf(known));
}

/** Seconds for the HTTP header, rounded up: 0 would mean "at once". */
export function retryAfterSeconds(error: RpcError): number | undefined {
  if (error.retryDelayMs === undefined) return undefined;
  return Math.max(1, Math.ceil(error.retryDelayMs / 1000));
}

function retryAfter(error: RpcError): Record<string, string> | undefined {
  const seconds = retryAfterSeconds(error);
  return seconds === undefined ? undefined : { 'retry-after': String(seconds) };
}

function detailsOf(error: RpcError): Detail[] {
  const details: Detail[] = [];
  if (error.reason !== '') {
    const value = { reason: error.reason, domain: 'spillway', metadata: { ...error.metadata } };
    details.push({ desc: ErrorInfoSchema, value });
  }
  if (error.fields.length > 0) {
    details.push({ desc: BadRequestSchema, value: { fieldViolations: [...error.fields] } });
  }
  if (error.retryDelayMs !== undefined) {
    details.push({ desc: RetryInfoSchema, value: { retryDelay: durationOf(error.retryDelayMs) } });
  }
  return details;
}

function durationOf(ms: number): { seconds: bigint; nanos: number } {
  const seconds = Math.floor(ms / 1000);
  return { seconds: BigInt(seconds), nanos: Math.round((ms - seconds * 1000) * 1e6) };
}
