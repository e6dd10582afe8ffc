// How a buyer's app calls: it sends the same request again after a transient error, with the same
// ids, a bounded number of times. A refusal is an answer and is not repeated.
import { status } from '@grpc/grpc-js';
import { type RetryPolicy, retry } from '../../services/platform/retry.js';
import { RpcError } from '../../services/platform/rpc/errors.js';

/** Ten waits of up to a second: longer than a service takes to restart. */
const PATIENCE: RetryPolicy = { attemptsMax: 10, delayMsMin: 50, delayMsMax: 1_000 };
/** The wait for a provider's answer: it takes about 20 ms, a second when thousands pay at once. */
const WAITING: RetryPolicy = { attemptsMax: 40, delayMsMin: 200, delayMsMax: 500 };

const CALL_MS_MAX = 5_000;

export interface PersistOptions {
  /** Ends the repeating; a call that is under way ends with its deadline or with the mesh. */
  signal: AbortSignal;
  /** Reasons that pass by themselves, such as PAYMENT_IN_PROGRESS: asked again, but no trouble. */
  passing?: readonly string[];
  /** Told of each transient error. */
  onRetry: () => void;
}

export function persist<T>(
  o: PersistOptions,
  call: (options: { deadlineMs: number }) => Promise<T>,
): Promise<T> {
  const passing = o.passing ?? [];
  const retryable = (error: unknown) => {
    if (o.signal.aborted || !(error instanceof RpcError)) return false;
    const again = transient(error) || passing.includes(error.reason);
    if (transient(error)) o.onRetry();
    return again;
  };
  const policy = passing.length > 0 ? WAITING : PATIENCE;
  return retry(policy, { retryable }, () => call({ deadlineMs: Date.now() + CALL_MS_MAX }));
}

/** Whether the outcome is open, so that the same request may be sent again. */
export function transient(error: RpcError): boolean {
  return (
    error.code === status.UNAVAILABLE ||
    error.code === status.RESOURCE_EXHAUSTED ||
    error.code === status.DEADLINE_EXCEEDED
  );
}

/** The word for a refusal, for counting. */
export function reasonOf(error: RpcError): string {
  return error.reason === '' ? (status[error.code] ?? 'UNKNOWN') : error.reason;
}
