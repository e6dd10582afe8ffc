// Why a batcher did not start an item. Both are certain: nothing was done for it.

/** Refused before it started: there is more work than can be done in time. */
export class OverloadedError extends Error {
  override readonly name = 'OverloadedError';
  readonly retryAfterMs: number;

  constructor(message: string, retryAfterMs: number) {
    super(message);
    this.retryAfterMs = retryAfterMs;
  }
}

/** Refused before it started: its deadline had passed. */
export class DeadlineError extends Error {
  override readonly name = 'DeadlineError';
}
