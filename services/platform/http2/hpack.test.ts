// Promise: header blocks are read as RFC 7541 says, and what breaks its rules is refused. Method: the
// RFC's own examples (appendix C), blocks made wrong in one place each, and random fields there and back.
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { encodeFields, HpackDecoder } from './hpack.js';

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');
const lines = (fields: readonly { name: string; value: string }[] | undefined) =>
  fields?.map(({ name, value }) => `${name}: ${value}`);

const FIRST = [':method: GET', ':scheme: http', ':path: /', ':authority: www.example.com'];
const SECOND = [...FIRST, 'cache-control: no-cache'];
const THIRD = [
  ':method: GET',
  ':scheme: https',
  ':path: /index.html',
  ':authority: www.example.com',
  'custom-key: custom-value',
];

test.each([
  [
    'plain (C.3)',
    '8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d',
    '8286 84be 5808 6e6f 2d63 6163 6865',
    '8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65',
  ],
  [
    'in Huffman code (C.4)',
    '8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff',
    '8286 84be 5886 a8eb 1064 9cbf',
    '8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf',
  ],
])('three requests of one connection, %s', (_name, ...blocks) => {
  const decoder = new HpackDecoder();
  expect(blocks.map((block) => lines(decoder.decode(hex(block))))).toEqual([FIRST, SECOND, THIRD]);
});

test('what no longer fits in the table is forgotten, the oldest first', () => {
  const decoder = new HpackDecoder();
  const big = (name: string, bytes: number) =>
    Buffer.concat([
      Buffer.of(0x40),
      encodeFields([{ name, value: 'v'.repeat(bytes) }]).subarray(1),
    ]);
  decoder.decode(Buffer.concat([big('a', 2_000), big('b', 1_900)]));
  expect(decoder.decode(hex('be bf'))?.map(({ name }) => name)).toEqual(['b', 'a']);
  decoder.decode(big('c', 1_000));
  expect(decoder.decode(hex('be bf'))?.map(({ name }) => name)).toEqual(['c', 'b']);
  expect(decoder.decode(hex('c0'))).toBeUndefined();
});

test('a field that is larger than the table empties it', () => {
  const decoder = new HpackDecoder();
  decoder.decode(hex('40 01 61 01 62'));
  const value = Buffer.from('x'.repeat(4_100));
  // 4,100 as a length: 127 in the prefix, then 3,973 in sevens.
  decoder.decode(Buffer.concat([hex('40 01 63 7f 85 1f'), value]));
  expect(decoder.decode(hex('be'))).toBeUndefined();
});

test('a table that the peer makes smaller forgets', () => {
  const decoder = new HpackDecoder();
  decoder.decode(hex('40 01 61 01 62'));
  expect(lines(decoder.decode(hex('be')))).toEqual(['a: b']);
  expect(decoder.decode(hex('20 82'))).toHaveLength(1);
  expect(decoder.decode(hex('be'))).toBeUndefined();
});

test.each([
  ['field number 0', '80'],
  ['a field that is not in the table', 'be'],
  ['a number without an end', 'ff ff ff ff ff ff'],
  ['a number that is cut short', 'ff'],
  ['a name that is cut short', '40 05 61'],
  ['a value that is missing', '40 01 61'],
  ['a table larger than we allow', '3f e2 1f'],
  ['a change of the table after a field', '82 20'],
  ['the end of string as a letter', '00 01 61 84 ff ff ff fc'],
  ['padding of zeros', '00 01 61 81 18'],
  ['padding of a whole byte', '00 01 61 82 1f ff'],
])('%s is no header block', (_name, block) => {
  expect(new HpackDecoder().decode(hex(block))).toBeUndefined();
});

test('what we write is read as it was', () => {
  const text = fc.string({ unit: 'binary-ascii', maxLength: 400 });
  const fields = fc.array(fc.record({ name: text, value: text }), { maxLength: 10 });
  fc.assert(
    fc.property(fields, (written) => {
      expect(new HpackDecoder().decode(encodeFields(written))).toEqual(written);
    }),
  );
});

test('any bytes at all are read or refused', () => {
  const decoder = new HpackDecoder();
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      const fields = decoder.decode(Buffer.from(bytes));
      expect(fields === undefined || Array.isArray(fields)).toBe(true);
    }),
    { numRuns: 2_000 },
  );
});
