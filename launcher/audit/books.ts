// Read-only connections to every MySQL server, each inside one consistent snapshot, so that what
// one server says is the truth of one instant. Nothing here can write: the transaction is READ
// ONLY.
import mysql from 'mysql2/promise';
import { findApart } from './apart.js';

export type SqlValue = string | number | readonly number[] | readonly string[];

/** One server, frozen at one instant. */
export interface Book {
  /** host:port */
  readonly name: string;
  /** The quoted database of a service, such as `spillway_order`, for FROM clauses. */
  database(service: 'order' | 'inventory' | 'payment'): string;
  rows<T>(sql: string, values?: readonly SqlValue[]): Promise<T[]>;
  /** Shards whose orders lie here or elsewhere, but not beside their payments (apart.ts). */
  readonly apart: readonly number[];
}

/**
 * The condition that an order's row counts where it lies: not one that is being copied to this server,
 * nor one that a shard has left behind (services/platform/mysql/shard-gate.ts).
 */
export function countsHere(book: Book, table: string): string {
  return `${table}.shard_no NOT IN (SELECT gate.shard_no
    FROM ${book.database('order')}.shard_gate gate WHERE gate.state IN (3, 4))`;
}

/** The condition that orders and payments of a row's shard lie on one server, so that SQL joins them. */
export function joinable(book: Book, table: string): string {
  return book.apart.length === 0 ? 'TRUE' : `${table}.shard_no NOT IN (${book.apart.join(', ')})`;
}

/** The dearest query reads a million rows; a minute is ten times what that takes on a slow disk. */
const QUERY_MS_MAX = 60_000;
const CONNECT_MS_MAX = 3_000;

export async function withBooks<T>(
  o: { mysqlUrls: readonly string[]; databasePrefix: string },
  work: (books: readonly Book[]) => Promise<T>,
): Promise<T> {
  const connected = await Promise.allSettled(o.mysqlUrls.map(connect));
  const open = connected.flatMap((one) => (one.status === 'fulfilled' ? [one] : []));
  try {
    const failed = connected.find((one) => one.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    const books = await Promise.all(
      open.map(({ value }) => freeze(value.connection, value.name, o.databasePrefix)),
    );
    const apart = await findApart(books);
    return await work(books.map((book) => ({ ...book, apart })));
  } finally {
    for (const { value } of open) value.connection.destroy();
  }
}

async function connect(url: string): Promise<{ connection: mysql.Connection; name: string }> {
  const { hostname, port, username, password, host } = new URL(url);
  try {
    const connection = await mysql.createConnection({
      host: hostname,
      port: Number(port === '' ? 3306 : port),
      user: decodeURIComponent(username),
      password: decodeURIComponent(password),
      connectTimeout: CONNECT_MS_MAX,
      charset: 'utf8mb4',
      timezone: 'Z',
      // Exact integers: a BIGINT or a SUM must not pass through a double.
      supportBigNumbers: true,
      bigNumberStrings: true,
      dateStrings: true,
    });
    return { connection, name: host };
  } catch (e) {
    throw new UnreachableError(`mysql ${host}`, (e as Error).message);
  }
}

async function freeze(connection: mysql.Connection, name: string, prefix: string): Promise<Book> {
  await connection.query('SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ');
  await connection.query('START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY');
  return {
    name,
    apart: [],
    database: (service) => mysql.escapeId(prefix + service),
    rows: async <T>(sql: string, values: readonly SqlValue[] = []) => {
      const [rows] = await connection.query({ sql, timeout: QUERY_MS_MAX }, [...values]);
      return rows as T[];
    },
  };
}

/** A server that the audit needs and cannot ask. */
export class UnreachableError extends Error {
  override readonly name = 'UnreachableError';

  constructor(
    readonly server: string,
    reason: string,
  ) {
    super(`${server} does not answer: ${reason}`);
  }
}
