// Promise: a recorded event keeps its trace in its row, no other row is longer, and handlers never see
// what was put there.

import { afterEach, expect, test } from '@jest/globals';
import { startTape, type Tape } from '../telemetry/trace.fixture.js';
import type { Span } from '../telemetry/trace-context.js';
import { beginRoot } from '../telemetry/trace-recorder.js';
import type { OutboxEvent } from './outbox-rows.js';
import { beginDeliveries, endDeliveries, readPayload, storedPayload } from './outbox-trace.js';

let tape: Tape | undefined;
afterEach(() => tape?.stop());

const EVENT: OutboxEvent = {
  shard: 1,
  aggregateId: '42',
  version: 2,
  kind: 'order.paid',
  payload: { a: 1 },
};

test('what is stored is read again', () => {
  tape = startTape();
  const trace = beginRoot('writer') as Span;
  const stored = JSON.parse(JSON.stringify(storedPayload({ ...EVENT, trace })));
  const read = readPayload(stored);
  expect(read.payload).toEqual(EVENT.payload);
  expect(read.trace).toMatchObject({ traceId: trace.traceId, spanId: trace.spanId });
});

test('an unrecorded event is stored as it is', () => {
  expect(storedPayload(EVENT)).toBe(EVENT.payload);
  expect(readPayload(EVENT.payload)).toEqual({ payload: EVENT.payload });
});

test.each([['text'], [7], [null], [[1]]])('a payload of another shape: %j', (payload) => {
  expect(readPayload(storedPayload({ ...EVENT, payload })).payload).toEqual(payload);
});

test('each recorded event has a span of its delivery, with what became of it', () => {
  tape = startTape();
  const trace = beginRoot('writer') as Span;
  const events = beginDeliveries('order.paid', [{ ...EVENT, trace }, EVENT]);
  expect(events.map(({ span }) => span?.traceId)).toEqual([trace.traceId, undefined]);
  endDeliveries(events, [{ park: 'with a customer in it' }, 'DONE']);
  expect(tape.spans()).toMatchObject([
    {
      name: 'process order.paid',
      parentId: trace.spanId,
      attributes: { 'spillway.outcome': 'PARK' },
    },
  ]);
  expect(JSON.stringify(tape.spans())).not.toContain('customer');
});
