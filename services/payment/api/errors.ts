// Outcome word -> status code, reason and message. The one place where a refusal gets its gRPC code.

import { status } from '@grpc/grpc-js';
import { RpcError } from '../../platform/rpc/errors.js';

const REFUSALS = {
  PAYMENT_UNKNOWN: [status.NOT_FOUND, 'no such payment'],
  REQUEST_ID_REUSED: [status.ALREADY_EXISTS, 'the request id was used with another body'],
  TRANSITION_ILLEGAL: [status.FAILED_PRECONDITION, 'the state of the payment does not allow it'],
  PAYMENT_IN_PROGRESS: [status.FAILED_PRECONDITION, 'an attempt is at the provider'],
  PAYMENT_NOT_OPEN: [status.FAILED_PRECONDITION, 'the payment may not be started yet'],
  PAYMENT_DEADLINE_PASSED: [status.FAILED_PRECONDITION, 'the payment deadline has passed'],
  REFUND_EXCEEDS_CAPTURED: [
    status.FAILED_PRECONDITION,
    'the refund exceeds what is captured and not yet refunded',
  ],
  EVENT_FORGED: [status.PERMISSION_DENIED, 'signature, time or amount of the event does not hold'],
} as const;

export type Refusal = keyof typeof REFUSALS;

export function refusal(reason: Refusal, state?: string): RpcError {
  const [code, message] = REFUSALS[reason];
  return new RpcError({
    code,
    reason,
    message: state === undefined ? message : `${message} (${state})`,
  });
}

/** The outcome may be unknown: the same request gets the answer of this one. */
export function unavailable(message: string, retryDelayMs: number): RpcError {
  const reason = 'DEPENDENCY_UNAVAILABLE';
  return new RpcError({ code: status.UNAVAILABLE, reason, message, retryDelayMs });
}
