// Runs one statement on its own, committed by itself: a third of the round trips of a transaction.

import { assert } from '../assert.js';
import type { MysqlServer } from './connect.js';
import { isContention, isRefusal, UnavailableError, UnknownOutcomeError } from './errors.js';
import { borrow, remainingMs, send } from './session.js';
import { lostAgainstOthers, timed } from './store-meter.js';
import { assertValues, type SqlParameter } from './values.js';

/** Throws UnavailableError when it could not be answered, or the server's refusal. */
export async function read<T>(
  server: MysqlServer,
  o: { deadlineMs: number },
  sql: string,
  values: readonly SqlParameter[] = [],
): Promise<T[]> {
  assert(/^\s*(SELECT|SHOW)\b/i.test(sql), 'read() only reads');
  const sent = timed('read', () => run(server, o.deadlineMs, sql, values));
  const result = await sent.catch((error: unknown) => {
    if (!(error instanceof UnknownOutcomeError)) throw error;
    throw new UnavailableError(`${server.name}: the read was not answered`, { cause: error.cause });
  });
  return result as T[];
}

/** Answers the changed rows. A lost answer is an UnknownOutcomeError, so make it repeatable. */
export async function change(
  server: MysqlServer,
  o: { deadlineMs: number },
  sql: string,
  values: readonly SqlParameter[] = [],
): Promise<number> {
  assert(!/^\s*(SELECT|SHOW|START|BEGIN|SET)\b/i.test(sql), 'change() only changes rows');
  const result = await timed('change', () => run(server, o.deadlineMs, sql, values));
  return (result as { affectedRows: number }).affectedRows;
}

async function run(
  server: MysqlServer,
  deadlineMs: number,
  sql: string,
  values: readonly SqlParameter[],
): Promise<unknown> {
  assertValues(values);
  const connection = await borrow(server, deadlineMs);
  try {
    const timeout = remainingMs(deadlineMs);
    const result = await send(connection, { sql, values, timeout });
    connection.release();
    return result;
  } catch (error) {
    if (!isRefusal(error)) {
      connection.destroy();
      throw new UnknownOutcomeError(`${server.name}: no answer`, { cause: error });
    }
    connection.release();
    if (!isContention(error)) throw error;
    lostAgainstOthers(error);
    throw new UnavailableError(`${server.name}: lost against another one`, { cause: error });
  }
}
