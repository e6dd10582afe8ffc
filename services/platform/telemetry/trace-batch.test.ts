// Promise: a batch is in the trace of its only recorded member, or in one of its own that links to all
// of them, and each links back; items find their own parents on the other side of a call.

import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Batcher } from '../batcher.js';
import { startTape, type Tape } from './trace.fixture.js';
import { beginBatch, itemTraces, spanOf, withMembers } from './trace-batch.js';
import type { Span } from './trace-context.js';
import { beginRoot, inStep } from './trace-recorder.js';

let tape: Tape;
beforeEach(() => {
  tape = startTape();
});
afterEach(() => tape.stop());

const member = (name: string): Span => beginRoot(name) as Span;
const named = (name: string) => tape.spans().find((span) => span.name === name);

async function batchOf(items: readonly { span?: Span }[]): Promise<void> {
  const batcher = new Batcher<{ span?: Span }, { outcome: string }>({
    name: 'batch',
    run: async (all) => all.map((_, i) => ({ outcome: i === 0 ? 'SOLD_OUT' : 'RESERVED' })),
    itemsMax: 10,
    ageMsMax: 1_000,
    queueMax: 10,
    concurrency: 1,
    spansOf: spanOf,
  });
  await batcher.addAll(items, Date.now() + 5_000);
  for (const { span } of items) span?.end();
}

test('nobody recorded: no batch either', async () => {
  await batchOf([{}, {}]);
  expect(tape.spans()).toEqual([]);
});

test('one recorded member: the batch is its child, and both link', async () => {
  const span = member('one');
  await batchOf([{ span }, {}, {}]);
  const [batch, one] = [named('batch'), named('one')];
  expect(batch).toMatchObject({ parentId: span.spanId, links: [span.spanId], fault: undefined });
  expect(batch?.attributes).toEqual({
    'spillway.batch.size': 3,
    'spillway.batch.recorded': 1,
    'spillway.batch.outcomes': 'SOLD_OUT 1, RESERVED 2',
  });
  expect(one?.links).toEqual([batch?.spanId]);
});

test('several recorded members: a trace of its own that links to each, and they to it', async () => {
  const [a, b] = [member('a'), member('b')];
  await batchOf([{ span: a }, {}, { span: b }]);
  const batch = named('batch');
  expect(batch?.parentId).toBeUndefined();
  expect([a.traceId, b.traceId]).not.toContain(batch?.traceId);
  expect(batch?.links).toEqual([a.spanId, b.spanId]);
  expect([named('a')?.links, named('b')?.links]).toEqual([[batch?.spanId], [batch?.spanId]]);
});

test('a batch that fails: its span says so by the kind of the error alone', async () => {
  const span = member('one');
  const batcher = new Batcher<{ span: Span }, string>({
    name: 'batch',
    run: () => Promise.reject(new TypeError('with a secret')),
    itemsMax: 10,
    ageMsMax: 1_000,
    queueMax: 10,
    concurrency: 1,
    spansOf: spanOf,
  });
  await expect(batcher.add({ span }, Date.now() + 5_000)).rejects.toThrow();
  expect(named('batch')?.fault).toBe('TypeError');
  expect(JSON.stringify(tape.spans())).not.toContain('secret');
});

test('items of a call: each recorded one continues its own trace, the others none', async () => {
  const [a, c] = [member('a'), member('c')];
  const call = member('call');
  const traces = itemTraces([{ span: a }, {}, { span: c }]);
  expect(traces.map(({ item }) => item)).toEqual([0, 2]);
  await withMembers('work', traces, call, async (spans) => {
    expect(spans?.of(1)).toBeUndefined();
    expect([spans?.of(0)?.traceId, spans?.of(2)?.traceId]).toEqual([a.traceId, c.traceId]);
    return ['DONE', 'DONE', { outcome: 'SOLD_OUT' }];
  });
  call.end();
  const work = tape.spans().filter((span) => span.name === 'work');
  const told = work.map((span) => [span.parentId, span.attributes['spillway.outcome']]);
  expect(told).toEqual([
    [a.spanId, 'DONE'],
    [c.spanId, 'SOLD_OUT'],
  ]);
  expect(named('call')?.links).toEqual(work.map((span) => span.spanId));
  expect(work.map((span) => span.links)).toEqual([[call.spanId], [call.spanId]]);
});

test('contexts that cannot be read are passed over, and one item has one span', async () => {
  const a = member('a');
  const [good] = itemTraces([{ span: a }]);
  const odd = { item: 0, traceparent: 'odd' };
  await withMembers(
    'work',
    [odd, good, good].flatMap((one) => one ?? []),
    undefined,
    async () => [],
  );
  expect(tape.spans().map((span) => span.parentId)).toEqual([a.spanId, a.spanId]);
});

test('a step has the outcome of its result, and ends when it fails', async () => {
  const call = member('call');
  await inStep(call, 'good', async () => ({ outcome: 'HELD' }));
  await inStep(call, 'bad', () => Promise.reject(new RangeError())).catch(() => undefined);
  expect(named('good')?.attributes).toEqual({ 'spillway.outcome': 'HELD' });
  expect(named('bad')?.fault).toBe('RangeError');
});

test('switched off, nothing is made of anything', async () => {
  const span = member('before');
  tape.stop();
  expect(beginBatch('batch', [{ span }], spanOf)).toBeUndefined();
  expect(itemTraces([{ span }])).toEqual([]);
});
