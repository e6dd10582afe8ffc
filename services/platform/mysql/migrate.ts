// Brings a service's database to the version of its code, on every server, before it serves.
// One starter at a time works on a server (GET_LOCK); the others wait and then find nothing to do.
// MySQL cannot roll DDL back, so every statement must be repeatable (IF NOT EXISTS): a file that
// failed half way is run again from its beginning.

import { readdir, readFile } from 'node:fs/promises';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import { type RunnableMigration, Umzug, type UmzugStorage } from 'umzug';
import { assert } from '../assert.js';
import { requestDigest } from '../digest.js';
import type { Log } from '../log.js';
import type { MysqlServer, ShardMap } from './connect.js';
import { NOW_MS } from './time.js';

// Long enough for another starter's migrations, short enough that a stuck one is noticed.
const LOCK_SECONDS_MAX = 60;

const CREATE_STORAGE = `CREATE TABLE IF NOT EXISTS schema_migration (
  name VARCHAR(100) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
  applied_ms BIGINT NOT NULL
)`;

const RECORD = `INSERT INTO schema_migration (name, applied_ms)
  VALUES (?, ${NOW_MS})`;

interface MigrationFile {
  readonly name: string;
  readonly statements: readonly string[];
}

/** Applies the NNNN_name.sql files of the directory; answers "server: name" of those applied. */
export async function migrate(
  map: ShardMap,
  o: { directory: URL; database: string; log: Log },
): Promise<string[]> {
  assert(/^[a-z][a-z0-9_]{0,63}$/.test(o.database), 'a database name is a plain word');
  const files = await readMigrations(o.directory);
  const applied: string[] = [];
  for (const server of map.servers) {
    for (const name of await migrateServer(server, o.database, files)) {
      o.log.info({ server: server.name, database: o.database, migration: name }, 'migrated');
      applied.push(`${server.name}: ${name}`);
    }
  }
  return applied;
}

/** Statements end with a semicolon at the end of a line; comment lines are dropped. */
export function splitStatements(sql: string): string[] {
  const code = sql.replace(/^\s*--.*$/gm, '');
  const statements = code.split(/;[ \t]*$/m).map((statement) => statement.trim());
  return statements.filter((statement) => statement !== '');
}

async function readMigrations(directory: URL): Promise<MigrationFile[]> {
  const folder = directory.href.endsWith('/') ? directory : new URL(`${directory.href}/`);
  const names = (await readdir(folder)).filter((name) => name.endsWith('.sql')).sort();
  for (const name of names) {
    assert(/^[0-9]{4}_[a-z0-9_]+\.sql$/.test(name), `${name} is not NNNN_name.sql`);
  }
  return Promise.all(
    names.map(async (name) => {
      const statements = splitStatements(await readFile(new URL(name, folder), 'utf8'));
      return { name: name.slice(0, -'.sql'.length), statements };
    }),
  );
}

async function migrateServer(
  server: MysqlServer,
  database: string,
  files: readonly MigrationFile[],
): Promise<string[]> {
  const connection = await server.connect();
  try {
    await lock(connection, server, database);
    await connection.query(
      `CREATE DATABASE IF NOT EXISTS \`${database}\` CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`,
    );
    await connection.query(`USE \`${database}\``);
    await connection.query(CREATE_STORAGE);
    const umzug = new Umzug({
      migrations: files.map((file) => runnable(connection, file)),
      storage: storageIn(connection),
      logger: undefined,
    });
    return (await umzug.up()).map((migration) => migration.name);
  } finally {
    // Ends the session and with it the lock.
    connection.destroy();
  }
}

async function lock(connection: Connection, server: MysqlServer, database: string): Promise<void> {
  // Lock names hold 64 characters and are shared by all databases of a server.
  const name = `migrate_${requestDigest(database)}`;
  const [rows] = await connection.query<RowDataPacket[]>('SELECT GET_LOCK(?, ?) AS got', [
    name,
    LOCK_SECONDS_MAX,
  ]);
  if (Number(rows[0]?.got) === 1) return;
  throw new Error(`${server.name}: somebody else has been migrating ${database} for too long`);
}

function runnable(connection: Connection, file: MigrationFile): RunnableMigration<object> {
  return {
    name: file.name,
    up: async () => {
      for (const statement of file.statements) await connection.query(statement);
    },
  };
}

function storageIn(connection: Connection): UmzugStorage<object> {
  return {
    async executed() {
      const [rows] = await connection.query<RowDataPacket[]>('SELECT name FROM schema_migration');
      return rows.map((row) => String(row.name));
    },
    async logMigration({ name }) {
      await connection.query(RECORD, [name]);
    },
    async unlogMigration() {
      throw new Error('migrations only go forward');
    },
  };
}
