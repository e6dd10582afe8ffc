// Promise: after transact() the caller knows what can be known, and the pool is clean.
// Method: real server; faults by a lock held elsewhere and by a proxy that loses answers.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { testUrl } from '../real-servers.fixture.js';
import { createTestDatabase, type TestDatabase } from './database.fixture.js';
import { FaultyProxy } from './proxy.fixture.js';
import {
  isDuplicateKey,
  RollbackError,
  read,
  type Tx,
  transact,
  UnavailableError,
  UnknownOutcomeError,
} from './transaction.js';

let db: TestDatabase;

beforeAll(async () => {
  db = await createTestDatabase({ poolSize: 2 });
  const table = 'CREATE TABLE stock (sku VARCHAR(20) PRIMARY KEY, units BIGINT UNSIGNED NOT NULL)';
  await run((tx) => tx.change(table));
});

afterAll(() => db.drop());

beforeEach(async () => {
  await run(async (tx) => {
    await tx.change('DELETE FROM stock');
    await tx.change('INSERT INTO stock VALUES ?', [
      [
        ['a', 10],
        ['b', 10],
      ],
    ]);
  });
});

// With the byte that opens a query, because the session settings say COMMITTED.
const COMMIT = '\u0003COMMIT';

const inMs = (ms: number) => Date.now() + ms;
const take = (tx: Tx, sku: string) =>
  tx.change('UPDATE stock SET units = units - 1 WHERE sku = ?', [sku]);

function run<T>(work: (tx: Tx) => Promise<T>, o: { deadlineMs?: number } = {}): Promise<T> {
  return transact(db.first, { name: 'test', deadlineMs: inMs(8_000), ...o }, work);
}

async function units(): Promise<string> {
  const rows = await read<{ sku: string; units: string }>(
    db.first,
    { deadlineMs: inMs(5_000) },
    'SELECT sku, units FROM stock ORDER BY sku',
  );
  return rows.map((row) => `${row.sku}=${row.units}`).join(' ');
}

describe('what a transaction answers', () => {
  test('changed rows, not matched rows', async () => {
    const upsert = `INSERT INTO stock VALUES ?
      ON DUPLICATE KEY UPDATE units = VALUES(units)`;
    await run(async (tx) => {
      expect(await take(tx, 'a')).toBe(1);
      expect(await tx.change('UPDATE stock SET units = 10 WHERE sku = ?', ['b'])).toBe(0);
      expect(await take(tx, 'nothing')).toBe(0);
      expect(await tx.change(upsert, [[['b', 10]]])).toBe(0);
      expect(await tx.change(upsert, [[['b', 11]]])).toBe(2);
      const rows = [
        ['c', 1],
        ['d', 2],
      ];
      expect(await tx.change(upsert, [rows])).toBe(2);
      expect(await tx.change('DELETE FROM stock WHERE sku IN (?)', [['c', 'd', 'e']])).toBe(2);
    });
    expect(await units()).toBe('a=9 b=11');
  });

  test('big integers survive, quotes and emoji too', async () => {
    const sku = `'"\\;--🛒`;
    const big = 9_223_372_036_854_775_809n;
    const rows = await run(async (tx) => {
      await tx.change('INSERT INTO stock VALUES ?', [[[sku, big]]]);
      return tx.rows('SELECT * FROM stock WHERE sku = ?', [sku]);
    });
    expect(rows).toEqual([{ sku, units: '9223372036854775809' }]);
  });

  test('every session has our settings', async () => {
    const sql = `SHOW VARIABLES WHERE Variable_name IN
      ('tx_isolation', 'transaction_isolation', 'sql_mode', 'innodb_lock_wait_timeout')`;
    const rows = await read<{ Variable_name: string; Value: string }>(
      db.first,
      { deadlineMs: inMs(5_000) },
      sql,
    );
    const settings = Object.fromEntries(rows.map((row) => [row.Variable_name, row.Value]));
    expect(settings.tx_isolation ?? settings.transaction_isolation).toBe('READ-COMMITTED');
    expect(settings.sql_mode).toContain('STRICT_ALL_TABLES');
    expect(settings.innodb_lock_wait_timeout).toBe('2');
  });
});

describe('what is rolled back', () => {
  test('a RollbackError reaches the caller with its value', async () => {
    const work = run(async (tx) => {
      await take(tx, 'a');
      throw new RollbackError('SOLD_OUT');
    });
    await expect(work).rejects.toMatchObject({ name: 'RollbackError', value: 'SOLD_OUT' });
    expect(await units()).toBe('a=10 b=10');
  });

  test.each([
    ['an error of the work', () => Promise.reject(new Error('bug')), /bug/],
    ['a refused statement', (tx: Tx) => tx.change('INSERT INTO stock VALUES (?, 1)', ['b']), /b/],
    [
      'a refused statement whose error the work swallowed',
      (tx: Tx) => tx.change('INSERT INTO stock VALUES (?, 1)', ['b']).catch(() => 0),
      /Duplicate/,
    ],
    ['a statement that was not awaited', async (tx: Tx) => void take(tx, 'b'), /not awaited/],
    ['a value that is an object', (tx: Tx) => take(tx, { sku: 'b' } as never), /wrong type/],
    ['a value out of range', (tx: Tx) => tx.change('UPDATE stock SET units = -1'), /range/],
  ])('%s', async (_, work, message) => {
    const failed = run(async (tx) => {
      await take(tx, 'a');
      return work(tx);
    });
    await expect(failed).rejects.toThrow(message);
    expect(await units()).toBe('a=10 b=10');
  });

  test('the work may turn a refusal into an answer of its own', async () => {
    const work = run(async (tx) => {
      const error = await tx.change('INSERT INTO stock VALUES (?, 1)', ['b']).catch((e) => e);
      expect(isDuplicateKey(error)).toBe(true);
      throw new RollbackError('DUPLICATE');
    });
    await expect(work).rejects.toMatchObject({ value: 'DUPLICATE' });
  });

  test('work that ends after the deadline', async () => {
    const work = run(
      async (tx) => {
        await take(tx, 'a');
        await new Promise((resolve) => setTimeout(resolve, 120));
      },
      { deadlineMs: inMs(100) },
    );
    await expect(work).rejects.toBeInstanceOf(UnavailableError);
    expect(await units()).toBe('a=10 b=10');
  });

  test('a statement sent after the end is refused', async () => {
    let leaked: Tx | undefined;
    await run(async (tx) => {
      leaked = tx;
    });
    await expect(leaked && take(leaked, 'a')).rejects.toThrow('outside its transaction');
    expect(await units()).toBe('a=10 b=10');
  });
});

