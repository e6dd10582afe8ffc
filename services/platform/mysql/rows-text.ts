// Writes rows for `VALUES ?` as SQL text. The driver could do it, but takes twice the time: it looks at
// every value as if it could be anything.
//
// Invariant: nothing but plain values becomes text, and every letter that means something to MySQL is
// escaped, by the driver's own rules.

import { escape as escaped } from 'mysql2';
import { assert } from '../assert.js';

export type SqlValue = string | number | bigint | boolean | null | Uint8Array;

/** Made by rowsText() alone, so that no other text gets into a statement unescaped. */
export class RowsText {
  readonly #sql: string;

  constructor(sql: string, key: typeof ours) {
    assert(key === ours, 'only rowsText() makes these');
    this.#sql = sql;
  }

  /** What the driver asks for. */
  toSqlString(): string {
    return this.#sql;
  }
}

const ours = Symbol('ours');

/** Of each row the values at some places. */
export function rowsText(
  rows: readonly (readonly SqlValue[])[],
  places: readonly number[],
): RowsText {
  assert(rows.length > 0 && places.length > 0, 'an empty list makes an invalid statement');
  let sql = '';
  for (const row of rows) {
    sql += sql === '' ? '(' : ', (';
    for (let i = 0; i < places.length; i++) {
      if (i > 0) sql += ', ';
      sql += literal(row[places[i] as number]);
    }
    sql += ')';
  }
  return new RowsText(sql, ours);
}

function literal(value: SqlValue | undefined): string {
  switch (typeof value) {
    case 'string':
      return PLAIN.test(value) ? `'${value}'` : escaped(value);
    case 'number':
      assert(Number.isFinite(value), 'a statement value is not a finite number');
      return `${value}`;
    case 'bigint':
      return `${value}`;
    case 'boolean':
      return value ? 'true' : 'false';
    default:
      assert(value === null || value instanceof Uint8Array, 'a statement value has a wrong type');
      return escaped(value);
  }
}

/** Printable ASCII without quotes and backslashes. */
const PLAIN = /^[ !#-&(-[\]-~]*$/;
