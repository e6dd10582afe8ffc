// Connects to the MySQL (or MariaDB) servers and knows which logical shard lives on which of them.
// Invariant: no driver default is relied on, because several of them lose or corrupt data: big
// integers are rounded, affected rows mean matched rows, waiting queues are endless.

import {
  type Connection,
  type ConnectionOptions,
  createConnection,
  createPool,
  type Pool,
} from 'mysql2/promise';
import { assert } from '../assert.js';
import type { ShardUrl } from '../config.js';
import type { Log } from '../log.js';
import { SHARDS } from '../shard.js';
import { UnsafeSettingsError } from '../unsafe-settings-error.js';

export interface MysqlServer {
  /** host:port, for logs and errors. */
  readonly name: string;
  readonly pool: Pool;
  /** A connection outside the pool with no database selected, for start-up work; end it. */
  connect(): Promise<Connection>;
}

// A server on the same network answers in milliseconds; longer than this means it is not there.
const CONNECT_MS_MAX = 5_000;

// Waiting for a connection is bounded by the caller's deadline first; this only bounds memory.
const WAITERS_PER_CONNECTION_MAX = 64;

export class ShardMap {
  readonly servers: readonly MysqlServer[];
  readonly #configured: readonly MysqlServer[];
  readonly #owner: MysqlServer[];

  constructor(ranges: { from: number; to: number; server: MysqlServer }[]) {
    const owner: (MysqlServer | undefined)[] = new Array(SHARDS).fill(undefined);
    for (const { from, to, server } of ranges) {
      for (let shard = from; shard <= to; shard++) {
        assert(shard >= 0 && shard < SHARDS && !owner[shard], `shard ${shard} is mapped wrongly`);
        owner[shard] = server;
      }
    }
    this.#configured = owner.map((server, shard) => {
      assert(server, `shard ${shard} has no server`);
      return server;
    });
    this.#owner = [...this.#configured];
    this.servers = [...new Set(this.#owner)];
  }

  /** Where the configuration puts it; also the home of tables without shards, whatever moves. */
  configuredFor(shard: number): MysqlServer {
    const server = this.#configured[shard];
    assert(server, `there is no shard ${shard}`);
    return server;
  }

  /** Where its gate says that it lives. Only shard-gates.ts knows. */
  place(shard: number, server: MysqlServer): void {
    assert(this.servers.includes(server), `${server.name} is a server of this map`);
    this.#owner[shard] = server;
  }

  serverOf(shard: number): MysqlServer {
    const server = this.#owner[shard];
    assert(server, `there is no shard ${shard}`);
    return server;
  }

  /** What a statement over all shards of a server asks for: nothing that lies elsewhere by the map. */
  shardsOf(server: MysqlServer): number[] {
    return this.#owner.flatMap((owner, shard) => (owner === server ? [shard] : []));
  }

  /** One group per server, so that a batch is one statement per physical server. */
  groupByServer<T>(items: readonly T[], shardOfItem: (item: T) => number): Map<MysqlServer, T[]> {
    const groups = new Map<MysqlServer, T[]>();
    for (const item of items) {
      const server = this.serverOf(shardOfItem(item));
      const group = groups.get(server);
      if (group) group.push(item);
      else groups.set(server, [item]);
    }
    return groups;
  }

  async close(): Promise<void> {
    await Promise.all(this.servers.map((server) => server.pool.end()));
  }
}

/** Opens no connection yet. Ranges with the same URL share one pool. */
export function connectShards(o: {
  shards: ShardUrl[];
  database: string;
  poolSize: number;
  log: Log;
}): ShardMap {
  const servers = new Map<string, MysqlServer>();
  const ranges = o.shards.map(({ from, to, url }) => {
    const server = servers.get(url) ?? connectServer({ ...o, url });
    servers.set(url, server);
    return { from, to, server };
  });
  const names = [...servers.values()].map((server) => server.name);
  o.log.info({ servers: names, database: o.database, poolSize: o.poolSize }, 'mysql shard map');
  return new ShardMap(ranges);
}

export interface ServerOptions {
  readonly url: string;
  readonly database: string;
  readonly poolSize: number;
}

/** One server on its own, as a replica is. Opens no connection yet; end its pool. */
export function connectServer({ url, database, poolSize }: ServerOptions): MysqlServer {
  const options = connectionOptions(new URL(url));
  const pool = createPool({
    ...options,
    database,
    connectionLimit: poolSize,
    // All may stay; session.ts throws away those that nobody used for too long.
    maxIdle: poolSize,
    waitForConnections: true,
    queueLimit: poolSize * WAITERS_PER_CONNECTION_MAX,
    // Resetting costs a round trip per use and undoes our session settings. Instead a connection
    // goes back only when its transaction was answered; in any doubt it is destroyed.
    resetOnRelease: false,
  });
  return {
    name: `${options.host}:${options.port}`,
    pool,
    connect: () => createConnection(options),
  };
}

function connectionOptions(url: URL): ConnectionOptions {
  return {
    host: url.hostname,
    port: Number(url.port || 3306),
    user: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
    charset: 'utf8mb4',
    timezone: 'Z',
    connectTimeout: CONNECT_MS_MAX,
    enableKeepAlive: true,
    keepAliveInitialDelay: 10_000,
    // BIGINT arrives as text: 2^53 + 1 is not a JavaScript number.
    supportBigNumbers: true,
    bigNumberStrings: true,
    decimalNumbers: false,
    dateStrings: true,
    // A transaction sends several in one go, see transaction.ts. Every value is written by the driver,
    // and statements hold nothing else that came from outside.
    multipleStatements: true,
    namedPlaceholders: false,
    // An object as a value would otherwise become part of the statement's structure.
    stringifyObjects: true,
    // Affected rows are changed rows, and the server may not ask for local files.
    flags: ['-FOUND_ROWS', '-LOCAL_FILES'],
  };
}

/** Throws UnsafeSettingsError for servers that may forget a commit that they have acknowledged. */
export async function assertDurable(map: Pick<ShardMap, 'servers'>): Promise<void> {
  const problems = await Promise.all(map.servers.map(durabilityProblems));
  const lines = problems.flat();
  if (lines.length === 0) return;
  throw new UnsafeSettingsError(`MySQL is not durable:\n${lines.join('\n')}`);
}

async function durabilityProblems(server: MysqlServer): Promise<string[]> {
  const connection = await server.connect();
  try {
    const sql = `SELECT @@innodb_flush_log_at_trx_commit AS flush, @@log_bin AS log_bin,
      @@sync_binlog AS sync`;
    const [rows] = await connection.query({ sql, timeout: CONNECT_MS_MAX });
    const [found] = rows as Record<'flush' | 'log_bin' | 'sync', string | number>[];
    assert(found, 'one row of settings');
    const problems: string[] = [];
    if (Number(found.flush) !== 1) problems.push('SET GLOBAL innodb_flush_log_at_trx_commit = 1');
    if (Number(found.log_bin) === 1 && Number(found.sync) !== 1) {
      problems.push('SET GLOBAL sync_binlog = 1');
    }
    return problems.map((fix) => `${server.name}: ${fix}; (and set it in the server's my.cnf)`);
  } finally {
    connection.destroy();
  }
}
