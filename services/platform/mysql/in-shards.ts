// WHERE clauses for many keys of many shards in one statement. Keys are grouped by shard and joined
// with OR, which MySQL and MariaDB turn into exact index ranges at any length. A list of row values,
// `(shard_no, order_id) IN (...)`, reads better, but MariaDB rewrites long ones (more than 1,000
// values) into a subquery, and an UPDATE then scans, and so locks, the whole table.

import type { SqlParameter } from './values.js';

export interface Where {
  readonly sql: string;
  readonly values: SqlParameter[];
}

/**
 * Matches rows by shard and key; `column` is the key column after shard_no. There is at least one key.
 * A key that comes twice is asked for once. A join names the table, as in `order_line.`.
 */
export function inShards(
  column: string,
  keys: Iterable<readonly [shard: number, key: bigint | string]>,
  table = '',
): Where {
  const groups = new Map<number, Set<bigint | string>>();
  for (const [shard, key] of keys) {
    const group = groups.get(shard);
    if (group) group.add(key);
    else groups.set(shard, new Set([key]));
  }
  const values: SqlParameter[] = [];
  for (const [shard, group] of groups) values.push(shard, [...group]);
  const clause = `(${table}shard_no = ? AND ${table}${column} IN (?))`;
  return { sql: `(${new Array(groups.size).fill(clause).join(' OR ')})`, values };
}
