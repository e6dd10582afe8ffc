// Promise: two processes never hold the same worker id for the same millisecond of id time.
// Method: real server; expiry is forced in the table, clocks are shifted by hand.

import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { type Clock, systemClock } from '../clock.js';
import { IdSource } from '../ids.js';
import { eventually, silent } from '../real-servers.fixture.js';
import { createTestDatabase, type TestDatabase } from './database.fixture.js';
import { change } from './transaction.js';
import { WorkerLease } from './worker-lease.js';

let db: TestDatabase;
const leases: WorkerLease[] = [];

beforeAll(async () => {
  db = await createTestDatabase({ poolSize: 10 });
});

afterEach(async () => {
  await Promise.all(leases.splice(0).map((lease) => lease.stop()));
  await sql('DELETE FROM worker_lease');
});

afterAll(() => db.drop());

const sql = (statement: string) => change(db.first, { deadlineMs: Date.now() + 5_000 }, statement);

const shifted = (ms: number): Clock => ({ ...systemClock, nowMs: () => Date.now() + ms });

function newLease(o: { clock?: Clock; windowMs?: number } = {}): WorkerLease {
  const lease = new WorkerLease({
    server: db.first,
    holder: `test:${leases.length}`,
    clock: systemClock,
    log: silent,
    windowMs: 60_000,
    ...o,
  });
  leases.push(lease);
  return lease;
}

// Leaves exactly one worker id to be had.
const leaveOnly = (workerId: number) =>
  sql(`UPDATE worker_lease SET expires_ms = 9e15 * (worker_id <> ${workerId})`);

test('processes that start at once get different worker ids', async () => {
  const started = Array.from({ length: 8 }, () => newLease());
  await Promise.all(started.map((lease) => lease.start()));
  expect(new Set(started.map((lease) => lease.current().workerId)).size).toBe(8);
});

test('a new holder starts above everything the former one may use', async () => {
  const former = newLease();
  await former.start();
  const { workerId, untilMs } = former.current();
  await leaveOnly(workerId);
  const next = newLease();
  await next.start();
  expect(next.current().workerId).toBe(workerId);
  expect(next.current().fromMs).toBe(untilMs + 1);

  // The former holder has not noticed, and both go on making ids.
  const ids = [former, next].map(
    (lease) => new IdSource({ clock: systemClock, lease: () => lease.current() }),
  );
  const made = ids.flatMap((source) => Array.from({ length: 2_000 }, () => source.next(1)));
  expect(new Set(made).size).toBe(4_000);
});

test('renewal extends the span; a holder that lost its id takes another', async () => {
  const lease = newLease({ windowMs: 1_000 });
  await lease.start();
  const first = lease.current();
  await eventually(() => lease.current().untilMs > first.untilMs);
  expect(lease.current()).toMatchObject({ workerId: first.workerId, fromMs: first.fromMs });

  await sql(`UPDATE worker_lease SET holder = 'thief', grants = grants + 1,
    expires_ms = 9e15 WHERE worker_id = ${first.workerId}`);
  await eventually(() => lease.current().workerId !== first.workerId);
});

test('a clock that is behind the last id made is refused', async () => {
  const ahead = newLease({ clock: shifted(3_600_000) });
  await ahead.start();
  await leaveOnly(ahead.current().workerId);
  await expect(newLease().start()).rejects.toThrow('the clock is behind the last id made');
});

test('without a free worker id the process does not start', async () => {
  await newLease().ensure();
  await sql('UPDATE worker_lease SET expires_ms = 9e15');
  const lease = newLease();
  await expect(lease.start()).rejects.toThrow('all 256 worker ids are leased');
  expect(() => lease.current()).toThrow('no worker id is leased');
});

test('a stopped lease is free at once, its span of time is not', async () => {
  const former = newLease();
  await former.start();
  const { workerId, untilMs } = former.current();
  await former.stop();
  await sql(`UPDATE worker_lease SET expires_ms = 9e15 WHERE worker_id <> ${workerId}`);
  const next = newLease();
  await next.start();
  expect(next.current()).toMatchObject({ workerId, fromMs: untilMs + 1 });
});
