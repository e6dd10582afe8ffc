// Promise: an event is heard if and only if its transaction committed, whoever dies in between.
// Method: two real servers, several outboxes as several processes; a process that crashed is an
// outbox that was never told to deliver, and time is hurried along in the table.

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { systemClock } from '../clock.js';
import { eventually, silent, testUrl } from '../real-servers.fixture.js';
import { createTestDatabase, type TestDatabase } from './database.fixture.js';
import { type Delivery, OUTBOX_TABLE, Outbox, type OutboxEvent } from './outbox.js';
import { claimDue, postponeEvents } from './outbox-rows.js';
import { change, RollbackError, read, transact } from './transaction.js';

let db: TestDatabase;
const open: Outbox[] = [];

beforeAll(async () => {
  db = await createTestDatabase({ urls: [testUrl('TEST_MYSQL_1'), testUrl('TEST_MYSQL_2')] });
  for (const server of db.shards.servers) await change(server, soon(), OUTBOX_TABLE);
});

beforeEach(() => sql('DELETE FROM outbox'));

afterEach(async () => {
  await Promise.all(open.splice(0).map((outbox) => outbox.stop()));
});

afterAll(() => db.drop());

const soon = () => ({ deadlineMs: Date.now() + 5_000 });
const hurry = () => sql('UPDATE outbox SET due_ms = 0 WHERE parked_reason IS NULL');

async function sql(statement: string): Promise<void> {
  for (const server of db.shards.servers) await change(server, soon(), statement);
}

function outboxWith(
  handlers: Record<string, (events: OutboxEvent[]) => Promise<Delivery[]>>,
  o: { firstDelayMs?: number; attemptsMax?: number } = {},
): Outbox {
  const outbox = new Outbox({
    shards: db.shards,
    handlers,
    log: silent,
    clock: systemClock,
    firstDelayMs: 10_000,
    batchMax: 50,
    attemptsMax: 5,
    ...o,
  });
  open.push(outbox);
  return outbox;
}

const event = (n: number, kind = 'paid'): OutboxEvent => ({
  shard: n % 64,
  aggregateId: `order-${n}`,
  version: 1,
  kind,
  payload: { n },
});

const events = (count: number, kind = 'paid') =>
  Array.from({ length: count }, (_, n) => event(n, kind));

// Commits the events, server by server, as the services do.
async function commit(outbox: Outbox, all: OutboxEvent[]): Promise<void> {
  for (const [server, group] of db.shards.groupByServer(all, ({ shard }) => shard)) {
    await transact(server, { name: 'test', ...soon() }, (tx) =>
      outbox.append(tx, group, Date.now()),
    );
  }
}

// A handler that hears everything and counts how often.
function hearing(answer: (one: OutboxEvent) => Delivery = () => 'DONE') {
  const heard = new Map<string, number>();
  const calls: number[] = [];
  const handler = async (some: OutboxEvent[]) => {
    calls.push(some.length);
    for (const { aggregateId } of some) heard.set(aggregateId, (heard.get(aggregateId) ?? 0) + 1);
    return some.map(answer);
  };
  return { heard, calls, handler };
}

async function rows(): Promise<number> {
  const counts = await Promise.all(
    db.shards.servers.map((server) => read<{ n: string }>(server, soon(), COUNT)),
  );
  return counts.flat().reduce((sum, row) => sum + Number(row.n), 0);
}
const COUNT = 'SELECT COUNT(*) AS n FROM outbox';

describe('deliver', () => {
  test('hands over at once, many in one call, and deletes what is done', async () => {
    const { heard, calls, handler } = hearing();
    const outbox = outboxWith({ paid: handler });
    const all = events(120);
    await commit(outbox, all);
    outbox.deliver(all);
    await eventually(async () => (await rows()) === 0);
    expect(heard.size).toBe(120);
    expect(calls).toEqual([50, 50, 20]);
    expect(outbox.stats).toMatchObject({ delivered: 120, relayed: 0, leftToRelay: 0 });
  });

  test('what is not done stays for the relay; what is parked waits for a person', async () => {
    const answers: Delivery[] = ['DONE', 'RETRY', { park: 'unknown order' }];
    const { handler } = hearing((one) => answers[Number(one.aggregateId.at(-1))] ?? 'DONE');
    const outbox = outboxWith({ paid: handler });
    await commit(outbox, events(3));
    outbox.deliver(events(3));
    await eventually(async () => (await rows()) === 2 && (await outbox.backlog()).parked === 1);
    expect(outbox.stats).toMatchObject({ delivered: 1, leftToRelay: 2, parked: 1 });
  });

  test('an event that nobody here handles is left alone', async () => {
    const outbox = outboxWith({ paid: hearing().handler }, { firstDelayMs: 1 });
    await commit(outbox, [event(1, 'refunded')]);
    outbox.deliver([event(1, 'refunded')]);
    outbox.start();
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect(await outbox.backlog()).toMatchObject({ waiting: 1, parked: 0 });
  });

  test('stop() lets deliveries and their deletions finish', async () => {
    const { handler } = hearing();
    const outbox = outboxWith({ paid: handler });
    await commit(outbox, events(60));
    outbox.deliver(events(60));
    await outbox.stop();
    expect(await rows()).toBe(0);
  });
});

