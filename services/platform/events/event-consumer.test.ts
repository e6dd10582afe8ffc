// Promise: whatever is published twice, handed out in another order, or held by a consumer that dies,
// each version is applied once and in order; what cannot be applied is set aside and holds up only its
// own aggregate.
// Method: a stream in memory, time by hand; a consumer that died took entries and never came back.

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { ManualClock } from '../clock.js';
import type { Delivery } from '../mysql/outbox-handlers.js';
import { silent } from '../real-servers.fixture.js';
import { type ConsumerLimits, EventConsumer } from './event-consumer.js';
import type { EventInbox } from './event-transport.js';
import { event, life, MemoryProjection, MemoryStream } from './memory-stream.fixture.js';

const limits: ConsumerLimits = {
  batchMax: 10,
  inFlightMax: 4,
  heldMax: 20,
  idleMs: 1_000,
  deliveriesMax: 3,
  applyMsMax: 500,
  lookIntervalMs: 50,
};

let clock: ManualClock;
let stream: MemoryStream;
let projection: MemoryProjection;
let open: EventConsumer[];

beforeEach(() => {
  clock = new ManualClock();
  stream = new MemoryStream(clock);
  projection = new MemoryProjection();
  open = [];
});

afterEach(() => Promise.all(open.map((consumer) => consumer.stop())));

function consume(o: { inbox?: EventInbox; limits?: Partial<ConsumerLimits> } = {}): EventConsumer {
  const consumer = new EventConsumer({
    name: 'test',
    inbox: o.inbox ?? stream.inbox,
    projection,
    limits: { ...limits, ...o.limits },
    clock,
    log: silent,
  });
  open.push(consumer);
  consumer.start();
  return consumer;
}

/** In steps, because a loop that has more to do only yields in between. */
async function pass(ms: number): Promise<void> {
  for (let i = 0; i < 50; i++) await clock.advance(ms / 50);
}

const versionsOf = (id: string) => projection.versions.get(id) ?? [];

