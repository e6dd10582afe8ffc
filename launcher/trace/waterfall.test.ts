// Promise: what processes wrote is found by any id that people have, put together over their files and
// over links, and drawn so that a person reads where the time went.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { PLAIN } from '../audit/render.js';
import { pickTraces } from './pick-trace.js';
import { spanTrees } from './span-tree.js';
import { readSpans, type TraceSpan } from './trace-span.js';
import { drawTrees } from './waterfall.js';

const CREATE = 'spillway.order.v1.OrderService/CreateOrder';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'traces-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

type Given = Partial<TraceSpan> & { traceId: string; spanId: string; name: string };

function span(given: Given): TraceSpan {
  const rest = { service: 'spillway-order', parentId: undefined, error: undefined };
  return { ...rest, startMs: 0, endMs: 10, attributes: {}, links: [], ...given };
}

/** Two orders: `a` with its reserve in a batch that also served `b`, and a later payment of `a`. */
const ORDER = { 'spillway.order.id': '41', 'spillway.request.id': 'r-1' };
const BATCH = { 'spillway.batch.size': 7, 'spillway.batch.recorded': 2 };
const SPANS: readonly TraceSpan[] = [
  span({ traceId: 'a', spanId: '1', name: CREATE, attributes: ORDER, endMs: 40 }),
  span({
    traceId: 'a',
    spanId: '2',
    parentId: '1',
    name: 'reserve',
    startMs: 10,
    endMs: 30,
    links: [{ traceId: 'x', spanId: '9' }],
  }),
  span({
    traceId: 'x',
    spanId: '9',
    name: 'order.reserve',
    startMs: 12,
    endMs: 28,
    attributes: BATCH,
    links: [
      { traceId: 'a', spanId: '2' },
      { traceId: 'b', spanId: '5' },
    ],
  }),
  span({ traceId: 'b', spanId: '5', name: CREATE, startMs: 20, endMs: 90 }),
  span({
    traceId: 'c',
    spanId: '7',
    name: 'spillway.payment.v1.PaymentService/StartPayment',
    service: 'spillway-payment',
    startMs: 100,
    endMs: 110,
    attributes: { 'spillway.order.id': '41' },
    error: 'UNAVAILABLE',
  }),
];

test.each([
  ['a', ['a', 'c']],
  ['41', ['a', 'c']],
  ['r-1', ['a', 'c']],
  ['last', ['a', 'c']],
  ['b', ['b']],
  ['nothing', []],
])('%s is %j', (what, traces) => {
  expect(pickTraces(SPANS, what)).toEqual(traces);
});

test('the slowest is the slowest of those that made an order', () => {
  expect(pickTraces(SPANS, 'slowest')).toEqual(['a', 'c']);
  const all = SPANS.map((each) => ({ ...each, attributes: {} }));
  expect(pickTraces(all, 'slowest')).toEqual(['b']);
});

test('the waterfall: batches of others by their links, bars by time, errors by name', () => {
  const drawn = ['a', 'c'].map((id) => drawTrees(spanTrees(SPANS, id), PLAIN)).join('\n');
  expect(drawn).toBe(
    [
      'trace a  1970-01-01T00:00:00.000Z  40.0 ms',
      'OrderService/CreateOrder  order        40.0 ms  |================================| order 41',
      '  reserve                 order        20.0 ms  |        ================        |',
      '    ~ order.reserve       order        16.0 ms  |         =============          | batch of 7, 2 recorded',
      'trace c  1970-01-01T00:00:00.100Z  10.0 ms',
      'PaymentService/StartPayment  payment      10.0 ms  |================================| ' +
        'order 41; error: UNAVAILABLE',
    ].join('\n'),
  );
});

test('a span whose parent is not known begins a tree of its own', () => {
  const lost = span({ traceId: 'a', spanId: '3', parentId: '99', name: 'process', startMs: 50 });
  const trees = spanTrees([...SPANS, lost], 'a');
  expect(trees.map((tree) => tree.span.name)).toEqual([CREATE, 'process']);
});

test('links that lead in a circle come to an end', () => {
  const link = (traceId: string, spanId: string) => ({ links: [{ traceId, spanId }] });
  const circle = [
    span({ traceId: 'a', spanId: '1', name: 'call', ...link('x', '2') }),
    span({ traceId: 'x', spanId: '2', name: 'one', attributes: BATCH }),
    span({ traceId: 'x', spanId: '3', parentId: '2', name: 'work', ...link('y', '4') }),
    span({ traceId: 'y', spanId: '4', name: 'two', attributes: BATCH }),
    span({ traceId: 'y', spanId: '5', parentId: '4', name: 'more', ...link('x', '2') }),
  ];
  const names = drawTrees(spanTrees(circle, 'a'), PLAIN).match(/^ *(~ )?[a-z]+ (?= +order)/gm);
  expect(names?.map((name) => name.trim())).toEqual(['call', '~ one', 'work', '~ two', 'more']);
});

test('files of several processes, older ones too; half a line is passed over', () => {
  const line = (name: string) =>
    JSON.stringify({
      resourceSpans: [
        {
          resource: { attributes: [{ key: 'service.name', value: { stringValue: 'spillway-x' } }] },
          scopeSpans: [{ spans: [wireSpan(name)] }],
        },
      ],
    });
  writeFileSync(path.join(dir, 'a.jsonl'), `${line('one')}\n${line('two').slice(0, 50)}`);
  writeFileSync(path.join(dir, 'b.jsonl.old'), `${line('three')}\n{}\nodd\n`);
  writeFileSync(path.join(dir, 'c.txt'), line('four'));
  expect(readSpans(dir).map(({ name, service }) => `${service} ${name}`)).toEqual([
    'spillway-x one',
    'spillway-x three',
  ]);
  expect(readSpans(path.join(dir, 'nowhere'))).toEqual([]);
  const [first] = readSpans(dir);
  expect(first).toMatchObject({
    startMs: 1_000,
    endMs: 1_002.5,
    error: 'UNAVAILABLE',
    attributes: { text: 'a', whole: 7, part: 0.5, yes: true },
  });
});

function wireSpan(name: string) {
  return {
    traceId: 't',
    spanId: name,
    name,
    startTimeUnixNano: '1000000000',
    endTimeUnixNano: '1002500000',
    attributes: [
      { key: 'text', value: { stringValue: 'a' } },
      { key: 'whole', value: { intValue: '7' } },
      { key: 'part', value: { doubleValue: 0.5 } },
      { key: 'yes', value: { boolValue: true } },
    ],
    status: { code: 2, message: 'UNAVAILABLE' },
  };
}