describe('relay', () => {
  test('a crash between commit and delivery: another process delivers', async () => {
    const { heard, handler } = hearing();
    const crashed = outboxWith({ paid: handler }, { firstDelayMs: 50 });
    await commit(crashed, events(130));
    const other = outboxWith({ paid: handler });
    other.start();
    await eventually(async () => (await rows()) === 0);
    expect(heard.size).toBe(130);
    expect(other.stats.relayed).toBe(130);
  });

  test('what was rolled back is never heard', async () => {
    const { heard, handler } = hearing();
    const outbox = outboxWith({ paid: handler }, { firstDelayMs: 1 });
    const work = transact(db.first, { name: 'test', ...soon() }, async (tx) => {
      await outbox.append(tx, [event(1)], Date.now());
      throw new RollbackError('no');
    });
    await expect(work).rejects.toBeInstanceOf(RollbackError);
    outbox.start();
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect(heard.size).toBe(0);
  });

  test('fresh rows are left to deliver()', async () => {
    const { heard, handler } = hearing();
    const outbox = outboxWith({ paid: handler }, { firstDelayMs: 60_000 });
    await commit(outbox, events(5));
    outbox.start();
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect(heard.size).toBe(0);
  });

  test('several relays share the work: nothing twice, nothing missed', async () => {
    const { heard, handler } = hearing();
    const relays = [1, 2, 3].map(() => outboxWith({ paid: handler }, { firstDelayMs: 1 }));
    await commit(relays[0] as Outbox, events(400));
    for (const relay of relays) relay.start();
    await eventually(async () => (await rows()) === 0);
    expect(heard.size).toBe(400);
    expect([...heard.values()].filter((times) => times > 1)).toEqual([]);
  });

  test('a claimed row is nobody else’s until its lease ends', async () => {
    const outbox = outboxWith({ paid: hearing().handler }, { firstDelayMs: 1 });
    await commit(outbox, [event(0)]);
    await hurry();
    const o = { kinds: ['paid'], limit: 10, leaseMs: 30_000 };
    const claim = () => claimDue(db.first, { ...o, ...soon() });
    expect((await claim()).map(({ attempts }) => attempts)).toEqual([1]);
    expect(await claim()).toEqual([]);
    await hurry();
    expect((await claim()).map(({ attempts }) => attempts)).toEqual([2]);
  });

  test('a transaction that commits late is not skipped', async () => {
    const { heard, handler } = hearing();
    const outbox = outboxWith({ paid: handler }, { firstDelayMs: 1 });
    outbox.start();
    await transact(db.first, { name: 'late', ...soon() }, async (tx) => {
      await outbox.append(tx, [event(0)], Date.now());
      await commit(outbox, [event(1)]);
      await eventually(() => heard.has('order-1'));
    });
    await eventually(() => heard.has('order-0'));
  });
});

describe('what keeps failing', () => {
  test('poison is parked; the neighbours that failed with it flow', async () => {
    const { heard, handler } = hearing();
    const poisoned = async (some: OutboxEvent[]) => {
      if (some.some(({ aggregateId }) => aggregateId === 'order-7')) throw new Error('poison');
      return handler(some);
    };
    const outbox = outboxWith({ paid: poisoned }, { firstDelayMs: 1, attemptsMax: 4 });
    await commit(outbox, events(20));
    outbox.start();
    await eventually(async () => {
      await hurry();
      return (await rows()) === 1;
    });
    await eventually(async () => (await outbox.backlog()).parked === 1);
    expect(heard.size).toBe(19);
    const [parked] = await read(db.first, soon(), 'SELECT * FROM outbox');
    expect(parked).toMatchObject({
      aggregate_id: 'order-7',
      parked_reason: 'not done after 4 attempts',
    });
  });

  test('an event whose handler kills the process is parked in the end', async () => {
    const { heard, handler } = hearing();
    const outbox = outboxWith({ paid: handler }, { attemptsMax: 2 });
    await commit(outbox, [event(0)]);
    for (let i = 0; i < 2; i++) {
      await hurry();
      await claimDue(db.first, { kinds: ['paid'], limit: 1, leaseMs: 30_000, ...soon() });
    }
    await hurry();
    outbox.start();
    await eventually(async () => (await outbox.backlog()).parked === 1);
    expect(heard.size).toBe(0);
  });

  test('a payload that is not JSON is parked and holds nobody up', async () => {
    const { heard, handler } = hearing();
    const outbox = outboxWith({ paid: handler }, { firstDelayMs: 1 });
    await commit(outbox, events(3));
    await sql("UPDATE outbox SET payload = '{' WHERE aggregate_id = 'order-1'");
    outbox.start();
    await eventually(async () => (await outbox.backlog()).parked === 1 && heard.size === 2);
    expect(await rows()).toBe(1);
  });

  test.each([
    [1, 500],
    [2, 1_000],
    [7, 32_000],
    [8, 60_000],
    [1_000, 60_000],
  ])('after attempt %d the delay is %d ms', async (attempts, delayMs) => {
    const outbox = outboxWith({ paid: hearing().handler });
    await commit(outbox, [event(0)]);
    await sql(`UPDATE outbox SET attempts = ${attempts}`);
    const before = Date.now();
    const o = { delayMsMin: 500, delayMsMax: 60_000, ...soon() };
    await postponeEvents(db.first, [event(0)], o);
    const [row] = await read<{ due_ms: string }>(db.first, soon(), 'SELECT due_ms FROM outbox');
    expect(Number(row?.due_ms) - before).toBeGreaterThanOrEqual(delayMs - 5);
    expect(Number(row?.due_ms) - before).toBeLessThan(delayMs + 400);
  });

  test('one kind that hangs does not keep the others', async () => {
    const { heard, handler } = hearing();
    let release = () => {};
    const hung = new Promise<Delivery[]>((resolve) => {
      release = () => resolve(['DONE']);
    });
    const outbox = outboxWith({ paid: handler, stuck: () => hung }, { firstDelayMs: 1 });
    await commit(outbox, [event(0, 'stuck'), event(1, 'paid')]);
    outbox.start();
    await eventually(() => heard.has('order-1'));
    release();
  });
});
