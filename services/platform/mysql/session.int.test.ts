// Promise: a process that stands still keeps neither locks nor a place in the pool for a dead
// connection.
// Method: real server; work that holds a lock and does nothing, as a stopped process does.

import { afterAll, beforeAll, beforeEach, expect, jest, test } from '@jest/globals';
import { eventually } from '../real-servers.fixture.js';
import { inMs, openStock, type Stock, take } from './stock.fixture.js';
import { read, UnknownOutcomeError } from './transaction.js';

/** After 3 s on MariaDB, after 30 s on MySQL. */
const STANDSTILL_MS_MAX = { MariaDB: 10_000, MySQL: 45_000 };

let stock: Stock;

beforeAll(async () => {
  stock = await openStock();
});

beforeEach(() => stock.reset());

afterAll(() => stock.db.drop());

test('a transaction that holds a lock and does nothing loses it, and its commit fails', async () => {
  let locked = false;
  let goOn = () => {};
  const stopped = stock.run(
    async (tx) => {
      await take(tx, 'a');
      locked = true;
      await new Promise<void>((resolve) => {
        goOn = resolve;
      });
    },
    { deadlineMs: inMs(60_000) },
  );
  const outcome = stopped.catch((error: unknown) => error);
  const standstillMsMax = STANDSTILL_MS_MAX[await product()];
  try {
    await eventually(() => locked);
    await eventually(() => {
      const others = stock.run((tx) => take(tx, 'a'), { deadlineMs: inMs(5_000) });
      return others.then(
        () => true,
        () => false,
      );
    }, standstillMsMax);
  } finally {
    goOn();
  }
  expect(await outcome).toBeInstanceOf(UnknownOutcomeError);
  expect(await stock.units()).toBe('a=9 b=10');
}, 60_000);

const product = async () => {
  const sql = 'SELECT VERSION() AS version';
  const [row] = await read<{ version: string }>(stock.db.first, { deadlineMs: inMs(5_000) }, sql);
  return row?.version.includes('MariaDB') ? 'MariaDB' : 'MySQL';
};

const connectionId = async () => {
  const sql = 'SELECT CONNECTION_ID() AS id';
  const [row] = await read<{ id: string }>(stock.db.first, { deadlineMs: inMs(5_000) }, sql);
  return row?.id;
};

test('a connection that the server closed while nobody used it is not lent out', async () => {
  const before = await connectionId();
  await stock.run((tx) => tx.change('SET SESSION wait_timeout = 1'));
  await new Promise((resolve) => setTimeout(resolve, 2_500));
  expect(await connectionId()).not.toBe(before);
}, 10_000);

test('a connection that the server may be about to close is not lent out either', async () => {
  const before = await connectionId();
  expect(await connectionId()).toBe(before);
  const clock = jest.spyOn(performance, 'now').mockReturnValue(performance.now() + 21_000);
  try {
    expect(await connectionId()).not.toBe(before);
  } finally {
    clock.mockRestore();
  }
});
