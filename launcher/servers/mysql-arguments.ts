// How a private MySQL or MariaDB is started, as data. Durability is never traded for speed: a
// commit that was acknowledged is on disk (flush at every commit, doublewrite left on). Every value
// is spelled out, because `--no-defaults` plus a machine's compiled-in defaults differ between the
// two and over versions.
import type { MysqlFlavour } from './programs.js';

/**
 * MESH serves a sale; TEST is for short-lived servers beside other work: same rules, less memory. The
 * ids of reservations are random, so a sale writes all over their index: it is fast while that fits in
 * the buffer pool, some 100 bytes a reservation. Memory is taken only as it fills.
 */
export type ServerSize = 'MESH' | 'TEST';

const SIZES = {
  MESH: { memoryShare: 1 / 12, bufferPoolMibMin: 256, bufferPoolMibMax: 2_048, redoLog: '256M' },
  TEST: { memoryShare: 0, bufferPoolMibMin: 64, bufferPoolMibMax: 64, redoLog: '64M' },
} as const;

/**
 * Enough for 4 processes of each of 3 services with 20 connections each, and a person looking in.
 */
const CONNECTIONS_MAX = 300;

export interface MysqlPlace {
  readonly flavour: MysqlFlavour;
  readonly dataDir: string;
  /**
   * Its own, never the machine's: at its start MariaDB removes every temporary table that it finds
   * there, also those of a server that is running.
   */
  readonly tmpDir: string;
  readonly asRoot: boolean;
}

/** Arguments of mariadb-install-db, or of mysqld for a one-time initialisation. */
export function initialiseArguments(place: MysqlPlace): string[] {
  const own = [`--tmpdir=${place.tmpDir}`, ...(place.asRoot ? ['--user=root'] : [])];
  if (place.flavour === 'MYSQL') {
    return ['--no-defaults', '--initialize-insecure', `--datadir=${place.dataDir}`, ...own];
  }
  return [
    '--no-defaults',
    `--datadir=${place.dataDir}`,
    '--auth-root-authentication-method=normal',
    '--skip-test-db',
    '--skip-name-resolve',
    ...own,
  ];
}

export function serverArguments(
  o: MysqlPlace & {
    port: number;
    initFile: string;
    pidFile: string;
    size: ServerSize;
    linux: boolean;
    memoryMib: number;
  },
): string[] {
  const size = SIZES[o.size];
  const share = Math.floor(o.memoryMib * size.memoryShare);
  const bufferPoolMib = Math.min(size.bufferPoolMibMax, Math.max(size.bufferPoolMibMin, share));
  return [
    '--no-defaults',
    `--datadir=${o.dataDir}`,
    `--tmpdir=${o.tmpDir}`,
    `--port=${o.port}`,
    '--bind-address=127.0.0.1',
    // Relative to the data directory: a socket's full path may not exceed about 107 bytes, and a
    // checkout may be deeper than that. Nothing of ours connects to it.
    '--socket=mysql.sock',
    `--pid-file=${o.pidFile}`,
    // Sets the accounts at each start, with full rights and before the first connection is
    // accepted.
    `--init-file=${o.initFile}`,
    '--skip-name-resolve',
    // No replica follows this server, so a binary log would only add a second fsync per commit.
    // With a replica: turn it on, and set sync_binlog=1 (the services refuse to start otherwise).
    '--skip-log-bin',
    '--innodb-flush-log-at-trx-commit=1',
    // O_DIRECT keeps pages out of the file cache but exists on Linux only; fsync is as durable.
    `--innodb-flush-method=${o.linux ? 'O_DIRECT' : 'fsync'}`,
    `--innodb-buffer-pool-size=${bufferPoolMib}M`,
    `--max-connections=${CONNECTIONS_MAX}`,
    '--character-set-server=utf8mb4',
    '--sql-mode=STRICT_ALL_TABLES,ONLY_FULL_GROUP_BY,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION',
    '--default-time-zone=+00:00',
    '--performance-schema=OFF',
    ...(o.flavour === 'MARIADB'
      ? [`--innodb-log-file-size=${size.redoLog}`]
      : [
          // `loose`: known since 8.0.30; older servers keep their own size.
          `--loose-innodb-redo-log-capacity=${size.redoLog}`,
          // MySQL's second protocol would listen on a fixed port, and its compiled-in directory for
          // LOAD DATA may not exist.
          '--mysqlx=OFF',
          '--secure-file-priv=NULL',
        ]),
    ...(o.asRoot ? ['--user=root'] : []),
  ];
}

export const APPLICATION_USER = 'spillway';

/** Our user owns databases `spillway_*` and `test_*`; for throw-away test servers, everything. */
export function accountStatements(o: {
  password: string;
  rootPassword: string;
  size: ServerSize;
  host: '127.0.0.1' | '%';
}): string[] {
  const user = `'${APPLICATION_USER}'@'${o.host}'`;
  const scopes = o.size === 'TEST' ? ['*.*'] : ['`spillway\\_%`.*', '`test\\_%`.*'];
  return [
    `CREATE USER IF NOT EXISTS ${user} IDENTIFIED BY '${o.password}'`,
    `ALTER USER ${user} IDENTIFIED BY '${o.password}'`,
    ...scopes.map((scope) => `GRANT ALL PRIVILEGES ON ${scope} TO ${user}`),
    // A fresh data directory has a root without a password. Local programs of other users could use
    // it.
    `DROP USER IF EXISTS 'root'@'127.0.0.1'`,
    `DROP USER IF EXISTS 'root'@'::1'`,
    `ALTER USER IF EXISTS 'root'@'localhost' IDENTIFIED BY '${o.rootPassword}'`,
  ];
}
