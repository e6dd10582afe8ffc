// Promise: two requests are the same exactly when they ask for the same thing.
// Method: pairs.

import { expect, test } from '@jest/globals';
import { duplicateSkuIndex, fingerprintParts, type OrderRequest } from './request.js';

const base: OrderRequest = {
  userId: 'ada',
  requestId: 'r1',
  type: 'PHYSICAL',
  details: undefined,
  lines: [
    { skuId: 'tea', quantity: 1 },
    { skuId: 'cup', quantity: 2 },
  ],
  paymentWindowSeconds: 0,
};

const tea = { skuId: 'tea', quantity: 1 };
const cup = { skuId: 'cup', quantity: 2 };

test.each<[string, Partial<OrderRequest>, boolean]>([
  ['itself', {}, true],
  ['its lines in another order', { lines: [cup, tea] }, true],
  ['another quantity', { lines: [tea, { ...cup, quantity: 3 }] }, false],
  ['another SKU', { lines: [tea, { ...cup, skuId: 'mug' }] }, false],
  ['a line less', { lines: [tea] }, false],
  [
    'quantities exchanged',
    {
      lines: [
        { ...tea, quantity: 2 },
        { ...cup, quantity: 1 },
      ],
    },
    false,
  ],
  ['another type', { type: 'VIRTUAL' }, false],
  ['another payment window', { paymentWindowSeconds: 60 }, false],
  ['details', { details: { kind: 'TOP_UP', account: '1' } }, false],
])('same as %s', (_, changes, same) => {
  const [a, b] = [base, { ...base, ...changes }].map((each) => fingerprintParts(each).join('|'));
  expect(a === b).toBe(same);
});

test.each([
  [['tea'], -1],
  [['tea', 'cup', 'mug'], -1],
  [['tea', 'tea'], 1],
  [['tea', 'cup', 'mug', 'cup', 'tea'], 3],
])('the first line with a SKU of an earlier one: %j is %i', (skuIds, index) => {
  expect(duplicateSkuIndex(skuIds.map((skuId) => ({ skuId, quantity: 1 })))).toBe(index);
});

test('two requests that differ in their details are not the same', () => {
  const stays = [
    { kind: 'BOOKING', checkIn: '2028-01-01', checkOut: '2028-01-03' },
    { kind: 'BOOKING', checkIn: '2028-01-02', checkOut: '2028-01-03' },
    { kind: 'BOOKING', checkIn: '2028-01-01', checkOut: '2028-01-02' },
    { kind: 'SHIPPING', recipient: '2028-01-01', address: '2028-01-02' },
    { kind: 'TOP_UP', account: '2028-01-01' },
  ] as const;
  const parts = stays.map((details) => fingerprintParts({ ...base, details }).join('|'));
  expect(new Set(parts).size).toBe(stays.length);
  const line = { skuId: 'TOP_UP', quantity: 1 };
  const asLine = fingerprintParts({ ...base, lines: [...base.lines, line] });
  const asDetails = fingerprintParts({ ...base, details: { kind: 'TOP_UP', account: '1' } });
  expect([...asLine].sort()).not.toEqual([...asDetails].sort());
});
