import { create } from '@bufbuild/protobuf';
import { expect, test } from '@jest/globals';
import { CreateOrderRequestSchema } from '../../../gen/spillway/order/v1/order_service_pb.js';
import { callIds } from './call-ids.js';

const request = create(CreateOrderRequestSchema, {
  requestId: 'r-1',
  userId: 'ann',
  details: { case: 'shipping', value: { recipient: 'Ann', address: '1 Main St' } },
});

test('a call is found by its own ids and those of its trace, and nothing else is told', () => {
  const trace = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16) };
  expect(callIds(request, trace)).toEqual({
    trace_id: trace.traceId,
    span_id: trace.spanId,
    requestId: 'r-1',
  });
  expect(callIds(request, undefined)).toEqual({ requestId: 'r-1' });
});

test('what is too long to be an id is none', () => {
  const odd = create(CreateOrderRequestSchema, { requestId: 'x'.repeat(65) });
  expect(callIds(odd, undefined)).toEqual({});
});
