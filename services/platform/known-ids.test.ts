// Promise: an id that was added is known for ever, in every copy; of strange ids few are taken for
// known ones; and the bits are those that the contract describes.

import { createHash } from 'node:crypto';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { KnownIds } from './known-ids.js';

test('what was added is known, at any size, there and in a copy of its bytes', () => {
  const ids = fc.array(fc.string(), { maxLength: 200 });
  const property = fc.property(ids, fc.integer({ min: 0, max: 100 }), (added, size) => {
    const known = KnownIds.sizedFor(size);
    for (const id of added) known.add(id);
    const copy = KnownIds.fromBytes(Uint8Array.from(known.toBytes()), known.hashes);
    expect(added.filter((id) => !known.has(id) || !copy?.has(id))).toEqual([]);
  });
  fc.assert(property, { numRuns: 300 });
});

test.each([100, 5_000, 20_000])('of %i strange ids fewer than 3 % are taken for known', (size) => {
  const known = KnownIds.sizedFor(size);
  for (let i = 0; i < size; i++) known.add(`granted-${i}`);
  let mistaken = 0;
  for (let i = 0; i < 10_000; i++) if (known.has(`loser-${i}`)) mistaken += 1;
  expect(mistaken).toBeLessThan(300);
});

test('10 bits per id', () => {
  expect(KnownIds.sizedFor(200_000).toBytes()).toHaveLength(250_000);
});

test('an empty one knows nobody', () => {
  expect(KnownIds.sizedFor(0).has('r1')).toBe(false);
});

test('its bits are those of the contract', () => {
  const known = KnownIds.sizedFor(16);
  known.add('r1');
  const digest = createHash('sha256').update('r1').digest();
  const expected = Array.from({ length: known.hashes }, (_, k) => {
    const h2 = digest.readUInt32LE(4);
    return (
      (digest.readUInt32LE(0) + k * (h2 % 2 === 1 ? h2 : h2 + 1)) % (known.toBytes().length * 8)
    );
  });
  const set: number[] = [];
  known.toBytes().forEach((byte, i) => {
    for (let bit = 0; bit < 8; bit++) if (byte & (1 << bit)) set.push(8 * i + bit);
  });
  expect(set).toEqual([...new Set(expected)].sort((a, b) => a - b));
});

test.each([
  [new Uint8Array(0), 7],
  [new Uint8Array(4), 0],
  [new Uint8Array(4), 1_000],
  [new Uint8Array(4), 1.5],
])('%p with %p hashes is no filter', (bytes, hashes) => {
  expect(KnownIds.fromBytes(bytes, hashes)).toBeUndefined();
});
