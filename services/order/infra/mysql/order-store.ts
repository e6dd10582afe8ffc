// Orders in sharded MySQL. Everything that concerns one server travels together: commits, changes
// and reads each have a batcher per server, so a busy server does few, large transactions. What is
// refused there because its shard has moved goes to the lane of the new owner, within its deadline.

import { Batcher } from '../../../platform/batcher.js';
import type { Clock } from '../../../platform/clock.js';
import { crashPoint } from '../../../platform/crash-point.js';
import { geneOf } from '../../../platform/ids.js';
import type { MysqlServer } from '../../../platform/mysql/connect.js';
import type { Outbox, OutboxEvent } from '../../../platform/mysql/outbox.js';
import { serverSpan } from '../../../platform/mysql/server-span.js';
import { NOT_OWNER, type NotOwner } from '../../../platform/mysql/shard-gate.js';
import type { ShardGates } from '../../../platform/mysql/shard-gates.js';
import { shardOf } from '../../../platform/shard.js';
import type { Span } from '../../../platform/telemetry/trace-context.js';
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
import { countTransitions } from '../order-meter.js';
import type { PartsCache } from '../parts-cache.js';
import { type ChangeItem, changeBatch } from './change-batch.js';
import { placedEvent } from './changed-event.js';
import { commitBatch } from './commit-batch.js';
import { MysqlDueQueue } from './due-orders.js';
import { withTraces } from './event-traces.js';
import { listByState } from './list-by-state.js';
import { listByUser } from './list-by-user.js';
import { openOrderReads } from './order-reads.js';
import type { OrderReplicas } from './order-replicas.js';
import { type RequestKey, readByRequests, selectOn } from './read-orders.js';
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
  readonly gates: ShardGates;
  readonly outbox: Outbox;
  readonly clock: Clock;
  readonly limits: OrderStoreLimits;
  readonly cache?: PartsCache | undefined;
  readonly replicas?: OrderReplicas | undefined;
  /** Whether the public hears of orders, see changed-event.ts. It costs an outbox row per version. */
  readonly announced: boolean;
  /** Called after each committed change. */
  readonly changed: (orderId: bigint) => void;
}

interface Lane {
  readonly commits: Batcher<NewOrder, CommitResult | NotOwner>;
  readonly changes: Batcher<ChangeItem, ChangeResult | NotOwner>;
  readonly tracking: Batcher<TrackItem, TrackResult | NotOwner>;
  readonly reads: Batcher<bigint, Order | undefined | NotOwner>;
  readonly requests: Batcher<RequestKey, Order | undefined | NotOwner>;
}

export class MysqlOrderStore implements OrderStore, TrackingStore {
  readonly dueQueues: readonly DueQueue[];
  readonly #o: MysqlOrderStoreParts;
  readonly #lanes = new Map<MysqlServer, Lane>();

  constructor(o: MysqlOrderStoreParts) {
    this.#o = o;
    const { servers } = o.gates.shards;
    for (const server of servers) this.#lanes.set(server, this.#openLane(server));
    this.dueQueues = servers.map((server) => new MysqlDueQueue(server, o.gates));
  }

