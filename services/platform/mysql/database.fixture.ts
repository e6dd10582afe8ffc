// For tests on real servers: a database of its own for each test file, dropped at the end.

import { randomBytes } from 'node:crypto';
import { assert } from '../assert.js';
import { silent, testUrl } from '../real-servers.fixture.js';
import { connectShards, type MysqlServer, type ShardMap } from './connect.js';

export interface TestDatabase {
  readonly name: string;
  readonly shards: ShardMap;
  /** Of shards 0 and 63; two servers when the test asked for two. */
  readonly first: MysqlServer;
  readonly last: MysqlServer;
  drop(): Promise<void>;
}

/** Both halves of the shards share one server unless two URLs are given. */
export async function createTestDatabase(
  o: { urls?: string[]; poolSize?: number } = {},
): Promise<TestDatabase> {
  const name = `test_${randomBytes(6).toString('hex')}`;
  const [one, other = one] = o.urls ?? [testUrl('TEST_MYSQL_1')];
  assert(one && other, 'one or two URLs');
  const shards = connectShards({
    shards: [
      { from: 0, to: 31, url: one },
      { from: 32, to: 63, url: other },
    ],
    database: name,
    poolSize: o.poolSize ?? 4,
    log: silent,
  });
  await onEach(shards, `CREATE DATABASE IF NOT EXISTS ${name} CHARACTER SET utf8mb4`);
  return {
    name,
    shards,
    first: shards.serverOf(0),
    last: shards.serverOf(63),
    drop: async () => {
      await onEach(shards, `DROP DATABASE IF EXISTS ${name}`);
      await shards.close();
    },
  };
}

async function onEach(shards: ShardMap, sql: string): Promise<void> {
  for (const server of shards.servers) {
    const connection = await server.connect();
    await connection.query(sql);
    await connection.end();
  }
}
