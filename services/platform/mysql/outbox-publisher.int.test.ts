// Promise: every committed event is published at least once, and the first copy of a version comes after
// the first copy of the one before it, whoever publishes and whatever fails.
// Method: two real servers, several outboxes as several processes, a transport in memory that fails on
// command; a process that crashed is an outbox that was never told to deliver.

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { systemClock } from '../clock.js';
import { MemoryStream } from '../events/memory-stream.fixture.js';
import { eventually } from '../real-servers.fixture.js';
import { OutboxBench, soon } from './outbox.fixture.js';
import type { Outbox, OutboxEvent } from './outbox.js';
import { OutboxPublisher } from './outbox-publisher.js';
import { change, transact } from './transaction.js';

const KIND = 'changed';
let box: OutboxBench;
let stream: MemoryStream;

beforeAll(async () => {
  box = await OutboxBench.open();
});

beforeEach(() => {
  stream = new MemoryStream(systemClock);
});

afterEach(() => box.reset());

afterAll(() => box.db.drop());

const news = (n: number, version: number, payload: unknown = { n }): OutboxEvent => ({
  shard: n % 64,
  aggregateId: `order-${n}`,
  version,
  kind: KIND,
  payload,
});

/** A process: its own publisher in its own outbox. */
function open(o: { firstDelayMs?: number } = {}): Outbox {
  const publisher = new OutboxPublisher({
    shards: box.db.shards,
    transport: stream,
    kind: KIND,
    bodyOf: ({ payload }) => {
      if (payload === 'poison') throw new Error('poison');
      return JSON.stringify(payload);
    },
    clock: systemClock,
  });
  return box.outboxWith({ [KIND]: publisher.publish }, { firstDelayMs: 1, ...o });
}

const done = () => eventually(async () => (await box.rows()) === 0, 20_000);

/** By aggregate, its versions in the order of their first copies. */
function published(): Record<string, string> {
  const versions: Record<string, string> = {};
  for (const name of stream.firstCopies()) {
    const [id = '', version] = name.split(' ');
    versions[id] = `${versions[id] ?? ''}${version}`;
  }
  return versions;
}

const everyLife = (count: number, versions: string) =>
  Object.fromEntries(Array.from({ length: count }, (_, n) => [`order-${n}`, versions]));

describe('order', () => {
  test('a version takes its unpublished predecessors along', async () => {
    const crashed = open({ firstDelayMs: 60_000 });
    const living = open({ firstDelayMs: 60_000 });
    for (const version of [1, 2, 3]) await box.commit(crashed, [news(1, version)]);
    living.deliver([news(1, 3)]);
    await eventually(() => stream.entries.length === 3);
    expect(published()).toEqual({ 'order-1': '123' });
  });

  test('versions that are delivered apart, by four deliveries at once', async () => {
    const outbox = open({ firstDelayMs: 60_000 });
    const all = [1, 2, 3, 4].flatMap((version) => [0, 1, 2].map((n) => news(n, version)));
    await box.commit(outbox, all);
    for (const each of [...all].reverse()) outbox.deliver([each]);
    await done();
    expect(published()).toEqual(everyLife(3, '1234'));
  });

  test('three relays share what a crash left behind', async () => {
    const crashed = open();
    for (const version of [1, 2, 3]) {
      await box.commit(
        crashed,
        Array.from({ length: 100 }, (_, n) => news(n, version)),
      );
    }
    for (const relay of [open(), open(), open()]) relay.start();
    await done();
    expect(published()).toEqual(everyLife(100, '123'));
  });

  test('one that commits late, with a lower key, is not skipped', async () => {
    const outbox = open();
    outbox.start();
    const [early, late] = [news(1, 1), news(65, 1)];
    expect([late.shard, late.aggregateId > early.aggregateId]).toEqual([early.shard, true]);
    await transact(box.db.first, { name: 'late', ...soon() }, async (tx) => {
      outbox.append(tx, [early], Date.now() - 10_000);
      await box.commit(outbox, [late]);
      await eventually(() => published()['order-65'] === '1');
    });
    await done();
    expect(published()).toEqual({ 'order-1': '1', 'order-65': '1' });
  });
});

describe('failures', () => {
  test('a transport that is down, and one that loses its answers', async () => {
    let state: 'down' | 'deaf' | 'up' = 'down';
    stream.fate = (event) => {
      if (state === 'deaf') stream.entries.push(event);
      return state === 'up' ? 'PUBLISHED' : 'UNKNOWN';
    };
    const outbox = open();
    outbox.start();
    for (const version of [1, 2, 3]) {
      const some = Array.from({ length: 20 }, (_, n) => news(n, version));
      await box.commit(outbox, some);
      outbox.deliver(some);
    }
    await systemClock.sleep(1_500);
    expect(stream.entries).toEqual([]);
    state = 'deaf';
    await box.hurry();
    await eventually(() => stream.entries.length >= 20);
    state = 'up';
    await done();
    expect(published()).toEqual(everyLife(20, '123'));
  });

  test('poison is parked and keeps its successors, not the others', async () => {
    const outbox = open({ firstDelayMs: 60_000 });
    const all = [0, 1].flatMap((n) => [1, 2, 3].map((version) => news(n, version)));
    const poisoned = all.map((each) => {
      return each.aggregateId === 'order-0' && each.version === 2 ? news(0, 2, 'poison') : each;
    });
    await box.commit(outbox, poisoned);
    outbox.deliver(poisoned);
    await eventually(async () => (await outbox.backlog()).parked === 1);
    await eventually(() => published()['order-1'] === '123');
    expect(published()['order-0']).toBe('1');
    await eventually(async () => (await box.rows()) === 2);
    // A person mends it; what waited follows.
    await change(
      box.db.first,
      soon(),
      `UPDATE outbox SET payload = '{}', parked_reason = NULL,
      attempts = 0, due_ms = 0`,
    );
    outbox.start();
    await done();
    expect(published()).toEqual({ 'order-0': '123', 'order-1': '123' });
  });

  test('what the transport refuses is parked with its reason', async () => {
    stream.fate = ({ aggregateId }) =>
      aggregateId === 'order-0' ? { refused: 'too large' } : 'PUBLISHED';
    const outbox = open({ firstDelayMs: 60_000 });
    await box.commit(outbox, [news(0, 1), news(1, 1)]);
    outbox.deliver([news(0, 1), news(1, 1)]);
    await eventually(async () => (await outbox.backlog()).parked === 1);
    expect(published()).toEqual({ 'order-1': '1' });
    // What is parked is left to a person, by other processes too; what follows it waits.
    stream.fate = () => 'PUBLISHED';
    const other = open({ firstDelayMs: 60_000 });
    await box.commit(other, [news(0, 2)]);
    other.deliver([news(0, 2)]);
    await eventually(() => other.stats.leftToRelay === 1);
    expect(published()).toEqual({ 'order-1': '1' });
  });

  test('what may not have been published keeps its successors of the same call', async () => {
    const outbox = open({ firstDelayMs: 60_000 });
    const all = [1, 2, 3].map((version) => news(0, version));
    stream.fate = ({ version }) => (version === 1 ? 'UNKNOWN' : 'PUBLISHED');
    await box.commit(outbox, all);
    outbox.deliver(all);
    await eventually(() => outbox.stats.leftToRelay === 3);
    expect(published()).toEqual({});
    stream.fate = () => 'PUBLISHED';
    outbox.deliver(all);
    await done();
    expect(published()).toEqual({ 'order-0': '123' });
  });
});