describe('contention', () => {
  test('a lock wait timeout runs the whole transaction again, and applies it once', async () => {
    const blocker = await db.first.connect();
    await blocker.query(`USE ${db.name}`);
    await blocker.query('START TRANSACTION');
    await blocker.query("UPDATE stock SET units = units - 5 WHERE sku = 'b'");
    let attempts = 0;
    const work = run(async (tx) => {
      attempts += 1;
      await take(tx, 'a');
      // MySQL gives up after two seconds; the lock is gone when it comes again.
      if (attempts === 1) setTimeout(() => void blocker.query('COMMIT'), 2_300);
      await take(tx, 'b');
    });
    await work;
    await blocker.end();
    expect(attempts).toBe(2);
    expect(await units()).toBe('a=9 b=4');
  });

  test('of two in a deadlock both succeed', async () => {
    let waiting = 0;
    const both = (one: string, other: string) =>
      run(async (tx) => {
        await take(tx, one);
        waiting += 1;
        for (let i = 0; i < 200 && waiting < 2; i++) await new Promise((r) => setTimeout(r, 5));
        await take(tx, other);
      });
    await Promise.all([both('a', 'b'), both('b', 'a')]);
    expect(waiting).toBe(3);
    expect(await units()).toBe('a=8 b=8');
  });

  test('a duplicate key is retried only for work that asks for it', async () => {
    let attempts = 0;
    const o = { name: 'test', deadlineMs: inMs(5_000), duplicateKeyRetries: true };
    const work = transact(db.first, o, async (tx) => {
      attempts += 1;
      if (attempts === 1) await tx.change('INSERT INTO stock VALUES (?, 1)', ['a']);
      return attempts;
    });
    expect(await work).toBe(2);
  });

  test('attempts are bounded', async () => {
    let attempts = 0;
    const o = { name: 'test', deadlineMs: inMs(5_000), duplicateKeyRetries: true, attemptsMax: 3 };
    const work = transact(db.first, o, (tx) => {
      attempts += 1;
      return tx.change('INSERT INTO stock VALUES (?, 1)', ['a']);
    });
    await expect(work).rejects.toBeInstanceOf(UnavailableError);
    expect(attempts).toBe(3);
  });
});

describe('a server that does not answer', () => {
  test.each([
    ['COMMIT muted', 'muteAfter', COMMIT, UnknownOutcomeError, 'a=9 b=10'],
    ['COMMIT cut', 'cutAfter', COMMIT, UnknownOutcomeError, 'a=9 b=10'],
    ['a statement muted', 'muteAfter', 'UPDATE', UnavailableError, 'a=10 b=10'],
    ['a statement cut', 'cutAfter', 'UPDATE', UnavailableError, 'a=10 b=10'],
    ['the start cut', 'cutAfter', 'START', UnavailableError, 'a=10 b=10'],
    ['the session set-up muted', 'muteAfter', 'ISOLATION', UnavailableError, 'a=10 b=10'],
  ] as const)('%s', async (_, fault, word, kind, expected) => {
    const proxy = new FaultyProxy(testUrl('TEST_MYSQL_1'));
    const url = await proxy.listen();
    const other = await createTestDatabase({ urls: [url], poolSize: 1 });
    const takeThere = () =>
      transact(other.first, { name: 'test', deadlineMs: inMs(400) }, (tx) =>
        tx.change(`UPDATE ${db.name}.stock SET units = units - 1 WHERE sku = 'a'`),
      );
    proxy[fault] = word;
    await expect(takeThere()).rejects.toBeInstanceOf(kind);
    expect(await units()).toBe(expected);

    proxy[fault] = undefined;
    await expect(takeThere()).resolves.toBe(1);
    await other.drop();
    await proxy.close();
  });

  test('nobody listens', async () => {
    const proxy = new FaultyProxy(testUrl('TEST_MYSQL_1'));
    const other = await createTestDatabase({ urls: [await proxy.listen()] });
    await proxy.close();
    const work = transact(other.first, { name: 'test', deadlineMs: inMs(500) }, async () => 1);
    await expect(work).rejects.toBeInstanceOf(UnavailableError);
    await other.shards.close();
    await run((tx) => tx.change(`DROP DATABASE ${other.name}`));
  });

  test('a full pool: refused at the deadline, and the late connection is not lost', async () => {
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const holders = [run(() => held), run(() => held)];
    await new Promise((resolve) => setTimeout(resolve, 50));
    const late = run((tx) => take(tx, 'a'), { deadlineMs: inMs(50) });
    await expect(late).rejects.toBeInstanceOf(UnavailableError);
    release();
    await Promise.all(holders);
    await Promise.all([run((tx) => take(tx, 'a')), run((tx) => take(tx, 'b'))]);
    expect(await units()).toBe('a=9 b=9');
  });
});
