// Promise: a call carries its caller's context over the wire, whatever became of it is told by code and
// reason, and who is not recorded says so too.

import { create } from '@bufbuild/protobuf';
import { Metadata, status } from '@grpc/grpc-js';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { GetOrderRequestSchema } from '../../../gen/spillway/order/v1/order_service_pb.js';
import { startTape, type Tape } from '../telemetry/trace.fixture.js';
import type { Span } from '../telemetry/trace-context.js';
import { beginRoot } from '../telemetry/trace-recorder.js';
import { beginCall, CallTrace, endClientCall, tracedHeaders } from './call-trace.js';

const PATH = '/spillway.order.v1.OrderService/GetOrder';

const sent = (span: Span | undefined) => ({ metadata: tracedHeaders(undefined, span) });

let tape: Tape;
beforeEach(() => {
  tape = startTape();
});
afterEach(() => tape.stop());

test('from client to server: the same trace, one under the other', () => {
  const caller = beginRoot('caller') as Span;
  const client = beginCall(PATH, caller);
  const server = new CallTrace(PATH).begin(sent(client), 0);
  expect([server?.traceId, server?.spanId === client?.spanId]).toEqual([caller.traceId, false]);
  const request = create(GetOrderRequestSchema, { orderId: '42' });
  new CallTrace(PATH).end(server, 0, undefined, [request, { order: { paymentId: 'p-42' } }]);
  endClientCall(client, undefined);
  const [seen] = tape.spans();
  expect(seen).toMatchObject({ name: PATH.slice(1), parentId: client?.spanId, fault: undefined });
  expect(seen?.attributes).toEqual({
    'rpc.system.name': 'grpc',
    'rpc.method': PATH.slice(1),
    'rpc.response.status_code': 'OK',
    'spillway.order.id': '42',
    'spillway.payment.id': 'p-42',
  });
});

test.each([
  ['a refusal', status.NOT_FOUND, 'ORDER_UNKNOWN', undefined],
  ['too much to do', status.RESOURCE_EXHAUSTED, 'OVERLOADED', undefined],
  ['a bug', status.INTERNAL, undefined, 'INTERNAL'],
  ['an outage', status.UNAVAILABLE, 'DEPENDENCY_UNAVAILABLE', 'UNAVAILABLE'],
])('%s', (_, code, reason, fault) => {
  const trace = new CallTrace(PATH);
  const span = trace.begin(sent(beginRoot('caller')), 0);
  trace.end(span, Date.now(), { code, reason }, []);
  const [seen] = tape.spans();
  expect([seen?.fault, seen?.attributes['spillway.outcome']]).toEqual([fault, reason]);
});

test('an unrecorded caller keeps whom it calls from deciding anew', () => {
  tape.stop();
  tape = startTape({ ratio: 1 });
  const trace = new CallTrace(PATH);
  expect(trace.begin(sent(undefined), 0)).toBeUndefined();
  expect(trace.begin({ metadata: new Metadata() }, 0)).toBeDefined();
});

test('headers that were given stay, and are not written to', () => {
  const given = new Metadata();
  given.set('x', 'y');
  const headers = tracedHeaders(given, beginRoot('caller'));
  expect([headers.get('x'), headers.get('traceparent').length]).toEqual([['y'], 1]);
  expect(given.get('traceparent')).toEqual([]);
});

test('switched off, not even a header is sent', () => {
  tape.stop();
  expect(tracedHeaders(undefined, undefined).getMap()).toEqual({});
});

test('an unrecorded call that fails is told afterwards, with the ids of its request', () => {
  const trace = new CallTrace(PATH);
  const request = create(GetOrderRequestSchema, { orderId: '42' });
  trace.end(undefined, Date.now(), { code: status.INTERNAL, reason: undefined }, [request]);
  expect(tape.spans()).toMatchObject([
    { fault: 'INTERNAL', attributes: { 'spillway.order.id': '42', 'spillway.told_late': 'fault' } },
  ]);
});
