// What is told of MySQL, on a real server: pools by what the driver really holds, time and failures of
// transactions by name, what they lost against others, the backlog of an outbox.

import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { counters, gauges, histograms } from '../telemetry/metrics.js';
import { event, OutboxBench } from './outbox.fixture.js';
import { outboxLook } from './outbox-meter.js';
import { rowLockLook } from './row-lock-look.js';
import { inMs, openStock, type Stock, take } from './stock.fixture.js';

let stock: Stock;

beforeAll(async () => {
  stock = await openStock();
});
beforeEach(() => stock.reset());
afterAll(() => stock.db.drop());

function pool() {
  const { name } = stock.db.first;
  const count = gauges('db.client.connection.count');
  return {
    used: count.of(name, 'used').read(),
    max: gauges('db.client.connection.max').of(name).read(),
    pending: gauges('db.client.connection.pending_requests').of(name).read(),
  };
}

test('a pool is told as it is: used, waiting, and idle again', async () => {
  let letGo = () => {};
  const held = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  let inside = 0;
  const work = [1, 2, 3, 4, 5].map(() =>
    stock.run(async () => {
      inside += 1;
      await held;
    }),
  );
  while (inside < 2) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(pool()).toEqual({ used: 2, max: 2, pending: 3 });
  letGo();
  await Promise.all(work);
  expect(pool()).toEqual({ used: 0, max: 2, pending: 0 });
  const waits = histograms('db.client.connection.wait_time').of(stock.db.first.name);
  expect(waits.count).toBeGreaterThanOrEqual(5);
});

test('transactions are timed by name, those that fail by their failure', async () => {
  const operations = histograms('db.client.operation.duration');
  const fine = operations.of('mysql', 'test', '');
  const before = fine.count;
  await stock.run((tx) => take(tx, 'a'));
  expect(fine.count).toBe(before + 1);
  const late = operations.of('mysql', 'test', 'UnavailableError');
  const lateBefore = late.count;
  await expect(stock.run((tx) => take(tx, 'a'), { deadlineMs: inMs(-1) })).rejects.toThrow();
  expect(late.count).toBe(lateBefore + 1);
});

test('a deadlock is counted, and the server counts the waits for rows', async () => {
  const deadlocks = counters('spillway.mysql.contention').of('deadlock');
  const before = deadlocks.read();
  let first = 0;
  const cross = (one: string, other: string) => {
    let tries = 0;
    return stock.run(async (tx) => {
      await take(tx, one);
      tries += 1;
      if (tries === 1) first += 1;
      while (first < 2) await new Promise((resolve) => setTimeout(resolve, 5));
      await take(tx, other);
    });
  };
  await Promise.all([cross('a', 'b'), cross('b', 'a')]);
  expect(deadlocks.read()).toBeGreaterThan(before);
  await rowLockLook(stock.db.shards).run();
  const { name } = stock.db.first;
  expect(counters('spillway.mysql.row_lock.waits').of(name).read()).toBeGreaterThan(0);
});

test('an outbox is told by what waits, what is parked, and the oldest that is not', async () => {
  const bench = await OutboxBench.open();
  try {
    const outbox = bench.outboxWith({});
    await bench.commit(outbox, [event(1), event(40), event(41)]);
    await bench.sql('UPDATE outbox SET created_ms = created_ms - 90000 WHERE shard_no = 40');
    await bench.sql(`UPDATE outbox SET created_ms = 0, parked_reason = 'odd' WHERE shard_no = 41`);
    await outboxLook(bench.db.shards).run();
    expect(gauges('spillway.outbox.waiting').of().read()).toBe(2);
    expect(gauges('spillway.outbox.parked').of().read()).toBe(1);
    const lag = gauges('spillway.outbox.lag').of().read();
    expect(lag).toBeGreaterThanOrEqual(90);
    expect(lag).toBeLessThan(120);
    await bench.reset();
  } finally {
    await bench.db.drop();
  }
});
