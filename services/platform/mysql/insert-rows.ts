// Inserts rows, leaving out the columns in which every row has the table's own default: for MySQL a
// value costs more to parse than to store.

import { rowsText } from './rows-text.js';
import type { SqlParameter, SqlValue, Tx } from './transaction.js';

/** The default that the table's definition gives to the column; left out, it has none. */
export type Column = readonly [name: string, byDefault?: SqlValue | SameAs];

/** The default is the value of another column. */
export interface SameAs {
  readonly sameAs: string;
}

export interface Table {
  readonly name: string;
  readonly columns: readonly Column[];
}

type Row = readonly SqlValue[];

/** A row has one value per column, in their order. Answers how many were inserted. */
export function insertRows(tx: Tx, table: Table, rows: readonly Row[]): Promise<number> {
  return tx.change(...insertion(table, rows));
}

/** With the next statement, see Tx.changeLater. */
export function insertRowsLater(tx: Tx, table: Table, rows: readonly Row[]): void {
  tx.changeLater(...insertion(table, rows));
}

export function columnNames({ columns }: Table): string {
  return columns.map(([name]) => name).join(', ');
}

/** The statement and its values, for those who have more to say behind it. */
export function insertion(
  { name, columns }: Table,
  rows: readonly Row[],
): [sql: string, values: SqlParameter[]] {
  const kept: number[] = [];
  for (let at = 0; at < columns.length; at++) if (isSaid(columns, rows, at)) kept.push(at);
  const names = kept.map((at) => columns[at]?.[0]).join(', ');
  return [`INSERT INTO ${name} (${names}) VALUES ?`, [rowsText(rows, kept)]];
}

/** Whether some row has another value than the column's default. */
function isSaid(columns: readonly Column[], rows: readonly Row[], at: number): boolean {
  const byDefault = columns[at]?.[1];
  if (byDefault === undefined) return true;
  if (typeof byDefault !== 'object' || byDefault === null || byDefault instanceof Uint8Array) {
    return rows.some((row) => row[at] !== byDefault);
  }
  const other = columns.findIndex(([name]) => name === byDefault.sameAs);
  return rows.some((row) => row[at] !== row[other]);
}
