// Promise: a broken rule is told by the field's name in the .proto and by the rule's own name.
import { create } from '@bufbuild/protobuf';
import { status } from '@grpc/grpc-js';
import { describe, expect, test } from '@jest/globals';
import {
  BatchReserveRequestSchema,
  ReserveRequestSchema,
} from '../../../gen/spillway/inventory/v1/inventory_service_pb.js';
import { requestCheck } from './validate.js';

const valid = {
  reservationId: 'r-1',
  orderId: '17',
  userId: 'u-1',
  lines: [{ skuId: 'sku-1', quantity: 1 }],
};

describe('reserve', () => {
  const check = requestCheck(ReserveRequestSchema);
  const rows: [string, object, string[]][] = [
    ['as it should be', {}, []],
    ['nothing to buy', { lines: [] }, ['lines repeated.min_items']],
    [
      'a quantity of zero',
      { lines: [valid.lines[0], { skuId: 'sku-2', quantity: 0 }] },
      ['lines[1].quantity uint32.gte_lte'],
    ],
    [
      'two broken ids',
      { reservationId: '', userId: 'a b' },
      ['reservation_id string.pattern', 'user_id string.pattern'],
    ],
    ['65 characters', { orderId: 'x'.repeat(65) }, ['order_id string.pattern']],
    ['a trailing newline', { orderId: '17\n' }, ['order_id string.pattern']],
  ];
  test.each(rows)('%s', (_, change, broken) => {
    const refusal = check(create(ReserveRequestSchema, { ...valid, ...change }));
    const fields = refusal?.fields ?? [];
    expect(fields.map(({ field, reason }) => `${field} ${reason}`)).toEqual(broken);
    if (refusal) expect(refusal.code).toBe(status.INVALID_ARGUMENT);
    if (refusal) expect(refusal.reason).toBe('FIELD_INVALID');
  });
});

test('a batch names the item', () => {
  const check = requestCheck(BatchReserveRequestSchema);
  const items = [valid, { ...valid, lines: [{ skuId: 'sku 1', quantity: 1 }] }];
  const refusal = check(create(BatchReserveRequestSchema, { items }));
  expect(refusal?.fields[0]?.field).toBe('items[1].lines[0].sku_id');
});
