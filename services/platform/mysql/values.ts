// Checks the values of a statement before the driver turns them into text. An object among them
// would be a bug, and in older drivers a way to inject SQL, so only plain values pass.

import { assert } from '../assert.js';
import { RowsText, type SqlValue } from './rows-text.js';

export type { SqlValue } from './rows-text.js';

/** A list fills `IN (?)`; a list of rows, or their text, fills `VALUES ?`. */
export type SqlParameter =
  | SqlValue
  | readonly SqlValue[]
  | readonly (readonly SqlValue[])[]
  | RowsText;

export function assertValues(values: readonly SqlParameter[]): void {
  for (const value of values) if (!(value instanceof RowsText)) assertParameter(value, 0);
}

// Depth 0 is a parameter, 1 an element of a list or a row, 2 a value inside a row.
function assertParameter(value: unknown, depth: number): void {
  if (!Array.isArray(value)) {
    assertValue(value);
    return;
  }
  assert(depth < 2, 'a statement value is nested too deeply');
  assert(value.length > 0, 'an empty list makes an invalid statement');
  for (const element of value) assertParameter(element, depth + 1);
}

function assertValue(value: unknown): void {
  switch (typeof value) {
    case 'string':
    case 'bigint':
    case 'boolean':
      return;
    case 'number':
      assert(Number.isFinite(value), 'a statement value is not a finite number');
      return;
    default:
      assert(value === null || value instanceof Uint8Array, 'a statement value has a wrong type');
  }
}
