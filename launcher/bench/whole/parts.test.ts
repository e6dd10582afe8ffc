// What --only asks for is measured, and what that needs.
import { expect, test } from '@jest/globals';
import { MEASUREMENTS, neededFor, WHOLE_PARTS, type WholePart } from './parts.js';

test.each<[WholePart[], string[]]>([
  [['get_stock'], ['get_stock']],
  [
    ['cancel_order', 'get_order'],
    ['create_order', 'get_order', 'cancel_order'],
  ],
  [['strategies', 'growth'], []],
  [[...WHOLE_PARTS], [...MEASUREMENTS]],
])('%j needs %j', (wanted, needed) => {
  expect(neededFor(new Set(wanted))).toEqual(needed);
});
