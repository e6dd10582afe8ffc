import { expect, test } from '@jest/globals';
import { MessageTemplate, writeNumber, writeRandomId } from './message-template.js';

const template = new MessageTemplate(Buffer.from('id=AAAA, number=0000, id=BBBB'), [
  'AAAA',
  '0000',
  'BBBB',
]);

test('fills every hole and nothing else, and stays as it was', () => {
  const filled = template.fill((bytes, at, hole) => bytes.write('wxyz'.repeat(hole), at, 4));
  expect(filled.toString()).toBe('id=AAAA, number=wxyz, id=wxyz');
  expect(template.fill(() => undefined).toString()).toBe('id=AAAA, number=0000, id=BBBB');
});

test('copies what stands in a hole into another message', () => {
  const filled = template.fill((bytes, at, hole) => writeNumber(bytes, at, 40 + hole, 4));
  const other = Buffer.from('the last: ----');
  template.copyHole(filled, 2, 4, other, 10);
  expect(other.toString()).toBe('the last: 0042');
});

test('refuses a placeholder that is not there', () => {
  expect(() => new MessageTemplate(Buffer.from('abc'), ['x'])).toThrow('no x in the message');
});

test.each([
  [7, 3, '007'],
  [123_456_789_012_345, 15, '123456789012345'],
  [1234, 2, '34'],
])('%i in %i digits is %s', (value, digits, text) => {
  const bytes = Buffer.alloc(digits);
  writeNumber(bytes, 0, value, digits);
  expect(bytes.toString()).toBe(text);
});

test('random ids use the letters of a digest, fill their hole, and differ', () => {
  const ids = new Set<string>();
  // More than one helping of random bytes.
  for (let i = 0; i < 10_000; i++) {
    const bytes = Buffer.from('[----------------------]');
    writeRandomId(bytes, 1, 22);
    expect(bytes.toString()).toMatch(/^\[[A-Za-z0-9_-]{22}\]$/);
    ids.add(bytes.toString());
  }
  expect(ids.size).toBe(10_000);
});
