// What to make of a call to another service that failed: whether it did nothing, or nobody knows.

import { status } from '@grpc/grpc-js';
import { RpcError } from '../../platform/rpc/errors.js';

/** Whether the peer certainly did nothing because it had too much to do. */
export function overloadedPeer(error: unknown): boolean {
  return error instanceof RpcError && error.reason === 'OVERLOADED';
}

/**
 * Whether nothing is known about the outcome of a call, so that it must be made again under the same
 * key. A request that the peer calls wrong is a bug of ours and is not.
 */
export function unknownOutcome(error: unknown): boolean {
  if (!(error instanceof RpcError)) return false;
  return error.code !== status.INVALID_ARGUMENT && error.code !== status.UNIMPLEMENTED;
}
