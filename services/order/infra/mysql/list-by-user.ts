// Lists the orders of one user, newest first, from the one server that has them.
//
// A user who has none there may have moved meanwhile, so an empty page is believed only when the gate
// says that it could not have been another one.

import { NOT_OWNER } from '../../../platform/mysql/shard-gate.js';
import type { ShardGates } from '../../../platform/mysql/shard-gates.js';
import { shardOf } from '../../../platform/shard.js';
import type { UserOrdersQuery } from '../../app/ports.js';
import type { Order } from '../../domain/order.js';
import type { OrderReplicas } from './order-replicas.js';
import { listOrders, selectOn } from './read-orders.js';

export async function listByUser(
  { gates, replicas }: { gates: ShardGates; replicas?: OrderReplicas | undefined },
  query: UserOrdersQuery,
  deadlineMs: number,
): Promise<Order[]> {
  const shard = shardOf(query.userId);
  if (query.mayBeStale && replicas) {
    const server = gates.shards.serverOf(shard);
    const orders = await replicas.list(server, [shard], deadlineMs, (select) =>
      listOrders(select, shard, query),
    );
    if (orders) return orders;
  }
  return gates.read(shard, deadlineMs, async (server) => {
    const look = gates.look(server);
    const orders = await listOrders(selectOn(server, deadlineMs), shard, query);
    if (orders.length > 0) return orders;
    return (await look([shard], deadlineMs)).size > 0 ? NOT_OWNER : orders;
  });
}
