// Promise: on Redis Streams nothing that a group has not finished is lost or trimmed, whoever dies, and
// versions are applied once and in order.
// Method: a real Redis; a consumer that died is an inbox that took entries and never came back.

import { afterAll, afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { systemClock as clock } from '../clock.js';
import { eventually, silent, testUrl } from '../real-servers.fixture.js';
import { connectRedis, redisReady } from '../redis/connect.js';
import { type RedisCommand, sendAll } from '../redis/send-all.js';
import { EventConsumer } from './event-consumer.js';
import { event, life, MemoryProjection } from './memory-stream.fixture.js';
import { mustAll } from './must-all.js';
import { RedisEventInbox } from './redis-inbox.js';
import { RedisEventTransport } from './redis-transport.js';
import { ALL_PARTITIONS, streamKeys } from './stream-keys.js';
import { StreamTrimmer } from './stream-trimmer.js';

const link = connectRedis({ url: testUrl('TEST_REDIS'), commandTimeoutMs: 2_000, log: silent });
await redisReady(link);

let topics = 0;
let topic: string;
let transport: RedisEventTransport;
let projection: MemoryProjection;
let open: EventConsumer[];

beforeEach(() => {
  topics += 1;
  topic = `test${process.pid}x${topics}`;
  transport = new RedisEventTransport({ link, topic });
  projection = new MemoryProjection();
  open = [];
});

afterEach(async () => {
  await Promise.all(open.map((consumer) => consumer.stop()));
  const { events, dead } = streamKeys(topic);
  await send(ALL_PARTITIONS.flatMap((n) => [events(n), dead(n, 'g')]).map((key) => ['del', key]));
});

afterAll(() => link.disconnect());

async function send(commands: RedisCommand[]): Promise<unknown[]> {
  const answers = await sendAll(link, commands);
  mustAll(answers);
  return answers.map((answer) => ('value' in answer ? answer.value : undefined));
}

const inbox = (consumer: string, group = 'g') =>
  new RedisEventInbox({ link, topic, group, consumer });

function consume(name: string): EventConsumer {
  const limits = {
    batchMax: 50,
    inFlightMax: 4,
    heldMax: 100,
    idleMs: 300,
    deliveriesMax: 3,
    applyMsMax: 200,
    lookIntervalMs: 10,
  };
  const o = { name, inbox: inbox(name), projection, limits, clock, log: silent };
  const consumer = new EventConsumer(o);
  open.push(consumer);
  consumer.start();
  return consumer;
}

const lengthOf = async (): Promise<number> => {
  const { events } = streamKeys(topic);
  const lengths = await send(ALL_PARTITIONS.map((n) => ['xlen', events(n)]));
  return (lengths as number[]).reduce((sum, one) => sum + one, 0);
};

const ids = (count: number) => Array.from({ length: count }, (_, n) => `order-${n}`);
const applied = () => [...projection.versions.values()].reduce((sum, all) => sum + all.length, 0);

async function publishLives(count: number, versions: number): Promise<void> {
  for (let version = 1; version <= versions; version++) {
    const outcomes = await transport.publish(ids(count).map((id) => event(id, version)));
    expect(new Set(outcomes)).toEqual(new Set(['PUBLISHED']));
  }
}

describe('consuming', () => {
  test('several consumers share a group; every version once, in order', async () => {
    await publishLives(40, 3);
    for (const name of ['one', 'two', 'three']) consume(name);
    await eventually(() => applied() === 120);
    await publishLives(40, 1);
    await transport.publish(ids(40).map((id) => event(id, 4)));
    await eventually(() => applied() === 160);
    for (const id of ids(40)) expect(projection.versions.get(id)).toEqual([1, 2, 3, 4]);
  });

  test('what a dead consumer had taken is reclaimed, with its count of deliveries', async () => {
    await publishLives(10, 2);
    const taken = await inbox('dead').take(100);
    expect([taken.length, taken[0]?.deliveries]).toEqual([20, 1]);
    const living = inbox('living');
    expect(await living.take(100)).toEqual([]);
    expect(await living.reclaim(10_000, 100)).toEqual([]);
    await clock.sleep(20);
    const reclaimed = await living.reclaim(10, 100);
    expect([reclaimed.length, reclaimed[0]?.deliveries]).toEqual([20, 2]);
    expect(reclaimed.map((one) => one.event)).toEqual(
      expect.arrayContaining(taken.map((one) => one.event)),
    );
    await living.acknowledge(reclaimed.slice(1));
    consume('third');
    await eventually(() => applied() >= 1);
  });

  test('poison ends among the dead letters with its reason; others flow', async () => {
    const { events, dead } = streamKeys(topic);
    projection.before = ({ aggregateId }) => {
      if (aggregateId === 'order-0') throw new Error('poison');
      return 'DONE';
    };
    await publishLives(10, 2);
    await send([['xadd', events(0), '*', 'aggregate', 'x', 'version', 'none']]);
    const consumer = consume('one');
    await eventually(() => consumer.stats.buried === 3);
    expect(applied()).toBe(18);
    const letters = await send(ALL_PARTITIONS.map((n) => ['xrange', dead(n, 'g'), '-', '+']));
    const said = (letters.flat() as [string, string[]][]).map(([, fields]) => fields[3]);
    expect(new Set(said)).toEqual(
      new Set([
        'not done after 3 deliveries',
        'waits for version 1, which is not done',
        'what was carried cannot be read',
      ]),
    );
    const pending = await send(ALL_PARTITIONS.map((n) => ['xpending', events(n), 'g']));
    expect((pending as [number][]).every(([count]) => count === 0)).toBe(true);
  });

  test('a group that Redis has lost is joined again', async () => {
    consume('one');
    await publishLives(5, 1);
    await eventually(() => applied() === 5);
    const { events } = streamKeys(topic);
    await send(ALL_PARTITIONS.map((n) => ['del', events(n)]));
    await transport.publish(ids(5).map((id) => event(id, 2)));
    await eventually(() => applied() === 10);
  });

  test('what is too large is refused, its neighbours are published', async () => {
    const large = { ...event('order-0', 1), body: 'x'.repeat(65 * 1024) };
    const outcomes = await transport.publish([large, event('order-1', 1)]);
    expect(outcomes).toEqual([{ refused: expect.stringContaining('larger') }, 'PUBLISHED']);
  });
});

describe('trimming', () => {
  const one = 'order-1';
  const trim = (keepMs = 0) =>
    new StreamTrimmer({ link, topic, clock, keepMs, entriesMax: 10_000 }).run();

  // Redis trims whole nodes of a hundred entries.
  async function fill(): Promise<void> {
    for (const each of life(one, 350)) await transport.publish([each]);
    await clock.sleep(5);
  }

  test('only what every group has finished', async () => {
    await fill();
    const [fast, slow] = [inbox('c', 'fast'), inbox('c', 'slow')];
    await fast.acknowledge(await fast.take(350));
    const taken = await slow.take(250);
    await trim();
    expect(await lengthOf()).toBe(350);
    // The first is left: everything after it stays.
    await slow.acknowledge(taken.slice(1));
    await trim();
    expect(await lengthOf()).toBe(350);
    await slow.acknowledge(taken.slice(0, 1));
    await trim();
    const left = await lengthOf();
    expect(left).toBeLessThan(350);
    expect(left).toBeGreaterThanOrEqual(100);
    const rest = await slow.take(1_000);
    expect(rest.map((each) => each.event?.version)).toEqual(
      life(one, 350).slice(250).map(versionOf),
    );
  });

  test('nothing that is young, and nothing for a group that has read nothing', async () => {
    await fill();
    const [done, idle] = [inbox('c', 'done'), inbox('c', 'idle')];
    await done.acknowledge(await done.take(350));
    await trim(60_000);
    expect(await lengthOf()).toBe(350);
    await idle.reclaim(1, 1);
    await trim();
    expect(await lengthOf()).toBe(350);
  });

  test('without a group, what is old', async () => {
    await fill();
    await trim();
    expect(await lengthOf()).toBeLessThan(100);
  });
});

function versionOf({ version }: { version: number }): number {
  return version;
}
