// Promise: what the quick check passes, the validator passes too, and usual requests do pass it. Method:
// one valid request, and the same with one field after the other made wrong.
import { create, type DescMessage, type Message, type MessageInitShape } from '@bufbuild/protobuf';
import { createValidator } from '@bufbuild/protovalidate';
import { expect, test } from '@jest/globals';
import {
  BatchReserveRequestSchema,
  ConfirmRequestSchema,
} from '../../../gen/spillway/inventory/v1/inventory_service_pb.js';
import type { OrderType } from '../../../gen/spillway/order/v1/order_pb.js';
import {
  CreateOrderRequestSchema,
  ListOrdersRequestSchema,
  PutOfferRequestSchema,
  RecordPaymentRequestSchema,
  ShipOrderRequestSchema,
} from '../../../gen/spillway/order/v1/order_service_pb.js';
import { BatchCreatePaymentRequestSchema } from '../../../gen/spillway/payment/v1/payment_service_pb.js';
import { quickCheck } from './quick-check.js';

const validator = createValidator();
const line = { skuId: 'sku', quantity: 1 };
const order = { requestId: 'r', userId: 'u', lines: [line] };
const money = { currency: 'EUR', amountMinor: 1n };
const record = { orderId: '1', paymentId: 'p-1', news: 1, captured: money };
const offer = { skuId: 's', title: 'ü', unitPrice: money };
const ship = { orderId: '1', carrier: 'c', trackingNumber: 't' };
const payment = { orderId: '1', userId: 'u', amount: money, deadline: { seconds: 1n } };
const part = { reservationId: 'r', orderId: '1', userId: 'u', lines: [line] };

const of = <S extends DescMessage>(
  schema: S,
  init: MessageInitShape<S>,
): [DescMessage, Message] => [schema, create(schema, init)];

test.each([
  ['an order', ...of(CreateOrderRequestSchema, order)],
  ['a list', ...of(ListOrdersRequestSchema, { userId: 'u', pageSize: 100 })],
  ['a shipment', ...of(ShipOrderRequestSchema, ship)],
  ['an offer', ...of(PutOfferRequestSchema, { offer: { ...offer, attributes: { size: 'XL' } } })],
  ['news', ...of(RecordPaymentRequestSchema, { records: [record] })],
  ['payments', ...of(BatchCreatePaymentRequestSchema, { items: [payment] })],
  ['reservations', ...of(BatchReserveRequestSchema, { items: [part], traces: [{ item: 999 }] })],
])('%s passes both', (_name, schema, message) => {
  expect(validator.validate(schema, message).kind).toBe('valid');
  expect(quickCheck(schema)(message)).toBe(true);
});

const pairs = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`a${i}`, 'x']));
const lines = (count: number) => Array.from({ length: count }, () => line);

test.each([
  ['no request id', ...of(CreateOrderRequestSchema, { ...order, requestId: '' })],
  ['a user id with a space', ...of(CreateOrderRequestSchema, { ...order, userId: 'a b' })],
  ['no line', ...of(CreateOrderRequestSchema, { ...order, lines: [] })],
  ['21 lines', ...of(CreateOrderRequestSchema, { ...order, lines: lines(21) })],
  ['no unit', ...of(CreateOrderRequestSchema, { ...order, lines: [{ skuId: 's', quantity: 0 }] })],
  [
    'too many',
    ...of(CreateOrderRequestSchema, { ...order, lines: [{ ...line, quantity: 10_001 }] }),
  ],
  ['a type that is none', ...of(CreateOrderRequestSchema, { ...order, type: 99 as OrderType })],
  [
    'a window too long',
    ...of(CreateOrderRequestSchema, { ...order, paymentWindowSeconds: 86_401 }),
  ],
  ['a negative page', ...of(ListOrdersRequestSchema, { userId: 'u', pageSize: -1 })],
  ['a page too large', ...of(ListOrdersRequestSchema, { userId: 'u', pageSize: 101 })],
  ['a token too long', ...of(ListOrdersRequestSchema, { userId: 'u', pageToken: 'x'.repeat(129) })],
  ['no carrier', ...of(ShipOrderRequestSchema, { ...ship, carrier: '' })],
  ['a carrier too long', ...of(ShipOrderRequestSchema, { ...ship, carrier: '😀'.repeat(65) })],
  ['a negative version', ...of(ShipOrderRequestSchema, { ...ship, expectedVersion: -1n })],
  ['no offer', ...of(PutOfferRequestSchema, {})],
  [
    'an attribute with an odd name',
    ...of(PutOfferRequestSchema, { offer: { ...offer, attributes: { Size: 'XL' } } }),
  ],
  [
    'too many attributes',
    ...of(PutOfferRequestSchema, { offer: { ...offer, attributes: pairs(21) } }),
  ],
  ['item 1000', ...of(BatchReserveRequestSchema, { items: [part], traces: [{ item: 1000 }] })],
  ['an offer without a price', ...of(PutOfferRequestSchema, { offer: { skuId: 's', title: 't' } })],
  ['news of nothing', ...of(RecordPaymentRequestSchema, { records: [{ ...record, news: 0 }] })],
])('%s passes neither', (_name, schema, message) => {
  expect(validator.validate(schema, message).kind).toBe('invalid');
  expect(quickCheck(schema)(message)).toBe(false);
});

test('letters are counted as the validator counts them', () => {
  const carrier = '😀'.repeat(64);
  const [schema, message] = of(ShipOrderRequestSchema, { ...ship, carrier });
  expect(validator.validate(schema, message).kind).toBe('valid');
  expect(quickCheck(schema)(message)).toBe(true);
});

test('a rule that is not known is left to the validator', () => {
  const valid = { reservationId: 'r', orderId: '1', skuIds: ['s'] };
  const [schema, message] = of(ConfirmRequestSchema, { reservation: valid });
  expect(validator.validate(schema, message).kind).toBe('valid');
  expect(quickCheck(schema)(message)).toBe(false);
});
