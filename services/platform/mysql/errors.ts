// What can be known about a statement or transaction that did not succeed. The distinction that
// matters: UnavailableError = certainly not committed, UnknownOutcomeError = perhaps committed.

/** Rolls the transaction back on purpose; `value` carries what the caller wants to know. */
export class RollbackError extends Error {
  override readonly name = 'RollbackError';
  readonly value: unknown;

  constructor(value: unknown) {
    super('rolled back on purpose');
    this.value = value;
  }
}

/** The database could not be used, and nothing was committed. */
export class UnavailableError extends Error {
  override readonly name = 'UnavailableError';
}

/** COMMIT was sent and not answered. Ask again under the same key; never undo on a guess. */
export class UnknownOutcomeError extends Error {
  override readonly name = 'UnknownOutcomeError';
}

const LOCK_WAIT_TIMEOUT = 1205;
const DEADLOCK = 1213;
const DUPLICATE_KEY = 1062;

// The server answered, but only to say that it is going away, full, or no longer writable:
// too many connections, shutdown, connection killed (two), read only (two), interrupted.
const GOING_AWAY = new Set([1040, 1053, 1152, 1927, 1290, 1836, 1317]);

// What only a change of rows can be refused for: a key that is taken, a missing, too large, odd or too long
// value, a broken constraint (of MySQL, of MariaDB).
const BAD_ROW = new Set([DUPLICATE_KEY, 1048, 1264, 1292, 1366, 1406, 3819, 4025]);

/** Of statements that were sent with a COMMIT behind them: one failed before it, so it was not run. */
export function failedBeforeCommit(error: unknown): boolean {
  const errno = errnoOf(error);
  return isContention(error) || (errno !== undefined && BAD_ROW.has(errno));
}

export function isDuplicateKey(error: unknown): boolean {
  return errnoOf(error) === DUPLICATE_KEY;
}

/** The transaction lost against another one and will probably succeed when run again. */
export function isContention(error: unknown): boolean {
  const errno = errnoOf(error);
  return errno === LOCK_WAIT_TIMEOUT || errno === DEADLOCK;
}

export const CONTENTIONS = ['lock_wait_timeout', 'deadlock', 'duplicate_key'] as const;

/** In one word, for counting. */
export function contentionOf(error: unknown): (typeof CONTENTIONS)[number] {
  const errno = errnoOf(error);
  if (errno === LOCK_WAIT_TIMEOUT) return 'lock_wait_timeout';
  return errno === DEADLOCK ? 'deadlock' : 'duplicate_key';
}

/** The server refused this statement and is otherwise well: the connection can still be used. */
export function isRefusal(error: unknown): boolean {
  if (!(error instanceof Error) || (error as { fatal?: unknown }).fatal === true) return false;
  if (!('sqlState' in error) || typeof error.sqlState !== 'string') return false;
  const errno = errnoOf(error);
  return errno !== undefined && !GOING_AWAY.has(errno);
}

function errnoOf(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errno' in error)) return undefined;
  return typeof error.errno === 'number' ? error.errno : undefined;
}
