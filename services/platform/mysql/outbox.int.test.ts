// Promise: an event is heard if and only if its transaction committed, whoever dies in between.
// Method: two real servers, several outboxes as several processes; a process that crashed is an
// outbox that was never told to deliver, and time is hurried along in the table.

import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { eventually } from '../real-servers.fixture.js';
import { event, events, hearing, OutboxBench, soon } from './outbox.fixture.js';
import type { Delivery, Outbox } from './outbox.js';
import { claimDue } from './outbox-claim.js';
import { RollbackError, transact } from './transaction.js';

let box: OutboxBench;

beforeAll(async () => {
  box = await OutboxBench.open();
});

afterEach(() => box.reset());

afterAll(() => box.db.drop());

describe('deliver', () => {
  test('hands over at once, many in one call, and deletes what is done', async () => {
    const { heard, calls, handler } = hearing();
    const outbox = box.outboxWith({ paid: handler });
    const all = events(120);
    await box.commit(outbox, all);
    outbox.deliver(all);
    await eventually(async () => (await box.rows()) === 0);
    expect(heard.size).toBe(120);
    expect(calls).toEqual([50, 50, 20]);
    expect(outbox.stats).toMatchObject({ delivered: 120, relayed: 0, leftToRelay: 0 });
  });

  test('what is not done stays for the relay; what is parked waits for a person', async () => {
    const answers: Delivery[] = ['DONE', 'RETRY', { park: 'unknown order' }];
    const { handler } = hearing((one) => answers[Number(one.aggregateId.at(-1))] ?? 'DONE');
    const outbox = box.outboxWith({ paid: handler });
    await box.commit(outbox, events(3));
    outbox.deliver(events(3));
    await eventually(async () => (await box.rows()) === 2 && (await outbox.backlog()).parked === 1);
    expect(outbox.stats).toMatchObject({ delivered: 1, leftToRelay: 2, parked: 1 });
  });

  test('an event that nobody here handles is left alone', async () => {
    const outbox = box.outboxWith({ paid: hearing().handler }, { firstDelayMs: 1 });
    await box.commit(outbox, [event(1, 'refunded')]);
    outbox.deliver([event(1, 'refunded')]);
    outbox.start();
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect(await outbox.backlog()).toMatchObject({ waiting: 1, parked: 0 });
  });

  test('stop() lets deliveries and their deletions finish', async () => {
    const { handler } = hearing();
    const outbox = box.outboxWith({ paid: handler });
    await box.commit(outbox, events(60));
    outbox.deliver(events(60));
    await outbox.stop();
    expect(await box.rows()).toBe(0);
  });
});

describe('relay', () => {
  test('a crash between commit and delivery: another process delivers', async () => {
    const { heard, handler } = hearing();
    const crashed = box.outboxWith({ paid: handler }, { firstDelayMs: 50 });
    await box.commit(crashed, events(130));
    const other = box.outboxWith({ paid: handler });
    other.start();
    await eventually(async () => (await box.rows()) === 0);
    expect(heard.size).toBe(130);
    expect(other.stats.relayed).toBe(130);
  });

  test('what was rolled back is never heard', async () => {
    const { heard, handler } = hearing();
    const outbox = box.outboxWith({ paid: handler }, { firstDelayMs: 1 });
    const work = transact(box.db.first, { name: 'test', ...soon() }, async (tx) => {
      outbox.append(tx, [event(1)], Date.now());
      throw new RollbackError('no');
    });
    await expect(work).rejects.toBeInstanceOf(RollbackError);
    outbox.start();
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect(heard.size).toBe(0);
  });

  test('fresh rows are left to deliver()', async () => {
    const { heard, handler } = hearing();
    const outbox = box.outboxWith({ paid: handler }, { firstDelayMs: 60_000 });
    await box.commit(outbox, events(5));
    outbox.start();
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect(heard.size).toBe(0);
  });

  test('several relays share the work: nothing twice, nothing missed', async () => {
    const { heard, handler } = hearing();
    const relays = [1, 2, 3].map(() => box.outboxWith({ paid: handler }, { firstDelayMs: 1 }));
    await box.commit(relays[0] as Outbox, events(400));
    for (const relay of relays) relay.start();
    await eventually(async () => (await box.rows()) === 0);
    expect(heard.size).toBe(400);
    expect([...heard.values()].filter((times) => times > 1)).toEqual([]);
  });

  test('a claimed row is nobody else’s until its lease ends', async () => {
    const outbox = box.outboxWith({ paid: hearing().handler }, { firstDelayMs: 1 });
    await box.commit(outbox, [event(0)]);
    await box.hurry();
    const o = { kinds: ['paid'], limit: 10, leaseMs: 30_000 };
    const claim = () => claimDue(box.db.first, { ...o, ...soon() });
    expect((await claim()).map(({ attempts }) => attempts)).toEqual([1]);
    expect(await claim()).toEqual([]);
    await box.hurry();
    expect((await claim()).map(({ attempts }) => attempts)).toEqual([2]);
  });

  test('a transaction that commits late is not skipped', async () => {
    const { heard, handler } = hearing();
    const outbox = box.outboxWith({ paid: handler }, { firstDelayMs: 1 });
    outbox.start();
    await transact(box.db.first, { name: 'late', ...soon() }, async (tx) => {
      outbox.append(tx, [event(0)], Date.now());
      await box.commit(outbox, [event(1)]);
      await eventually(() => heard.has('order-1'));
    });
    await eventually(() => heard.has('order-0'));
  });
});
