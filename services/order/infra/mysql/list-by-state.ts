// Lists the orders of one state over all servers, newest first. Order ids grow with time whatever the
// shard, so each server gives one page in id order and the pages are merged.
//
// Bounds: two statements and at most `limit` rows per server, and the lines of the merged page alone.
// A server that does not answer fails the listing: a page with a hole would pass for a whole one. So a
// server whose shards moved while it was read is asked again. For who may see what is stale, a replica
// gives the page of its server; what belongs to the orders of the merged page is few keys of the primary.

import { geneOf } from '../../../platform/ids.js';
import type { ShardGates } from '../../../platform/mysql/shard-gates.js';
import type { SqlParameter } from '../../../platform/mysql/transaction.js';
import { SHARDS } from '../../../platform/shard.js';
import type { StateOrdersQuery } from '../../app/ports.js';
import type { Order } from '../../domain/order.js';
import { stateCodes } from './order-codes.js';
import type { OrderReplicas } from './order-replicas.js';
import { type OrderRow, SELECT_BY_STATE } from './order-rows.js';
import { type Select, selectOn, withLines } from './read-orders.js';

const ALL_SHARDS = Array.from({ length: SHARDS }, (_, shard) => shard);

export async function listByState(
  { gates, replicas }: { gates: ShardGates; replicas?: OrderReplicas | undefined },
  query: StateOrdersQuery,
  deadlineMs: number,
): Promise<Order[]> {
  const pages: OrderRow[][] = [];
  const itself = (shard: number) => shard;
  await gates.each(ALL_SHARDS, { shardOf: itself, deadlineMs }, async (server, shards) => {
    const stale =
      query.mayBeStale &&
      (await replicas?.list(server, shards, deadlineMs, (select) => pageOf(select, shards, query)));
    if (stale) {
      pages.push(stale);
      return [];
    }
    const look = gates.look(server);
    const page = await pageOf(selectOn(server, deadlineMs), shards, query);
    if ((await look(shards, deadlineMs)).size > 0) return shards;
    pages.push(page);
    return [];
  });
  const rows = mergeNewest(pages, query.limit);
  const groups = gates.shards.groupByServer(rows, (row) => geneOf(BigInt(row.order_id)));
  const parts = await Promise.all(
    [...groups].map(([server, group]) => withLines(selectOn(server, deadlineMs), group)),
  );
  return parts.flat().sort((a, b) => (a.orderId > b.orderId ? -1 : 1));
}

/** Takes the `limit` newest of some lists that are each newest first. */
export function mergeNewest<T extends { order_id: string }>(
  lists: readonly (readonly T[])[],
  limit: number,
): T[] {
  const rest = lists.map((list) => ({ list, at: 0 }));
  const merged: T[] = [];
  while (merged.length < limit) {
    let newest: { row: T; id: bigint; from: { at: number } } | undefined;
    for (const from of rest) {
      const row = from.list[from.at];
      if (row === undefined) continue;
      const id = BigInt(row.order_id);
      if (newest === undefined || id > newest.id) newest = { row, id, from };
    }
    if (newest === undefined) break;
    newest.from.at += 1;
    merged.push(newest.row);
  }
  return merged;
}

function pageOf(
  select: Select,
  owned: readonly number[],
  query: StateOrdersQuery,
): Promise<OrderRow[]> {
  const values: SqlParameter[] = [stateCodes[query.state]];
  let where = 'state = ?';
  if (query.beforeId !== undefined) {
    where += ' AND order_id < ?';
    values.push(query.beforeId);
  }
  // A part of the index too, as a part of the primary key.
  where += ' AND shard_no IN (?)';
  const sql = `${SELECT_BY_STATE} WHERE ${where} ORDER BY order_id DESC LIMIT ?`;
  return select(sql, [...values, owned, query.limit]);
}
