// Promise: a server that may forget acknowledged commits is refused at start.
// Method: change the setting on a real server and put it back.

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { assertDurable } from './connect.js';
import { createTestDatabase, type TestDatabase } from './database.fixture.js';

let db: TestDatabase;
const set = async (value: number) => {
  const connection = await db.first.connect();
  await connection.query('SET GLOBAL innodb_flush_log_at_trx_commit = ?', [value]);
  await connection.end();
};

beforeAll(async () => {
  db = await createTestDatabase();
});

afterAll(async () => {
  await set(1);
  await db.drop();
});

test('assertDurable says what to set', async () => {
  await set(1);
  await assertDurable(db.shards);
  await set(2);
  await expect(assertDurable(db.shards)).rejects.toThrow(
    `${db.first.name}: SET GLOBAL innodb_flush_log_at_trx_commit = 1`,
  );
});
