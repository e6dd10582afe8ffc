// The tables of a database that have a shard_no, and statements about a range of the keys of one shard.
// Ranges are half open, (after, upTo], and without an end at either side they have no bound there.

import { assert } from '../assert.js';
import type { MysqlServer } from './connect.js';
import { read } from './statement.js';
import type { SqlParameter, SqlValue } from './values.js';

export interface ShardTable {
  readonly name: string;
  readonly columns: readonly string[];
  /** The primary key without shard_no, which comes first in it. */
  readonly key: readonly string[];
  /** Of the key, in its order: BIGINT arrives as text, and a number is not compared with text. */
  readonly integer: readonly boolean[];
}

export type Key = readonly SqlValue[];

export interface KeyRange {
  readonly after: Key | undefined;
  readonly upTo: Key | undefined;
}

export const WHOLE: KeyRange = { after: undefined, upTo: undefined };

interface ColumnRow {
  table_name: string;
  column_name: string;
  data_type: string;
  key_place: number | null;
}

// Generated columns are computed again where they arrive. Names go into statements, so they are checked.
const SELECT_COLUMNS = `SELECT c.table_name AS table_name, c.column_name AS column_name,
    c.data_type AS data_type, k.seq_in_index AS key_place
  FROM information_schema.columns c LEFT JOIN information_schema.statistics k
    ON k.table_schema = c.table_schema AND k.table_name = c.table_name
      AND k.index_name = 'PRIMARY' AND k.column_name = c.column_name
  WHERE c.table_schema = DATABASE() AND c.table_name <> 'shard_gate' AND COALESCE(c.generation_expression, '') = ''
    AND c.table_name IN (SELECT s.table_name FROM information_schema.columns s
      WHERE s.table_schema = DATABASE() AND s.column_name = 'shard_no')
  ORDER BY c.table_name, c.column_name`;

const NAME = /^[a-z][a-z0-9_]*$/;
const INTEGERS = new Set(['tinyint', 'smallint', 'mediumint', 'int', 'bigint']);

/** Both servers must have the same tables: the same version of the service. */
export async function readShardTables(
  servers: readonly MysqlServer[],
  deadlineMs: number,
): Promise<ShardTable[]> {
  const found = await Promise.all(
    servers.map((server) => read<ColumnRow>(server, { deadlineMs }, SELECT_COLUMNS)),
  );
  const [first = [], ...others] = found;
  for (const other of others) {
    if (JSON.stringify(other) === JSON.stringify(first)) continue;
    throw new Error('the servers have different tables: start the same version everywhere first');
  }
  const names = [...new Set(first.map((row) => row.table_name))];
  assert(names.length > 0, 'no table has a shard_no: is this the database of the service?');
  return names.map((name) => tableOf(first.filter((row) => row.table_name === name)));
}

function tableOf(rows: readonly ColumnRow[]): ShardTable {
  const [first] = rows;
  assert(first, 'a table has columns');
  const key = rows
    .filter((row) => row.key_place !== null)
    .sort((a, b) => Number(a.key_place) - Number(b.key_place));
  for (const { table_name, column_name } of rows) {
    assert(NAME.test(table_name) && NAME.test(column_name), `${table_name} has plain names`);
  }
  assert(key[0]?.column_name === 'shard_no', `the key of ${first.table_name} begins with shard_no`);
  const own = key.slice(1);
  assert(own.length > 0, `${first.table_name} has more than one row per shard`);
  return {
    name: first.table_name,
    columns: rows.map((row) => row.column_name),
    key: own.map((row) => row.column_name),
    integer: own.map((row) => INTEGERS.has(row.data_type)),
  };
}

/** The rows of a shard within a range. */
export function whereWithin(
  table: ShardTable,
  shard: number,
  range: KeyRange,
): { sql: string; values: SqlParameter[] } {
  const parts = ['shard_no = ?'];
  const values: SqlParameter[] = [shard];
  const bound = (key: Key, beyond: '>' | '<', last: '>' | '<=') => {
    const exact = orderedBy(table, key, beyond, last);
    // Said twice, because the optimizer finds the range by this part for certain.
    parts.push(`${table.key[0]} ${beyond}= ?`, exact.sql);
    values.push(key[0] as SqlValue, ...exact.values);
  };
  if (range.after) bound(range.after, '>', '>');
  if (range.upTo) bound(range.upTo, '<', '<=');
  return { sql: parts.join(' AND '), values };
}

// (a, b) > (x, y) is a > x OR (a = x AND b > y). As row values it would not be a range for MySQL.
function orderedBy(
  table: ShardTable,
  key: Key,
  beyond: '>' | '<',
  last: '>' | '<=',
): { sql: string; values: SqlParameter[] } {
  const values: SqlParameter[] = [];
  const ways = table.key.map((column, i) => {
    const equal = table.key.slice(0, i).map((before) => `${before} = ?`);
    values.push(...key.slice(0, i + 1));
    const sign = i === table.key.length - 1 ? last : beyond;
    return [...equal, `${column} ${sign} ?`].join(' AND ');
  });
  return { sql: `((${ways.join(') OR (')}))`, values };
}

export function keyIn(table: ShardTable, row: Readonly<Record<string, SqlValue>>): Key {
  return table.key.map((column, i) => {
    const value = row[column] as SqlValue;
    return table.integer[i] === true ? BigInt(value as string) : value;
  });
}
