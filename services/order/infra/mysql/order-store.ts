// Orders in sharded MySQL. Everything that concerns one server travels together: commits, changes
// and reads each have a batcher per server, so a busy server does few, large transactions.

import { Batcher } from '../../../platform/batcher.js';
import type { Clock } from '../../../platform/clock.js';
import { geneOf } from '../../../platform/ids.js';
import type { MysqlServer, ShardMap } from '../../../platform/mysql/connect.js';
import type { Outbox } from '../../../platform/mysql/outbox.js';
import { shardOf } from '../../../platform/shard.js';
import type {
  ChangeResult,
  CommitResult,
  DueQueue,
  NewOrder,
  OrderFate,
  OrderQuery,
  OrderStore,
} from '../../app/ports.js';
import type { Order } from '../../domain/order.js';
import type { OrderEvent } from '../../domain/transition.js';
import type { BatchLimits } from '../batch-limits.js';
import { type ChangeItem, changeBatch } from './change-batch.js';
import { commitBatch } from './commit-batch.js';
import { MysqlDueQueue } from './due-orders.js';
import {
  listOrders,
  type RequestKey,
  readByRequests,
  readOrders,
  selectOn,
} from './read-orders.js';
import { resolveBatch } from './resolve-batch.js';

export interface OrderStoreLimits {
  readonly commit: BatchLimits;
  readonly change: BatchLimits;
  readonly read: BatchLimits;
  /** How often a batch is repeated whose COMMIT was not answered. */
  readonly unknownMax: number;
}

export interface MysqlOrderStoreParts {
  readonly shards: ShardMap;
  readonly outbox: Outbox;
  readonly clock: Clock;
  readonly limits: OrderStoreLimits;
  /** Called after each committed change. */
  readonly changed: (orderId: bigint) => void;
}

interface Lane {
  readonly commits: Batcher<NewOrder, CommitResult>;
  readonly changes: Batcher<ChangeItem, ChangeResult>;
  readonly reads: Batcher<bigint, Order | undefined>;
  readonly requests: Batcher<RequestKey, Order | undefined>;
}

export class MysqlOrderStore implements OrderStore {
  readonly dueQueues: readonly DueQueue[];
  readonly #o: MysqlOrderStoreParts;
  readonly #lanes = new Map<MysqlServer, Lane>();

  constructor(o: MysqlOrderStoreParts) {
    this.#o = o;
    for (const server of o.shards.servers) this.#lanes.set(server, this.#openLane(server));
    this.dueQueues = o.shards.servers.map((server) => new MysqlDueQueue(server));
  }

  commit(order: NewOrder, deadlineMs: number): Promise<CommitResult> {
    return this.#lane(geneOf(order.orderId)).commits.add(order, deadlineMs);
  }

  change(orderId: bigint, event: OrderEvent, deadlineMs: number): Promise<ChangeResult> {
    return this.#lane(geneOf(orderId)).changes.add({ orderId, event }, deadlineMs);
  }

  read(orderId: bigint, deadlineMs: number): Promise<Order | undefined> {
    return this.#lane(geneOf(orderId)).reads.add(orderId, deadlineMs);
  }

  findByRequest(userId: string, requestId: string, deadlineMs: number) {
    const shard = shardOf(userId);
    return this.#lane(shard).requests.add({ shard, userId, requestId }, deadlineMs);
  }

  list(query: OrderQuery, deadlineMs: number): Promise<Order[]> {
    const shard = shardOf(query.userId);
    const server = this.#o.shards.serverOf(shard);
    return listOrders(selectOn(server, deadlineMs), shard, query);
  }

  async resolve(orderIds: readonly bigint[], deadlineMs: number): Promise<OrderFate[]> {
    const groups = this.#o.shards.groupByServer(orderIds, geneOf);
    const parts = await Promise.all(
      [...groups].map(([server, ids]) => resolveBatch(server, ids, deadlineMs)),
    );
    const fates = new Map(parts.flatMap((part) => [...part]));
    return orderIds.map((orderId) => fates.get(orderId) as OrderFate);
  }

  /** Refuses new work and lets the work in progress finish. */
  async stop(): Promise<void> {
    const lanes = [...this.#lanes.values()].flatMap((lane) => Object.values(lane));
    await Promise.all(lanes.map((batcher: { stop(): Promise<void> }) => batcher.stop()));
  }

  #lane(shard: number): Lane {
    return this.#lanes.get(this.#o.shards.serverOf(shard)) as Lane;
  }

  #openLane(server: MysqlServer): Lane {
    const { outbox, clock, limits } = this.#o;
    const { unknownMax } = limits;
    return {
      commits: new Batcher({
        name: `order.commit.${server.name}`,
        run: (items, { deadlineMs }) =>
          commitBatch({ server, outbox, deadlineMs, unknownMax }, items),
        ...limits.commit,
        clock,
      }),
      changes: new Batcher({
        name: `order.change.${server.name}`,
        run: (items, { deadlineMs }) => this.#change(server, items, deadlineMs),
        ...limits.change,
        clock,
      }),
      reads: new Batcher({
        name: `order.read.${server.name}`,
        run: (ids, { deadlineMs }) => readMany(server, ids, deadlineMs),
        ...limits.read,
        clock,
      }),
      requests: new Batcher({
        name: `order.find.${server.name}`,
        run: (keys, { deadlineMs }) => findMany(server, keys, deadlineMs),
        ...limits.read,
        clock,
      }),
    };
  }

  async #change(
    server: MysqlServer,
    items: ChangeItem[],
    deadlineMs: number,
  ): Promise<ChangeResult[]> {
    const { outbox, limits, changed } = this.#o;
    const o = { server, outbox, deadlineMs, unknownMax: limits.unknownMax };
    const { results, effects } = await changeBatch(o, items);
    outbox.deliver(effects);
    for (const result of results) if (result.outcome === 'CHANGED') changed(result.order.orderId);
    return results;
  }
}

async function readMany(
  server: MysqlServer,
  ids: bigint[],
  deadlineMs: number,
): Promise<(Order | undefined)[]> {
  const orders = await readOrders(selectOn(server, deadlineMs), [...new Set(ids)]);
  const byId = new Map(orders.map((order) => [order.orderId, order]));
  return ids.map((orderId) => byId.get(orderId));
}

async function findMany(
  server: MysqlServer,
  keys: RequestKey[],
  deadlineMs: number,
): Promise<(Order | undefined)[]> {
  const orders = await readByRequests(selectOn(server, deadlineMs), keys);
  const byRequest = new Map(orders.map((order) => [`${order.userId} ${order.requestId}`, order]));
  return keys.map((key) => byRequest.get(`${key.userId} ${key.requestId}`));
}