  commit(order: NewOrder, deadlineMs: number): Promise<CommitResult> {
    return this.#o.gates.write(geneOf(order.orderId), deadlineMs, (server) =>
      this.#lane(server).commits.add(order, deadlineMs),
    );
  }

  change(orderId: bigint, event: OrderEvent, deadlineMs: number, span?: Span) {
    return this.#o.gates.write(geneOf(orderId), deadlineMs, (server) =>
      this.#lane(server).changes.add({ orderId, event, span }, deadlineMs),
    );
  }

  track(orderId: bigint, event: NewTrackingEvent, deadlineMs: number): Promise<TrackResult> {
    return this.#o.gates.write(geneOf(orderId), deadlineMs, (server) =>
      this.#lane(server).tracking.add({ orderId, event }, deadlineMs),
    );
  }

  read(orderId: bigint, deadlineMs: number, atLeastVersion = 0): Promise<Order | undefined> {
    const { gates, replicas } = this.#o;
    if (replicas === undefined || atLeastVersion === 0) return this.#readNow(orderId, deadlineMs);
    const primary = gates.shards.serverOf(geneOf(orderId));
    return replicas
      .read(primary, { orderId, atLeastVersion }, deadlineMs)
      .then((order) => order ?? this.#readNow(orderId, deadlineMs));
  }

  findByRequest(userId: string, requestId: string, deadlineMs: number) {
    const shard = shardOf(userId);
    return this.#o.gates.read(shard, deadlineMs, (server) =>
      this.#lane(server).requests.add({ shard, userId, requestId }, deadlineMs),
    );
  }

  list(query: OrderQuery, deadlineMs: number): Promise<Order[]> {
    if (query.userId === undefined) return listByState(this.#o, query, deadlineMs);
    return listByUser(this.#o, query, deadlineMs);
  }

  async resolve(orderIds: readonly bigint[], deadlineMs: number): Promise<OrderFate[]> {
    const fates = new Map<bigint, OrderFate>();
    const o = { shardOf: geneOf, deadlineMs };
    await this.#o.gates.each(orderIds, o, async (server, ids) => {
      const found = await resolveBatch(server, ids, deadlineMs);
      for (const [orderId, fate] of found) fates.set(orderId, fate);
      return ids.filter((orderId) => !found.has(orderId));
    });
    return orderIds.map((orderId) => fates.get(orderId) as OrderFate);
  }

  /** Refuses new work and lets the work in progress finish. */
  async stop(): Promise<void> {
    const lanes = [...this.#lanes.values()].flatMap((lane) => Object.values(lane));
    await this.#o.replicas?.stop();
    await Promise.all(lanes.map((batcher: { stop(): Promise<void> }) => batcher.stop()));
  }

  #readNow(orderId: bigint, deadlineMs: number): Promise<Order | undefined> {
    return this.#o.gates.read(geneOf(orderId), deadlineMs, (server) =>
      this.#lane(server).reads.add(orderId, deadlineMs),
    );
  }

  #lane(server: MysqlServer): Lane {
    return this.#lanes.get(server) as Lane;
  }

  #openLane(server: MysqlServer): Lane {
    const { clock, limits } = this.#o;
    const { unknownMax } = limits;
    const snapshots = new StoredSnapshots();
    return {
      commits: new Batcher({
        name: `order.commit.${server.name}`,
        run: (items, { deadlineMs }) => this.#commit({ server, snapshots }, items, deadlineMs),
        ...serverSpan(server, 'order.commit'),
        ...limits.commit,
        clock,
      }),
      changes: new Batcher({
        name: `order.change.${server.name}`,
        run: (items, { deadlineMs }) => this.#change(server, items, deadlineMs),
        ...serverSpan(server, 'order.change'),
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
        look: () => this.#o.gates.look(server),
        cache: this.#o.cache,
        clock,
        limits: limits.read,
      }),
      requests: new Batcher({
        name: `order.find.${server.name}`,
        run: (keys, { deadlineMs }) => findMany(this.#o.gates, server, keys, deadlineMs),
        ...limits.read,
        clock,
      }),
    };
  }

  async #commit(
    lane: { server: MysqlServer; snapshots: StoredSnapshots },
    items: NewOrder[],
    deadlineMs: number,
  ): Promise<(CommitResult | NotOwner)[]> {
    const { outbox, announced, limits } = this.#o;
    const o = { ...lane, outbox, announced, deadlineMs, unknownMax: limits.unknownMax };
    const results = await commitBatch(o, items);
    countTransitions(results);
    if (announced) outbox.deliver(withTraces(results.flatMap(newsOf), items));
    return results;
  }

  async #change(
    server: MysqlServer,
    items: ChangeItem[],
    deadlineMs: number,
  ): Promise<(ChangeResult | NotOwner)[]> {
    const { outbox, announced, limits, changed } = this.#o;
    const o = { server, outbox, announced, deadlineMs, unknownMax: limits.unknownMax };
    const { results, effects } = await changeBatch(o, items);
    if (effects.length > 0) crashPoint('change.after-commit');
    outbox.deliver(effects);
    countTransitions(results);
    for (const result of results) {
      if (result !== NOT_OWNER && result.outcome === 'CHANGED') changed(result.order.orderId);
    }
    return results;
  }
}

function newsOf(result: CommitResult | NotOwner): OutboxEvent[] {
  if (result === NOT_OWNER || result.outcome !== 'COMMITTED') return [];
  return [placedEvent(result.order)];
}

async function findMany(
  gates: ShardGates,
  server: MysqlServer,
  keys: RequestKey[],
  deadlineMs: number,
): Promise<(Order | undefined | NotOwner)[]> {
  const look = gates.look(server);
  const orders = await readByRequests(selectOn(server, deadlineMs), keys);
  const byRequest = new Map(orders.map((order) => [`${order.userId} ${order.requestId}`, order]));
  const found = keys.map((key) => byRequest.get(`${key.userId} ${key.requestId}`));
  const missing = keys.filter((_, i) => found[i] === undefined).map(({ shard }) => shard);
  if (missing.length === 0) return found;
  const unsure = await look(missing, deadlineMs);
  return keys.map(({ shard }, i) => found[i] ?? (unsure.has(shard) ? NOT_OWNER : undefined));
}