describe('each version once, in order', () => {
  test('copies are dropped, reordered versions wait for their predecessor', async () => {
    stream.entries.push(event('a', 2), event('a', 2), event('a', 3), event('b', 1));
    const consumer = consume();
    await pass(200);
    expect([versionsOf('a'), versionsOf('b')]).toEqual([[], [1]]);
    stream.entries.push(event('a', 1), event('a', 1));
    await pass(200);
    expect(versionsOf('a')).toEqual([1, 2, 3]);
    expect(consumer.stats).toMatchObject({ applied: 4, dropped: 2, buried: 0 });
    expect(stream.unfinished).toBe(0);
  });

  test('a consumer that dies before it handles: another one does', async () => {
    stream.entries.push(...life('a', 5));
    expect(await stream.inbox.take(3)).toHaveLength(3);
    consume();
    await pass(900);
    expect(versionsOf('a')).toEqual([]);
    await pass(1_000);
    expect(versionsOf('a')).toEqual([1, 2, 3, 4, 5]);
    expect(stream.unfinished).toBe(0);
  });

  test('a consumer that dies after it has applied: its copies are dropped', async () => {
    stream.entries.push(...life('a', 5));
    const died = new Error('died');
    const dying = consume({ inbox: { ...stream.inbox, acknowledge: () => Promise.reject(died) } });
    await pass(100);
    await dying.stop();
    expect([versionsOf('a'), stream.unfinished]).toEqual([[1, 2, 3, 4, 5], 5]);
    const next = consume();
    await pass(2_000);
    expect(next.stats).toMatchObject({ applied: 0, dropped: 5 });
    expect(versionsOf('a')).toEqual([1, 2, 3, 4, 5]);
  });

  test('two consumers share one aggregate, the first of them slow', async () => {
    stream.entries.push(...life('a', 6));
    let slow = true;
    projection.before = async (): Promise<Delivery> => {
      if (slow) await clock.sleep(300);
      slow = false;
      return 'DONE';
    };
    consume({ limits: { batchMax: 1 } });
    const other = consume({ limits: { batchMax: 1 } });
    await pass(250);
    expect([versionsOf('a'), other.stats.applied]).toEqual([[], 0]);
    await pass(500);
    expect(versionsOf('a')).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test('any order, any copies, any failures and deaths: the projection is the same', async () => {
    const all = ['a', 'b', 'c'].flatMap((id) => life(id, 4));
    const arrivals = fc.tuple(
      fc.shuffledSubarray(all, { minLength: all.length }),
      fc.array(fc.constantFrom(...all), { maxLength: 8 }),
      fc.array(fc.boolean(), { minLength: 40, maxLength: 40 }),
    );
    await fc.assert(
      fc.asyncProperty(arrivals, async ([order, copies, failures]) => {
        clock = new ManualClock();
        stream = new MemoryStream(clock);
        projection = new MemoryProjection();
        const failing = [...failures];
        projection.before = () => (failing.pop() ? 'RETRY' : 'DONE');
        stream.entries.push(...order, ...copies);
        await stream.inbox.take(5);
        const consumers = [1, 2].map(() => consume({ limits: { deliveriesMax: 1_000 } }));
        for (let i = 0; i < 60 && stream.unfinished > 0; i++) await pass(1_000);
        await Promise.all(consumers.map((consumer) => consumer.stop()));
        expect(stream.unfinished).toBe(0);
        for (const id of ['a', 'b', 'c']) expect(versionsOf(id)).toEqual([1, 2, 3, 4]);
      }),
      { numRuns: 20 },
    );
  });
});

describe('what cannot be applied', () => {
  test('poison is set aside, then what waits for it; others flow', async () => {
    projection.before = ({ aggregateId, version }) => {
      if (aggregateId === 'a' && version === 2) throw new Error('poison');
      return 'DONE';
    };
    stream.entries.push(...life('a', 3), ...life('b', 3));
    consume();
    await pass(100);
    expect([versionsOf('a'), versionsOf('b')]).toEqual([[1], [1, 2, 3]]);
    await pass(8_000);
    expect(stream.dead).toEqual([
      'a 2: not done after 3 deliveries',
      'a 3: waits for version 2, which is not done',
    ]);
    expect([versionsOf('a'), stream.unfinished]).toEqual([[1], 0]);
  });

  test('what the handler refuses, and what cannot be read, at once', async () => {
    projection.before = ({ aggregateId }) => (aggregateId === 'a' ? { park: 'no such' } : 'DONE');
    stream.entries.push(undefined, event('a', 1), event('b', 1));
    consume();
    await pass(100);
    expect(stream.dead).toEqual([
      'undefined undefined: what was carried cannot be read',
      'a 1: no such',
    ]);
    expect([versionsOf('b'), stream.unfinished]).toEqual([[1], 0]);
  });

  test('an event that kills its consumer is set aside in the end', async () => {
    stream.entries.push(event('a', 1));
    await stream.inbox.take(1);
    for (let i = 0; i < 2; i++) {
      await pass(1_000);
      await stream.inbox.reclaim(1_000, 1);
    }
    await pass(1_000);
    consume();
    await pass(100);
    expect(stream.dead).toEqual(['a 1: not done after 3 deliveries']);
  });

  test('an apply() that hangs holds up nobody for long', async () => {
    projection.before = ({ aggregateId }) => (aggregateId === 'a' ? new Promise(() => {}) : 'DONE');
    stream.entries.push(event('a', 1), ...life('b', 2));
    const consumer = consume({ limits: { inFlightMax: 1 } });
    await pass(700);
    expect([versionsOf('b'), consumer.stats.left]).toEqual([[1, 2], 1]);
  });
});

describe('bounds', () => {
  test('so many held, then nothing new is taken', async () => {
    stream.entries.push(...life('a', 100).slice(1));
    consume({ limits: { heldMax: 15, deliveriesMax: 1_000 } });
    await pass(500);
    expect(stream.unfinished).toBe(99);
    expect(await stream.inbox.take(1_000)).toHaveLength(79);
  });

  test('stop() lets what is being applied finish and begins nothing new', async () => {
    projection.before = async (): Promise<Delivery> => {
      await clock.sleep(100);
      return 'DONE';
    };
    stream.entries.push(...['a', 'b', 'c'].map((id) => event(id, 1)));
    const consumer = consume({ limits: { inFlightMax: 1 } });
    await pass(50);
    const stopped = consumer.stop();
    await pass(1_000);
    await stopped;
    expect([versionsOf('a'), versionsOf('b'), stream.unfinished]).toEqual([[1], [], 2]);
  });
});
