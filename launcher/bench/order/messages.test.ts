// What is written and read by hand is what the contract's own code writes and reads.
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { expect, test } from '@jest/globals';
import {
  CancelOrderRequestSchema,
  CreateOrderRequestSchema,
  CreateOrderResponseSchema,
  GetOrderRequestSchema,
  ShipOrderRequestSchema,
} from '../../../gen/spillway/order/v1/order_service_pb.js';
import { CreateTemplate, readPlaced, requestById } from './messages.js';

test('each order has another request id and another buyer', () => {
  const template = new CreateTemplate({ skuIds: ['hot'] });
  const [one, two] = [template.next(), template.next()].map((bytes) =>
    fromBinary(CreateOrderRequestSchema, bytes),
  );
  expect(one?.requestId).toMatch(/^[A-Za-z0-9_-]{22}$/);
  expect(one?.userId).toMatch(/^[A-Za-z0-9_-]{10}$/);
  expect(one?.lines).toMatchObject([{ skuId: 'hot', quantity: 1 }]);
  expect(two?.requestId).not.toBe(one?.requestId);
  expect(two?.userId).not.toBe(one?.userId);
});

test('buyers come from as many as there are, and SKUs from whoever writes them', () => {
  const writeSku = (bytes: Buffer, at: number) => void bytes.write('new', at);
  const template = new CreateTemplate({ skuIds: ['one', 'two'], users: 2, writeSku });
  const requests = Array.from({ length: 50 }, () =>
    fromBinary(CreateOrderRequestSchema, template.next()),
  );
  expect(new Set(requests.map((each) => each.userId))).toEqual(
    new Set(['0000000000', '0000000001']),
  );
  expect(requests[0]?.lines).toMatchObject([{ skuId: 'new' }, { skuId: 'new' }]);
});

test('requests by id carry the id and what else their method wants', () => {
  const orderId = '123456789012345678';
  const get = fromBinary(GetOrderRequestSchema, requestById('GetOrder', orderId));
  expect(get.orderId).toBe(orderId);
  const ship = fromBinary(ShipOrderRequestSchema, requestById('ShipOrder', orderId));
  expect(ship).toMatchObject({ orderId, carrier: 'bench', expectedVersion: 0n });
  const cancel = fromBinary(CancelOrderRequestSchema, requestById('CancelOrder', orderId));
  expect(cancel).toMatchObject({ orderId, reason: 'bench' });
});

test.each([
  ['a short order', '', false],
  ['a long order', 'x'.repeat(300), false],
  ['a duplicate', 'x'.repeat(300), true],
])('reads the answer of %s', (_name, userId, duplicate) => {
  const order = { orderId: '123456789012345678', userId };
  const message = create(CreateOrderResponseSchema, { order, duplicate });
  const answer = Buffer.from(toBinary(CreateOrderResponseSchema, message));
  expect(readPlaced(answer)).toEqual({ orderId: order.orderId, duplicate });
});
