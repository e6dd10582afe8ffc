// Promise: however many processes start at once, every migration is applied once on every server.
// Method: two real servers, directories of migrations written by the test.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { silent, testUrl } from '../real-servers.fixture.js';
import { createTestDatabase, type TestDatabase } from './database.fixture.js';
import { migrate } from './migrate.js';
import { read } from './transaction.js';

let db: TestDatabase;
let folder: string;

beforeEach(async () => {
  db = await createTestDatabase({ urls: [testUrl('TEST_MYSQL_1'), testUrl('TEST_MYSQL_2')] });
  folder = await mkdtemp(join(tmpdir(), 'migrations-'));
  await file('0001_first.sql', '-- A comment; with a semicolon.\nCREATE TABLE a (n INT);\n');
});

afterEach(async () => {
  await db.drop();
  await rm(folder, { recursive: true });
});

const file = (name: string, sql: string) => writeFile(join(folder, name), sql);
const run = () =>
  migrate(db.shards, { directory: pathToFileURL(folder), database: db.name, log: silent });
const soon = () => ({ deadlineMs: Date.now() + 5_000 });
const on = (names: string[]) =>
  db.shards.servers.flatMap((server) => names.map((name) => `${server.name}: ${name}`));

test('applies what is new, on every server, and nothing twice', async () => {
  expect(await run()).toEqual(on(['0001_first']));
  expect(await run()).toEqual([]);
  await file('0002_second.sql', 'CREATE TABLE b (n INT);\nINSERT INTO b VALUES (1);\n');
  expect(await run()).toEqual(on(['0002_second']));
  for (const server of db.shards.servers) {
    expect(await read(server, soon(), 'SELECT n FROM b')).toEqual([{ n: 1 }]);
  }
});

test('several starters at once', async () => {
  const applied = await Promise.all([run(), run(), run()]);
  expect(applied.flat().sort()).toEqual(on(['0001_first']).sort());
});

test('creates the database', async () => {
  await db.drop();
  db = await createTestDatabase({ urls: [testUrl('TEST_MYSQL_1'), testUrl('TEST_MYSQL_2')] });
  const connection = await db.first.connect();
  await connection.query(`DROP DATABASE ${db.name}`);
  await connection.end();
  expect(await run()).toHaveLength(2);
});

test('a broken migration stops the start, and is run again when it is mended', async () => {
  await file('0002_broken.sql', 'CREATE TABLE IF NOT EXISTS b (n INT);\nCREATE TABEL c (n INT);\n');
  await expect(run()).rejects.toThrow(/0002_broken/);
  await file('0002_broken.sql', 'CREATE TABLE IF NOT EXISTS b (n INT);\nCREATE TABLE c (n INT);\n');
  expect(await run()).toContain(`${db.first.name}: 0002_broken`);
});

test('a file that is not NNNN_name.sql is refused', async () => {
  await file('two.sql', 'SELECT 1;');
  await expect(run()).rejects.toThrow('two.sql is not NNNN_name.sql');
});
