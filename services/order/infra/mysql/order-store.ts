// Orders in sharded MySQL. Everything that concerns one server travels together: commits, changes
// and reads each have a batcher per server, so a busy server does few, large transactions.

import { Batcher } from '../../../platform/batcher.js';
import type { Clock } from '../../../platform/clock.js';
import { crashPoint } from '../../../platform/crash-point.js';
import { geneOf } from '../../../platform/ids.js';
import type { MysqlServer, ShardMap } from '../../../platform/mysql/connect.js';
import type { Outbox, OutboxEvent } from '../../../platform/mysql/outbox.js';
import { shardOf } from '../../../platform/shard.js';
import type {
  ChangeResult,
  CommitResult,
  DueQueue,
  NewOrder,
  OrderFate,
  OrderQuery,
  OrderStore,
  TrackingStore,
  TrackResult,
} from '../../app/ports.js';
import type { Order } from '../../domain/order.js';
import type { NewTrackingEvent } from '../../domain/tracking.js';
import type { OrderEvent } from '../../domain/transition.js';
import type { BatchLimits } from '../batch-limits.js';
import type { PartsCache } from '../parts-cache.js';
import { type ChangeItem, changeBatch } from './change-batch.js';
import { placedEvent } from './changed-event.js';
import { commitBatch } from './commit-batch.js';
import { MysqlDueQueue } from './due-orders.js';
import { listByState } from './list-by-state.js';
import { openOrderReads } from './order-reads.js';
import { listOrders, type RequestKey, readByRequests, selectOn } from './read-orders.js';
import { resolveBatch } from './resolve-batch.js';
import { StoredSnapshots } from './stored-snapshots.js';
import { type TrackItem, trackBatch } from './track-batch.js';

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
  readonly cache?: PartsCache | undefined;
  /** Whether the public hears of orders, see changed-event.ts. It costs an outbox row per version. */
  readonly announced: boolean;
  /** Called after each committed change. */
  readonly changed: (orderId: bigint) => void;
}

interface Lane {
  readonly commits: Batcher<NewOrder, CommitResult>;
  readonly changes: Batcher<ChangeItem, ChangeResult>;
  readonly tracking: Batcher<TrackItem, TrackResult>;
  readonly reads: Batcher<bigint, Order | undefined>;
  readonly requests: Batcher<RequestKey, Order | undefined>;
}

export class MysqlOrderStore implements OrderStore, TrackingStore {
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

  track(orderId: bigint, event: NewTrackingEvent, deadlineMs: number): Promise<TrackResult> {
    return this.#lane(geneOf(orderId)).tracking.add({ orderId, event }, deadlineMs);
  }

  read(orderId: bigint, deadlineMs: number): Promise<Order | undefined> {
    return this.#lane(geneOf(orderId)).reads.add(orderId, deadlineMs);
  }

  findByRequest(userId: string, requestId: string, deadlineMs: number) {
    const shard = shardOf(userId);
    return this.#lane(shard).requests.add({ shard, userId, requestId }, deadlineMs);
  }

  list(query: OrderQuery, deadlineMs: number): Promise<Order[]> {
    if (query.userId === undefined) return listByState(this.#o.shards, query, deadlineMs);
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
    const { clock, limits } = this.#o;
    const { unknownMax } = limits;
    const snapshots = new StoredSnapshots();
    return {
      commits: new Batcher({
        name: `order.commit.${server.name}`,
        run: (items, { deadlineMs }) => this.#commit({ server, snapshots }, items, deadlineMs),
        ...limits.commit,
        clock,
      }),
      changes: new Batcher({
        name: `order.change.${server.name}`,
        run: (items, { deadlineMs }) => this.#change(server, items, deadlineMs),
        ...limits.change,
        clock,
      }),
      tracking: new Batcher({
        name: `order.track.${server.name}`,
        run: (items, { deadlineMs }) => trackBatch({ server, deadlineMs, unknownMax }, items),
        ...limits.change,
        clock,
      }),
      reads: openOrderReads({
        name: server.name,
        select: (deadlineMs) => selectOn(server, deadlineMs),
        cache: this.#o.cache,
        clock,
        limits: limits.read,
      }),
      requests: new Batcher({
        name: `order.find.${server.name}`,
        run: (keys, { deadlineMs }) => findMany(server, keys, deadlineMs),
        ...limits.read,
        clock,
      }),
    };
  }

  async #commit(
    lane: { server: MysqlServer; snapshots: StoredSnapshots },
    items: NewOrder[],
    deadlineMs: number,
  ): Promise<CommitResult[]> {
    const { outbox, announced, limits } = this.#o;
    const { unknownMax } = limits;
    const o = { ...lane, outbox, announced, deadlineMs, unknownMax };
    const results = await commitBatch(o, items);
    if (announced) outbox.deliver(results.flatMap(newsOf));
    return results;
  }

  async #change(
    server: MysqlServer,
    items: ChangeItem[],
    deadlineMs: number,
  ): Promise<ChangeResult[]> {
    const { outbox, announced, limits, changed } = this.#o;
    const o = { server, outbox, announced, deadlineMs, unknownMax: limits.unknownMax };
    const { results, effects } = await changeBatch(o, items);
    if (effects.length > 0) crashPoint('change.after-commit');
    outbox.deliver(effects);
    for (const result of results) if (result.outcome === 'CHANGED') changed(result.order.orderId);
    return results;
  }
}

function newsOf(result: CommitResult): OutboxEvent[] {
  return result.outcome === 'COMMITTED' ? [placedEvent(result.order)] : [];
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
