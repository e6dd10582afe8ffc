// Promise: a key says installation, form, order and version; keys of one tag share a cluster slot.

import { expect, test } from '@jest/globals';
import { orderIn } from '../../domain/orders.fixture.js';
import { PARTS_FORMAT, partsKey, tagOf } from './keys.js';
import { encode } from './parts-cache.js';

const WITH_GENE_13 = (5_000_000_000n << 22n) | (13n << 16n);

test('a key names everything that its entry depends on', () => {
  const key = partsKey('spillway_order', WITH_GENE_13, 3);
  expect(key).toBe(`{o5}:spillway_order:parts${PARTS_FORMAT}:${WITH_GENE_13}:3`);
});

test('the tag follows the gene', () => {
  expect(tagOf(WITH_GENE_13)).toBe(5);
});

// When this fails the form has changed: raise PARTS_FORMAT, then correct the test.
test('the form of an entry has the number that its key says', () => {
  const { lines, transitions } = orderIn('PAID');
  const line = lines[0];
  const [cachedLines, cachedTransitions] = JSON.parse(encode({ lines, transitions }));
  expect([PARTS_FORMAT, Object.keys(line ?? {}), Object.keys(cachedLines[0])]).toEqual([
    1,
    ['skuId', 'title', 'quantity', 'unitPriceMinor', 'attributes', 'snapshotHash'],
    ['skuId', 'title', 'quantity', 'unitPriceMinor', 'attributes', 'snapshotHash'],
  ]);
  expect(cachedTransitions[1]).toEqual({
    version: 2,
    from: 'PENDING_PAYMENT',
    to: 'PAID',
    operator: 'user',
    remark: '',
    atMs: 2_000,
  });
});
