// The short count must agree with the real decoder.
import { create, toBinary } from '@bufbuild/protobuf';
import { expect, test } from '@jest/globals';
import {
  BatchConfirmResponseSchema,
  BatchReserveResponseSchema,
  CloseOutcome,
  ReserveOutcome,
} from '../../gen/spillway/inventory/v1/inventory_service_pb.js';
import { countPacked, countResults } from './outcomes.js';

test('counts the results of one outcome, whatever else they carry', () => {
  const results = [
    { outcome: ReserveOutcome.RESERVED, orderId: '1234567890123456789' },
    { outcome: ReserveOutcome.SOLD_OUT, skuId: 'a-sku', available: 3n },
    {},
    { outcome: ReserveOutcome.RESERVED, orderId: 'x'.repeat(64) },
  ];
  const message = create(BatchReserveResponseSchema, { results });
  const bytes = Buffer.from(toBinary(BatchReserveResponseSchema, message));
  expect(countResults(bytes, ReserveOutcome.RESERVED)).toBe(2);
  expect(countResults(bytes, ReserveOutcome.SOLD_OUT)).toBe(1);
  expect(countResults(bytes, ReserveOutcome.UNKNOWN)).toBe(0);
  expect(countResults(Buffer.alloc(0), ReserveOutcome.RESERVED)).toBe(0);
});

test.each([3, 256, 300])('counts %i packed outcomes', (count) => {
  const outcomes = Array.from({ length: count }, (_, i) =>
    i === 1 ? CloseOutcome.UNKNOWN : CloseOutcome.DONE,
  );
  const message = create(BatchConfirmResponseSchema, { outcomes });
  const bytes = Buffer.from(toBinary(BatchConfirmResponseSchema, message));
  expect(countPacked(bytes, CloseOutcome.DONE)).toBe(count - 1);
  expect(countPacked(bytes, CloseOutcome.UNKNOWN)).toBe(1);
});

test('refuses what is no batch answer', () => {
  expect(() => countResults(Buffer.from([0x12, 0x00]), 1)).toThrow('another shape');
  expect(() => countPacked(Buffer.from([0x12, 0x00]), 1)).toThrow('another shape');
});
