// WHERE clauses for many keys of many shards in one statement. Keys are grouped by shard and joined
// with OR, which MySQL and MariaDB turn into exact index ranges at any length. A list of row values,
// `(shard_no, order_id) IN (...)`, reads better, but MariaDB rewrites long ones (more than 1,000
// values) into a subquery, and an UPDATE then scans, and so locks, the whole table.

import type { SqlParameter } from '../../../platform/mysql/transaction.js';

export interface Where {
  readonly sql: string;
  readonly values: SqlParameter[];
}

/** `column` is the key column after shard_no. There is at least one key. */
export function inShards<T extends bigint | string>(
  column: string,
  keys: readonly T[],
  shardOf: (key: T) => number,
): Where {
  const groups = new Map<number, T[]>();
  for (const key of keys) {
    const shard = shardOf(key);
    const group = groups.get(shard);
    if (group) group.push(key);
    else groups.set(shard, [key]);
  }
  const values: SqlParameter[] = [];
  for (const [shard, group] of groups) values.push(shard, group);
  const clause = `(shard_no = ? AND ${column} IN (?))`;
  return { sql: `(${new Array(groups.size).fill(clause).join(' OR ')})`, values };
}
