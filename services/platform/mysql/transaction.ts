// Runs a transaction so that the caller always knows what can be known about it.
//
// 1. The whole transaction is retried when it lost against another one (1205, 1213). MySQL rolls
//    back only the statement on 1205, so the rollback is explicit before the retry.
// 2. A statement that failed dooms its transaction even if `work` swallows the error.
// 3. A refusal by the server is answered after a rollback; any other doubt destroys the connection.
// 4. Before COMMIT is sent, a failure means "certainly not committed". After it, an unanswered or
//    failed COMMIT means "unknown".
// 5. Every answer that is waited for wakes two processes, which costs more than most statements do. So
//    START TRANSACTION travels with the first statement, and what was put off with the next one or
//    with COMMIT. The server stops at the first of them that fails, so a COMMIT behind it is not run.
//
// Invariant: a connection goes back to the pool only with no open transaction.

import type { PoolConnection, ResultSetHeader } from 'mysql2/promise';
import { assert } from '../assert.js';
import { systemClock } from '../clock.js';
import { type RetryPolicy, retryDelayMs } from '../retry.js';
import type { MysqlServer } from './connect.js';
import {
  failedBeforeCommit,
  isContention,
  isDuplicateKey,
  isRefusal,
  UnavailableError,
  UnknownOutcomeError,
} from './errors.js';
import { borrow, remainingMs, send } from './session.js';
import { LOCK_GATES } from './shard-gate.js';
import { lostAgainstOthers, timed } from './store-meter.js';
import { assertValues, type SqlParameter } from './values.js';

export { isDuplicateKey, RollbackError, UnavailableError, UnknownOutcomeError } from './errors.js';
export { change, read } from './statement.js';
export type { SqlParameter, SqlValue } from './values.js';

export interface Tx {
  /** Values: a list fills `IN (?)`, a list of rows fills `VALUES ?`. BIGINT arrives as text. */
  rows<T>(sql: string, values?: readonly SqlParameter[]): Promise<T[]>;
  /** Answers the rows that really changed: an upsert counts 1 inserted, 2 changed, 0 unchanged. */
  change(sql: string, values?: readonly SqlParameter[]): Promise<number>;
  /**
   * Puts a change off until the next statement or COMMIT is sent. For inserts that nobody needs to know
   * more of than that they were done: what goes wrong ends the transaction like any other failure.
   */
  changeLater(sql: string, values?: readonly SqlParameter[]): void;
}

export interface TransactOptions {
  name: string;
  /** Absolute. No statement is started after it. */
  deadlineMs: number;
  attemptsMax?: number;
  /** Also retry on a duplicate key: for work that reads first and finds the row the next time. */
  duplicateKeyRetries?: boolean;
  /** Writes rows of shards that may move: refuses to write before their gates are locked. */
  gated?: boolean;
}

// Deadlocks among sorted lockers are rare; five in a row mean that something else is wrong.
const ATTEMPTS_MAX = 5;
const BACKOFF: RetryPolicy = { attemptsMax: ATTEMPTS_MAX, delayMsMin: 4, delayMsMax: 64 };

// Once COMMIT is sent, a late answer is worth more than an unknown outcome on time.
const COMMIT_MS_MIN = 1_000;
const ROLLBACK_MS_MAX = 1_000;

/** Throws UnavailableError, UnknownOutcomeError, what `work` threw, or the server's refusal. */
export function transact<T>(
  server: MysqlServer,
  o: TransactOptions,
  work: (tx: Tx) => Promise<T>,
): Promise<T> {
  return timed(o.name, () => untilDone(server, o, work));
}

async function untilDone<T>(
  server: MysqlServer,
  o: TransactOptions,
  work: (tx: Tx) => Promise<T>,
): Promise<T> {
  const attemptsMax = o.attemptsMax ?? ATTEMPTS_MAX;
  for (let attempt = 1; ; attempt++) {
    try {
      return await attemptOnce(server, o, work);
    } catch (error) {
      const duplicate = o.duplicateKeyRetries === true && isDuplicateKey(error);
      if (!isContention(error) && !duplicate) throw error;
      lostAgainstOthers(error);
      const delayMs = retryDelayMs(BACKOFF, attempt, Math.random);
      const last = attempt >= attemptsMax || Date.now() + delayMs >= o.deadlineMs;
      if (last) throw unavailable(server, o, `lost ${attempt} times against others`, error);
      await systemClock.sleep(delayMs);
    }
  }
}

async function attemptOnce<T>(
  server: MysqlServer,
  o: TransactOptions,
  work: (tx: Tx) => Promise<T>,
): Promise<T> {
  const connection = await borrow(server, o.deadlineMs);
  const tx = new OpenTransaction(connection, o);
  let result: T;
  try {
    result = await work(tx);
    tx.assertCommittable();
    await tx.commit(server);
  } catch (error) {
    if (error instanceof UnknownOutcomeError && tx.failure === error) throw error;
    await abandon(connection, tx);
    // The work may turn a refusal into its own answer, but neither contention nor a doubt.
    if (isContention(tx.failure)) throw tx.failure;
    if (tx.failure === undefined || isRefusal(tx.failure)) throw error;
    throw unavailable(server, o, 'a statement failed', tx.failure);
  }
  connection.release();
  return result;
}

