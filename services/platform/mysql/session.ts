// Lends one pooled connection, with our session settings, within a deadline, and takes it back only
// when it is certainly clean. Nothing else in the program takes a connection from the pool.

import type { PoolConnection } from 'mysql2/promise';
import type { MysqlServer } from './connect.js';
import { UnavailableError } from './errors.js';
import { waitTimes } from './store-meter.js';
import type { SqlParameter } from './values.js';

// READ COMMITTED: no gap locks on reads, and a batch sees what was committed before each statement.
// A lock wait is bounded well below any request's deadline, so waiting ends in a retry. MariaDB alone
// rewrites IN lists of more than 1,000 values into a subquery, and then scans the whole table.
//
// A process that is stopped inside a transaction would keep its row locks. MariaDB ends such a
// transaction after three seconds; a live one does not stand still for one. MySQL cannot tell a
// transaction from idleness, so it ends whatever says nothing for half a minute.
const SESSION = [
  'SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED',
  `SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION,ERROR_FOR_DIVISION_BY_ZERO',
    innodb_lock_wait_timeout = 2, autocommit = 1, time_zone = '+00:00', wait_timeout = 30
    /*M!100305 , in_predicate_conversion_threshold = 0, idle_transaction_timeout = 3 */`,
];

/**
 * Ten seconds below wait_timeout, so that no statement meets a connection that the server is just
 * closing. The driver's own idleTimeout works only for pools that keep fewer than they may open.
 */
const IDLE_MS_MAX = 20_000;

/** When each connection with our settings was lent out last. */
const lentMs = new WeakMap<object, number>();

/** Throws UnavailableError when there is no usable connection before the deadline. */
export async function borrow(server: MysqlServer, deadlineMs: number): Promise<PoolConnection> {
  const startMs = performance.now();
  let connection = await acquire(server, deadlineMs);
  // The pool hands out the one used last, so this ends with the first that was used lately, at the
  // latest with a new one.
  while (isStale(connection)) {
    connection.destroy();
    connection = await acquire(server, deadlineMs);
  }
  if (!lentMs.has(core(connection))) await prepare(server, connection, deadlineMs);
  lentMs.set(core(connection), performance.now());
  waitTimes(server).record((performance.now() - startMs) / 1_000);
  return connection;
}

function isStale(connection: PoolConnection): boolean {
  const last = lentMs.get(core(connection));
  return last !== undefined && performance.now() - last > IDLE_MS_MAX;
}

async function prepare(
  server: MysqlServer,
  connection: PoolConnection,
  deadlineMs: number,
): Promise<void> {
  try {
    const timeout = remainingMs(deadlineMs);
    for (const sql of SESSION) await send(connection, { sql, timeout });
  } catch (error) {
    connection.destroy();
    throw new UnavailableError(`${server.name}: cannot set up a session`, { cause: error });
  }
}

/** The wrapper differs each time; the connection behind it stays. */
function core(connection: PoolConnection): CoreConnection {
  return connection.connection as unknown as CoreConnection;
}

/**
 * Sends one statement. Straight to the driver's core: its promise layer takes a stack trace for every
 * statement, which was one twentieth of inventory's processor time.
 */
export function send(
  connection: PoolConnection,
  statement: { sql: string; values?: readonly SqlParameter[]; timeout: number },
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    core(connection).query({ ...statement }, (error, result) => {
      if (error) reject(error);
      else resolve(result);
    });
  });
}

/** What the driver's promise layer wraps; its types call it another promise connection. */
interface CoreConnection {
  query(options: object, done: (error: Error | null, result: unknown) => void): void;
}

/** At least 1, because the driver takes 0 for "no limit". */
export function remainingMs(deadlineMs: number): number {
  return Math.max(1, deadlineMs - Date.now());
}

function acquire(server: MysqlServer, deadlineMs: number): Promise<PoolConnection> {
  return new Promise((resolve, reject) => {
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      reject(new UnavailableError(`${server.name}: no connection before the deadline`));
    }, remainingMs(deadlineMs));
    server.pool.getConnection().then(
      (connection) => {
        clearTimeout(timer);
        // Nobody waits for it any more; kept, it would be lost to the pool for ever.
        if (late) connection.release();
        else resolve(connection);
      },
      (error) => {
        clearTimeout(timer);
        reject(new UnavailableError(`${server.name}: cannot connect`, { cause: error }));
      },
    );
  });
}
