// Promise: messages come out as they went in, whatever the pieces in which they arrive.
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { MessageReader } from './message-reader.js';
import { prefixed } from './wire.js';

test('any messages in any pieces', () => {
  const messages = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 6 });
  const cuts = fc.array(fc.nat(60), { maxLength: 12 });
  fc.assert(
    fc.property(messages, cuts, (sent, sizes) => {
      const reader = new MessageReader(40);
      const read: Buffer[] = [];
      let rest = Buffer.concat(sent.map((bytes) => prefixed(Buffer.from(bytes))));
      for (const size of sizes) {
        expect(reader.read(rest.subarray(0, size), read)).toBeUndefined();
        rest = rest.subarray(size);
      }
      reader.read(rest, read);
      expect(read.map((bytes) => [...bytes])).toEqual(sent.map((bytes) => [...bytes]));
      expect(reader.whole).toBe(true);
    }),
  );
});

test.each([
  ['one that is cut short', Buffer.of(0, 0, 0, 0, 9, 1), undefined, false],
  ['one that is compressed', Buffer.of(1, 0, 0, 0, 0), 'COMPRESSED', false],
  ['one that is too large', Buffer.of(0, 0, 0, 0, 41), 'TOO_LARGE', false],
])('%s is noticed', (_name, bytes, bad, whole) => {
  const reader = new MessageReader(40);
  expect(reader.read(bytes, [])).toBe(bad);
  expect(reader.whole).toBe(whole);
});
