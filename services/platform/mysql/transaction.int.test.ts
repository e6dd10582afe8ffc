// Promise: after transact() the caller knows what can be known, and nothing is half applied.
// Method: real server, work that goes wrong in every way.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { inMs, openStock, type Stock, take } from './stock.fixture.js';
import { isDuplicateKey, RollbackError, read, type Tx, UnavailableError } from './transaction.js';

let stock: Stock;

beforeAll(async () => {
  stock = await openStock();
});

beforeEach(() => stock.reset());

afterAll(() => stock.db.drop());

describe('what a transaction answers', () => {
  test('changed rows, not matched rows', async () => {
    const upsert = `INSERT INTO stock VALUES ?
      ON DUPLICATE KEY UPDATE units = VALUES(units)`;
    await stock.run(async (tx) => {
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
    expect(await stock.units()).toBe('a=9 b=11');
  });

  test('integers are text, however big; quotes and emoji survive', async () => {
    const sku = `'"\\;--🛒`;
    const big = 9_223_372_036_854_775_809n;
    const rows = await stock.run(async (tx) => {
      await tx.change('INSERT INTO stock VALUES ?', [[[sku, big]]]);
      return tx.rows('SELECT * FROM stock WHERE sku IN (?) ORDER BY units', [[sku, 'a']]);
    });
    expect(rows).toEqual([
      { sku: 'a', units: '10' },
      { sku, units: '9223372036854775809' },
    ]);
  });

  test('every session has our settings', async () => {
    const sql = `SHOW VARIABLES WHERE Variable_name IN
      ('tx_isolation', 'transaction_isolation', 'sql_mode', 'innodb_lock_wait_timeout')`;
    const rows = await read<{ Variable_name: string; Value: string }>(
      stock.db.first,
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
    const work = stock.run(async (tx) => {
      await take(tx, 'a');
      throw new RollbackError('SOLD_OUT');
    });
    await expect(work).rejects.toMatchObject({ name: 'RollbackError', value: 'SOLD_OUT' });
    expect(await stock.units()).toBe('a=10 b=10');
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
    const failed = stock.run(async (tx) => {
      await take(tx, 'a');
      return work(tx);
    });
    await expect(failed).rejects.toThrow(message);
    expect(await stock.units()).toBe('a=10 b=10');
  });

  test('the work may turn a refusal into an answer of its own', async () => {
    const work = stock.run(async (tx) => {
      const error = await tx.change('INSERT INTO stock VALUES (?, 1)', ['b']).catch((e) => e);
      expect(isDuplicateKey(error)).toBe(true);
      throw new RollbackError('DUPLICATE');
    });
    await expect(work).rejects.toMatchObject({ value: 'DUPLICATE' });
  });

  test('work that ends after the deadline', async () => {
    const work = stock.run(
      async (tx) => {
        await take(tx, 'a');
        await new Promise((resolve) => setTimeout(resolve, 120));
      },
      { deadlineMs: inMs(100) },
    );
    await expect(work).rejects.toBeInstanceOf(UnavailableError);
    expect(await stock.units()).toBe('a=10 b=10');
  });

  test('a statement sent after the end is refused', async () => {
    let leaked: Tx | undefined;
    await stock.run(async (tx) => {
      leaked = tx;
    });
    await expect(leaked && take(leaked, 'a')).rejects.toThrow('outside its transaction');
    expect(await stock.units()).toBe('a=10 b=10');
  });
});
