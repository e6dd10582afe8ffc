// The replicas of our servers, for reads whose caller says how much they must know.
//
// Invariant: an order is answered from a replica only when nothing that the caller can have been told
// of is missing in it. Its version is at least the one that the caller names, and one version of an
// order says the same everywhere, but for tracking, which makes no version: so an order that may still
// be tracked is the primary's to answer. Lists carry no version, so they come from here only for callers
// who take what is stale.

import type { Clock } from '../../../platform/clock.js';
import type { Log } from '../../../platform/log.js';
import type { MysqlServer } from '../../../platform/mysql/connect.js';
import { readGates } from '../../../platform/mysql/gate-rows.js';
import type { Order } from '../../domain/order.js';
import { takesTracking } from '../../domain/tracking.js';
import type { BatchLimits } from '../batch-limits.js';
import { type Select, selectOn } from './read-orders.js';
import { Replica } from './replica.js';
import { ReplicaChoice, type ReplicaChoiceLimits } from './replica-choice.js';

export interface OrderReplicasLimits extends ReplicaChoiceLimits {
  readonly read: BatchLimits;
  /** How long a replica may take to answer an order. */
  readonly readMsMax: number;
  /** And how long for a page of a list. */
  readonly listMsMax: number;
}

export interface ReplicaOf {
  readonly primary: MysqlServer;
  readonly server: MysqlServer;
}

export interface OrderReplicasParts {
  readonly servers: readonly ReplicaOf[];
  readonly clock: Clock;
  readonly log: Log;
  readonly limits: OrderReplicasLimits;
}

export interface OrderAsk {
  readonly orderId: bigint;
  readonly atLeastVersion: number;
}

export class OrderReplicas {
  readonly #limits: OrderReplicasLimits;
  readonly #replicas: readonly Replica[];
  readonly #choices = new Map<MysqlServer, ReplicaChoice<Replica>>();

  constructor({ servers, clock, log, limits }: OrderReplicasParts) {
    this.#limits = limits;
    const pairs = servers.map(({ primary, server }) => {
      const { name } = server;
      const select = (deadlineMs: number) => selectOn(server, deadlineMs);
      const gates = (deadlineMs: number) => readGates(server, deadlineMs);
      return { primary, replica: new Replica({ name, select, gates, clock, limits: limits.read }) };
    });
    this.#replicas = pairs.map(({ replica }) => replica);
    for (const primary of new Set(servers.map((one) => one.primary))) {
      const own = pairs.filter((pair) => pair.primary === primary).map(({ replica }) => replica);
      this.#choices.set(primary, new ReplicaChoice({ replicas: own, clock, log, limits }));
    }
  }

  /** Undefined when the primary must be asked. */
  read(
    primary: MysqlServer,
    { orderId, atLeastVersion }: OrderAsk,
    deadlineMs: number,
  ): Promise<Order | undefined> {
    return this.#try(primary, deadlineMs, this.#limits.readMsMax, async (replica, untilMs) => {
      const order = await replica.read(orderId, untilMs);
      return order && holds(order, atLeastVersion) ? order : undefined;
    });
  }

  /**
   * Reads rows of some shards, as old as a replica is. Undefined when the primary must be asked, as when
   * one of the shards is not, or was not meanwhile, where the replica's primary has it.
   */
  list<T>(
    primary: MysqlServer,
    shards: readonly number[],
    deadlineMs: number,
    ask: (select: Select) => Promise<T>,
  ): Promise<T | undefined> {
    return this.#try(primary, deadlineMs, this.#limits.listMsMax, async (replica, untilMs) => {
      const look = replica.look();
      const found = await ask(replica.select(untilMs));
      return (await look(shards, untilMs)).size > 0 ? undefined : found;
    });
  }

  async stop(): Promise<void> {
    await Promise.all(this.#replicas.map((replica) => replica.stop()));
  }

  async #try<T>(
    primary: MysqlServer,
    deadlineMs: number,
    msMax: number,
    ask: (replica: Replica, untilMs: number) => Promise<T | undefined>,
  ): Promise<T | undefined> {
    return this.#choices.get(primary)?.try({ deadlineMs, msMax }, ask);
  }
}

/** Whether it is all that somebody can know who was told of the version, or of less. */
function holds(order: Order, atLeastVersion: number): boolean {
  return order.version >= atLeastVersion && !takesTracking(order.state);
}