interface Statement {
  readonly sql: string;
  readonly values: readonly SqlParameter[];
}

class OpenTransaction implements Tx {
  /** The first error that the database answered, if any: it dooms the transaction. */
  failure: unknown;
  readonly #connection: PoolConnection;
  readonly #o: TransactOptions;
  /** What goes before the next statement. */
  #waiting: Statement[] = [{ sql: 'START TRANSACTION', values: [] }];
  #begun = false;
  #pending = 0;
  #ended = false;
  #shut: boolean;

  constructor(connection: PoolConnection, o: TransactOptions) {
    this.#connection = connection;
    this.#o = o;
    this.#shut = o.gated === true;
  }

  async rows<T>(sql: string, values: readonly SqlParameter[] = []): Promise<T[]> {
    if (sql === LOCK_GATES) this.#shut = false;
    const result = await this.#run({ sql, values });
    assert(Array.isArray(result), 'rows() is for statements that answer rows');
    return result as T[];
  }

  async change(sql: string, values: readonly SqlParameter[] = []): Promise<number> {
    assert(!this.#shut, 'rows of a shard are written before its gate is locked');
    const result = await this.#run({ sql, values });
    assert(!Array.isArray(result), 'change() is for statements that answer no rows');
    return (result as ResultSetHeader).affectedRows;
  }

  changeLater(sql: string, values: readonly SqlParameter[] = []): void {
    assert(!this.#shut, 'rows of a shard are written before its gate is locked');
    assert(!this.#ended, 'a statement was sent outside its transaction');
    assertValues(values);
    this.#waiting.push({ sql, values });
  }

  assertCommittable(): void {
    this.#ended = true;
    if (this.failure !== undefined) throw this.failure;
    assert(this.#pending === 0, 'a statement was not awaited inside its transaction');
    if (Date.now() < this.#o.deadlineMs) return;
    throw new UnavailableError('the deadline passed before COMMIT was sent');
  }

  async commit(server: MysqlServer): Promise<void> {
    // Nothing was ever sent.
    if (!this.#begun && this.#waiting.length === 1) return;
    const timeout = Math.max(COMMIT_MS_MIN, remainingMs(this.#o.deadlineMs));
    try {
      await this.#send([...this.#waiting.splice(0), COMMIT], timeout);
    } catch (error) {
      this.failure = error;
      if (failedBeforeCommit(error)) throw error;
      this.#connection.destroy();
      const message = `${server.name}: ${this.#o.name}: COMMIT was not answered`;
      this.failure = new UnknownOutcomeError(message, { cause: error });
      throw this.failure;
    }
  }

  /** True when every statement was answered, so that ROLLBACK can be trusted to be the next. */
  end(): boolean {
    this.#ended = true;
    return this.#pending === 0 && (this.failure === undefined || isRefusal(this.failure));
  }

  get begun(): boolean {
    return this.#begun;
  }

  async #run(statement: Statement): Promise<unknown> {
    assert(!this.#ended, 'a statement was sent outside its transaction');
    assertValues(statement.values);
    this.#pending += 1;
    try {
      const timeout = remainingMs(this.#o.deadlineMs);
      return await this.#send([...this.#waiting.splice(0), statement], timeout);
    } catch (error) {
      this.failure ??= error;
      throw error;
    } finally {
      this.#pending -= 1;
    }
  }

  /** Answers the result of the last one. */
  async #send(statements: readonly Statement[], timeout: number): Promise<unknown> {
    this.#begun = true;
    const sql = statements.map((each) => each.sql).join(';\n');
    const values = statements.flatMap((each) => each.values);
    const result = await send(this.#connection, { sql, values, timeout });
    return statements.length === 1 ? result : (result as unknown[])[statements.length - 1];
  }
}

const COMMIT: Statement = { sql: 'COMMIT', values: [] };

// Closing the connection makes the server roll back, so destroying is always right; the polite
// rollback only saves the price of a new connection.
async function abandon(connection: PoolConnection, tx: OpenTransaction): Promise<void> {
  if (!tx.end()) return connection.destroy();
  if (!tx.begun) return connection.release();
  try {
    await send(connection, { sql: 'ROLLBACK', timeout: ROLLBACK_MS_MAX });
    connection.release();
  } catch {
    connection.destroy();
  }
}

function unavailable(
  server: MysqlServer,
  o: { name: string },
  message: string,
  cause: unknown,
): UnavailableError {
  return new UnavailableError(`${server.name}: ${o.name}: ${message}`, { cause });
}
