// Promise: the text is what the driver would have written, whatever the values hold.
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { format } from 'mysql2';
import { RowsText, rowsText, type SqlValue } from './rows-text.js';
import { assertValues } from './values.js';

const NASTY = [
  "'",
  '"',
  '\\',
  '\0',
  '\n',
  '\r',
  '\x1a',
  '\b',
  '\t',
  '`',
  '%',
  '?',
  '--',
  '\u00e9',
  '\u{1f600}',
];

const value: fc.Arbitrary<SqlValue> = fc.oneof(
  fc.string(),
  fc.array(fc.constantFrom(...NASTY, 'a')).map((letters) => letters.join('')),
  fc.string({ unit: 'binary' }),
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.bigInt(),
  fc.boolean(),
  fc.constant(null),
  fc.uint8Array(),
);

test('text is as the driver writes it', () => {
  const rows = fc.array(fc.tuple(value, value, value), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(rows, (given) => {
      const ours = rowsText(given, [0, 1, 2]);
      assertValues([ours]);
      expect(format('VALUES ?', [ours])).toBe(format('VALUES ?', [given]));
    }),
  );
});

test('only the places that are wanted', () => {
  expect(rowsText([['a', 1, null]], [2, 0]).toSqlString()).toBe("(NULL, 'a')");
});

test.each<[string, unknown[][], number[]]>([
  ['no rows', [], [0]],
  ['no places', [['a']], []],
  ['undefined', [[undefined]], [0]],
  ['an object', [[{ id: 1 }]], [0]],
  ['an object that speaks for itself', [[{ toSqlString: () => '1 = 1' }]], [0]],
  ['infinity', [[Number.POSITIVE_INFINITY]], [0]],
  ['a list', [[['a']]], [0]],
])('%s is refused', (_name, rows, places) => {
  expect(() => rowsText(rows as never, places)).toThrow(/statement/);
});

test('nobody else makes such text', () => {
  expect(() => new RowsText('1 = 1', Symbol('ours') as never)).toThrow(/only/);
});
