// Promise: an event that cannot be handled is parked for a person and holds up nobody else.
// Method: handlers that throw, hang or die; time is hurried along in the table.

import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { eventually } from '../real-servers.fixture.js';
import { event, events, hearing, OutboxBench, soon } from './outbox.fixture.js';
import type { Delivery, OutboxEvent } from './outbox.js';
import { claimDue } from './outbox-claim.js';
import { postponeEvents } from './outbox-rows.js';
import { read } from './transaction.js';

let box: OutboxBench;

beforeAll(async () => {
  box = await OutboxBench.open();
});

afterEach(() => box.reset());

afterAll(() => box.db.drop());

describe('what keeps failing', () => {
  test('poison is parked; the neighbours that failed with it flow', async () => {
    const { heard, handler } = hearing();
    const poisoned = async (some: OutboxEvent[]) => {
      if (some.some(({ aggregateId }) => aggregateId === 'order-7')) throw new Error('poison');
      return handler(some);
    };
    const outbox = box.outboxWith({ paid: poisoned }, { firstDelayMs: 1, attemptsMax: 4 });
    await box.commit(outbox, events(20));
    outbox.start();
    await eventually(async () => {
      await box.hurry();
      return (await box.rows()) === 1;
    });
    await eventually(async () => (await outbox.backlog()).parked === 1);
    expect(heard.size).toBe(19);
    const [parked] = await read(box.db.first, soon(), 'SELECT * FROM outbox');
    expect(parked).toMatchObject({
      aggregate_id: 'order-7',
      parked_reason: 'not done after 4 attempts',
    });
  });

  test('an event whose handler kills the process is parked in the end', async () => {
    const { heard, handler } = hearing();
    const outbox = box.outboxWith({ paid: handler }, { attemptsMax: 2 });
    await box.commit(outbox, [event(0)]);
    for (let i = 0; i < 2; i++) {
      await box.hurry();
      await claimDue(box.db.first, { kinds: ['paid'], limit: 1, leaseMs: 30_000, ...soon() });
    }
    await box.hurry();
    outbox.start();
    await eventually(async () => (await outbox.backlog()).parked === 1);
    expect(heard.size).toBe(0);
  });

  test('a payload that is not JSON is parked and holds nobody up', async () => {
    const { heard, handler } = hearing();
    const outbox = box.outboxWith({ paid: handler }, { firstDelayMs: 1 });
    await box.commit(outbox, events(3));
    await box.sql("UPDATE outbox SET payload = '{' WHERE aggregate_id = 'order-1'");
    outbox.start();
    await eventually(async () => (await outbox.backlog()).parked === 1 && heard.size === 2);
    expect(await box.rows()).toBe(1);
  });

  test.each([
    [1, 500],
    [2, 1_000],
    [7, 32_000],
    [8, 60_000],
    [1_000, 60_000],
  ])('after attempt %d the delay is %d ms', async (attempts, delayMs) => {
    const outbox = box.outboxWith({ paid: hearing().handler });
    await box.commit(outbox, [event(0)]);
    await box.sql(`UPDATE outbox SET attempts = ${attempts}`);
    const before = Date.now();
    const o = { delayMsMin: 500, delayMsMax: 60_000, ...soon() };
    await postponeEvents(box.db.first, [event(0)], o);
    const [row] = await read<{ due_ms: string }>(box.db.first, soon(), 'SELECT due_ms FROM outbox');
    expect(Number(row?.due_ms) - before).toBeGreaterThanOrEqual(delayMs - 5);
    expect(Number(row?.due_ms) - before).toBeLessThan(delayMs + 400);
  });

  test('one kind that hangs does not keep the others', async () => {
    const { heard, handler } = hearing();
    let release = () => {};
    const hung = new Promise<Delivery[]>((resolve) => {
      release = () => resolve(['DONE']);
    });
    const outbox = box.outboxWith({ paid: handler, stuck: () => hung }, { firstDelayMs: 1 });
    await box.commit(outbox, [event(0, 'stuck'), event(1, 'paid')]);
    outbox.start();
    await eventually(() => heard.has('order-1'));
    release();
  });
});
