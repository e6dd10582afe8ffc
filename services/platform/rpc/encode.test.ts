// Promise: our encoder makes the bytes that the library makes. Method: random values of every message
// of every service, as plain objects and as messages.
import {
  create,
  type DescField,
  type DescMessage,
  type DescService,
  ScalarType,
  toBinary,
} from '@bufbuild/protobuf';
import { expect, test } from '@jest/globals';
import { InventoryService } from '../../../gen/spillway/inventory/v1/inventory_service_pb.js';
import { OrderService } from '../../../gen/spillway/order/v1/order_service_pb.js';
import { PaymentService } from '../../../gen/spillway/payment/v1/payment_service_pb.js';
import { encoder } from './encode.js';

const SAMPLES = 50;
const TEXTS = ['', 'a', 'naïve', '漢字😀', 'x'.repeat(64), 'x'.repeat(65), 'y'.repeat(300)];
const WHOLE = [0, 1, 127, 128, 16_383, 16_384, 2 ** 31 - 1];
const LONG = [0n, 1n, -1n, 127n, 128n, 2n ** 53n - 1n, 2n ** 53n, 2n ** 63n - 1n, -(2n ** 63n)];

/** The same numbers in every run. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

type Pick = <T>(values: readonly T[]) => T;

function sample(schema: DescMessage, random: () => number, depth: number): Record<string, unknown> {
  const pick: Pick = (values) => values[Math.floor(random() * values.length)] as never;
  const one = (field: DescField) => anyOf(field, pick, random, depth);
  const init: Record<string, unknown> = {};
  for (const field of schema.fields) {
    if (field.oneof !== undefined || random() < 0.3) continue;
    const list = field.fieldKind === 'list';
    const count = pick([0, 1, 3, 40]);
    init[field.localName] = list ? Array.from({ length: count }, () => one(field)) : one(field);
  }
  for (const oneof of schema.oneofs) {
    const field = pick(oneof.fields);
    init[oneof.localName] = { case: field.localName, value: one(field) };
  }
  return init;
}

function anyOf(field: DescField, pick: Pick, random: () => number, depth: number): unknown {
  if (field.message !== undefined) return depth > 3 ? {} : sample(field.message, random, depth + 1);
  if (field.enum !== undefined) return pick(field.enum.values).number;
  switch (field.scalar) {
    case ScalarType.STRING:
      return pick(TEXTS);
    case ScalarType.BOOL:
      return random() < 0.5;
    case ScalarType.INT64:
      return pick(LONG);
    case ScalarType.UINT64:
      return pick(LONG.filter((value) => value >= 0n));
    case ScalarType.INT32:
      return pick([...WHOLE, -1, -(2 ** 31)]);
    case ScalarType.UINT32:
      return pick([...WHOLE, 2 ** 32 - 1]);
    case ScalarType.BYTES:
      return new Uint8Array(pick(WHOLE.slice(0, 4)));
    default:
      return pick([0, 0.5, -3]);
  }
}

function schemasOf(service: DescService): DescMessage[] {
  return service.methods.flatMap(({ input, output }) => [input, output]);
}

const schemas = [OrderService, InventoryService, PaymentService].flatMap(schemasOf);

test.each(schemas.map((schema) => [schema.typeName, schema] as const))('%s', (_name, schema) => {
  const random = randomOf(42);
  const encode = encoder(schema);
  for (let i = 0; i < SAMPLES; i++) {
    const init = sample(schema, random, 0);
    const message = create(schema, init);
    const expected = Buffer.from(toBinary(schema, message)).toString('hex');
    expect(encode(init).toString('hex')).toBe(expected);
    expect(encode(message).toString('hex')).toBe(expected);
  }
});

test('a number that its field cannot hold is a bug, not other bytes', () => {
  const schema = OrderService.method.createOrder.input;
  expect(() => encoder(schema)({ paymentWindowSeconds: -1 })).toThrow();
  expect(() => encoder(schema)({ paymentWindowSeconds: 1.5 })).toThrow();
  expect(() => encoder(schema)({ requestId: 7 })).toThrow();
  expect(() => encoder(schema)({ lines: [7] })).toThrow();
});
