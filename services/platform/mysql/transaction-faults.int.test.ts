// Promise: contention and servers that do not answer never leave a transaction half applied, an
// outcome wrongly named, or a connection lost to the pool.
// Method: real server; locks held elsewhere, and a proxy that loses answers.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { FaultyProxy } from '../faulty-proxy.fixture.js';
import { testUrl } from '../real-servers.fixture.js';
import { createTestDatabase } from './database.fixture.js';
import { inMs, openStock, type Stock, take } from './stock.fixture.js';
import { RollbackError, transact, UnavailableError, UnknownOutcomeError } from './transaction.js';

let stock: Stock;

beforeAll(async () => {
  stock = await openStock();
});

beforeEach(() => stock.reset());

afterAll(() => stock.db.drop());

// With the byte that opens a query, because the session settings say COMMITTED.
const COMMIT = '\u0003COMMIT';

describe('contention', () => {
  test('a lock wait timeout runs the whole transaction again, and applies it once', async () => {
    const blocker = await stock.db.first.connect();
    await blocker.query(`USE ${stock.db.name}`);
    await blocker.query('START TRANSACTION');
    await blocker.query("UPDATE stock SET units = units - 5 WHERE sku = 'b'");
    let attempts = 0;
    const work = stock.run(async (tx) => {
      attempts += 1;
      await take(tx, 'a');
      // MySQL gives up after two seconds; the lock is gone when it comes again.
      if (attempts === 1) setTimeout(() => void blocker.query('COMMIT'), 2_300);
      // Nor may the work turn the lost wait into an answer.
      await take(tx, 'b').catch(() => {
        throw new RollbackError('SOLD_OUT');
      });
    });
    await work;
    await blocker.end();
    expect(attempts).toBe(2);
    expect(await stock.units()).toBe('a=9 b=4');
  });

  test('of two in a deadlock both succeed', async () => {
    let waiting = 0;
    const both = (one: string, other: string) =>
      stock.run(async (tx) => {
        await take(tx, one);
        waiting += 1;
        for (let i = 0; i < 200 && waiting < 2; i++) await new Promise((r) => setTimeout(r, 5));
        await take(tx, other);
      });
    await Promise.all([both('a', 'b'), both('b', 'a')]);
    expect(waiting).toBe(3);
    expect(await stock.units()).toBe('a=8 b=8');
  });

  test('a duplicate key is retried only for work that asks for it', async () => {
    let attempts = 0;
    const o = { name: 'test', deadlineMs: inMs(5_000), duplicateKeyRetries: true };
    const work = transact(stock.db.first, o, async (tx) => {
      attempts += 1;
      if (attempts === 1) await tx.change('INSERT INTO stock VALUES (?, 1)', ['a']);
      return attempts;
    });
    expect(await work).toBe(2);
  });

  test('attempts are bounded', async () => {
    let attempts = 0;
    const o = { name: 'test', deadlineMs: inMs(5_000), duplicateKeyRetries: true, attemptsMax: 3 };
    const work = transact(stock.db.first, o, (tx) => {
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
        tx.change(`UPDATE ${stock.db.name}.stock SET units = units - 1 WHERE sku = 'a'`),
      );
    proxy[fault] = word;
    await expect(takeThere()).rejects.toBeInstanceOf(kind);
    expect(await stock.units()).toBe(expected);

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
    await stock.run((tx) => tx.change(`DROP DATABASE ${other.name}`));
  });

  test('a full pool: refused at the deadline, and a late connection is not lost', async () => {
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const holders = [stock.run(() => held), stock.run(() => held)];
    await new Promise((resolve) => setTimeout(resolve, 50));
    // As many as there are connections: if each lost one, nothing would run afterwards.
    for (const sku of ['a', 'b']) {
      const late = stock.run((tx) => take(tx, sku), { deadlineMs: inMs(50) });
      await expect(late).rejects.toBeInstanceOf(UnavailableError);
    }
    release();
    await Promise.all(holders);
    await Promise.all([stock.run((tx) => take(tx, 'a')), stock.run((tx) => take(tx, 'b'))]);
    expect(await stock.units()).toBe('a=9 b=9');
  });
});
