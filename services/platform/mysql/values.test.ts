import { expect, test } from '@jest/globals';
import { assertValues } from './values.js';

test.each([
  [['text', 1, 2n, true, null, new Uint8Array([1])]],
  [[['a', 'b']]],
  [
    [
      [
        ['a', 1],
        ['b', null],
      ],
    ],
  ],
])('%p passes', (values) => {
  assertValues(values);
});

test.each([
  ['an object', [{ id: 1 }]],
  ['an object in a list', [[{ toSqlString: () => '1 = 1' }]]],
  ['an object in a row', [[['a', { id: 1 }]]]],
  ['undefined', [undefined]],
  ['NaN', [Number.NaN]],
  ['a date', [new Date()]],
  ['an empty list', [[]]],
  ['rows of rows', [[[['a']]]]],
  ['a function', [() => 1]],
])('%s is refused', (_, values) => {
  expect(() => assertValues(values as never)).toThrow(/statement/);
});
