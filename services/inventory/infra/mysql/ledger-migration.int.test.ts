// Promise: a ledger that was written an entry a row reads the same once it lies in chunks, wherever
// earlier starts have ended, and a process of the version before loses nothing that it writes.
// Method: the migrations before 0007 make the old table; then 0007 is run, whole or cut short.

import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '../../../platform/mysql/database.fixture.js';
import { migrate, splitStatements } from '../../../platform/mysql/migrate.js';
import { silent as log } from '../../../platform/real-servers.fixture.js';
import { partitionOf } from '../../domain/split.js';
import { LedgerReason } from '../../domain/stock.js';
import { readLedger } from './ledger.js';
import { MysqlStockBook } from './stock-book.js';
import { HOLD_MS, soon } from './stock-database.fixture.js';

const ALL = new URL('./sql/', import.meta.url);
const CHUNKS = '0007_ledger_chunk.sql';
const SKU = 'sku-1';
const { RESTOCK, RESERVE, RELEASE, CONFIRM, RETURN } = LedgerReason;

// reason, before, after, order, cause
const OLD: [LedgerReason, number, number, string, string][] = [
  [RESTOCK, 0, 1_000_000_000, '', 'fill:1.a_b-c'],
  [RESERVE, 1_000_000_000, 999_999_999, '812', 'r-a'],
  [RESERVE, 999_999_999, 999_999_996, '813', 'r-b'],
  [CONFIRM, 999_999_996, 999_999_996, '812', 'r-a'],
  [RELEASE, 999_999_996, 999_999_999, '813', 'r-b'],
  [RETURN, 999_999_999, 1_000_000_000, '812', 'r-a'],
  [RESTOCK, 1_000_000_000, 12, '', 'X'.repeat(64)],
  [RESTOCK, 12, 11, '', 'one-less'],
  // A ledger that contradicts itself is carried over as it is: the audit has to see it.
  [RESERVE, 13, 13, '9'.repeat(64), 'r-c'],
];

let database: TestDatabase;
let folder: string;

beforeEach(async () => {
  database = await createTestDatabase();
  folder = await mkdtemp(join(tmpdir(), 'before-chunks-'));
  for (const name of (await readdir(ALL)).filter((file) => file < CHUNKS)) {
    await cp(new URL(name, ALL), join(folder, name));
  }
  await migrate(database.shards, { ...O(), directory: pathToFileURL(folder) });
  for (const [i, old] of OLD.entries()) await writeOld(i + 1, old);
});

afterEach(async () => {
  await database.drop();
  await rm(folder, { recursive: true });
});

const O = () => ({ directory: ALL, database: database.name, log });
const query = (sql: string, values: unknown[] = []) => database.first.pool.query(sql, values);

test('every entry reads as before', async () => {
  await migrate(database.shards, O());
  await expectAllThere();
  await expect(query('SELECT 1 FROM ledger')).rejects.toThrow("doesn't exist");
});

test('and new ones follow', async () => {
  await query(
    `INSERT INTO stock (shard_no, sku_id, epoch, version, available, reserved, sold, total)
     VALUES (?, ?, 1, ?, 13, 0, 0, 13)`,
    [partitionOf(SKU), SKU, OLD.length],
  );
  await migrate(database.shards, O());
  const book = new MysqlStockBook(database.shards, { holdMs: HOLD_MS });
  await book.restock({ requestId: 'more', skuId: SKU, delta: 2, reason: '' }, soon());
  const [newest] = await book.ledger(SKU, Number.MAX_SAFE_INTEGER, 2, soon());
  expect(newest).toMatchObject({ entry: OLD.length + 1, before: 13, after: 15, causeId: 'more' });
});

test('a start that ended after any of its statements is made good by the next', async () => {
  const statements = splitStatements(await readFile(new URL(CHUNKS, ALL), 'utf8'));
  expect(statements.length).toBeGreaterThan(5);
  for (let done = 1; done <= statements.length; done++) {
    const connection = await database.first.connect();
    await connection.query(`USE ${database.name}`);
    for (const statement of statements.slice(0, done)) await connection.query(statement);
    await connection.end();
    await migrate(database.shards, O());
    await expectAllThere();
    await goBack();
  }
});

test('who still writes rows is refused', async () => {
  const statements = splitStatements(await readFile(new URL(CHUNKS, ALL), 'utf8'));
  const carry = statements.findIndex((statement) => statement.includes('INSERT INTO ledger_chunk'));
  const connection = await database.first.connect();
  await connection.query(`USE ${database.name}`);
  for (const statement of statements.slice(0, carry)) await connection.query(statement);
  await connection.end();
  await expect(writeOld(OLD.length + 1, [RESERVE, 13, 12, '1', 'late'])).rejects.toThrow('ledger');
});

async function expectAllThere(): Promise<void> {
  const asked = { skuId: SKU, before: Number.MAX_SAFE_INTEGER, limit: 100 };
  const entries = await readLedger(database.first, asked, { deadlineMs: soon() });
  const rows = entries.reverse().map((e) => [e.reason, e.before, e.after, e.orderId, e.causeId]);
  expect(rows).toEqual(OLD);
  expect(entries.map((e) => [e.entry, e.atMs])).toEqual(OLD.map((_, i) => [i + 1, 1_001 + i]));
}

/** To the database as it was before 0007. */
async function goBack(): Promise<void> {
  await query('DROP TABLE ledger_chunk');
  await query(`DELETE FROM schema_migration WHERE name LIKE '0007%'`);
  const first = await readFile(new URL('0001_inventory.sql', ALL), 'utf8');
  for (const statement of splitStatements(first)) await query(statement);
  for (const [i, old] of OLD.entries()) await writeOld(i + 1, old);
}

async function writeOld(entry: number, old: (typeof OLD)[number]): Promise<void> {
  await query(
    `INSERT INTO ledger (shard_no, sku_id, entry, reason, before_units, after_units, order_id,
       cause_id, at_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    [partitionOf(SKU), SKU, entry, ...old, 1_000 + entry],
  );
}
