// One replica of one of our servers, and what may be believed of it. It is a past state of its primary,
// as old as it is behind, and it may be catching up this moment: an hour of the primary passes in
// seconds there, a shard that moves away and comes back among it.
//
// Invariant: only rows of shards are believed whose gate, as the replica has it, let them count from
// before the first statement of a reading until after its last one. Its epoch tells: it grows with each
// change of a gate. What a replica does not have is not known, never absent.

import { Batcher } from '../../../platform/batcher.js';
import type { Clock } from '../../../platform/clock.js';
import { geneOf } from '../../../platform/ids.js';
import { type Gate, isOwner } from '../../../platform/mysql/gate-rows.js';
import type { Look } from '../../../platform/mysql/shard-gates.js';
import type { Order } from '../../domain/order.js';
import type { BatchLimits } from '../batch-limits.js';
import { readOrders, type Select } from './read-orders.js';

export interface ReplicaParts {
  /** Of the server, for the log. */
  readonly name: string;
  /** Runs statements on the replica until the deadline. */
  readonly select: (deadlineMs: number) => Select;
  /** All gates as the replica has them. */
  readonly gates: (deadlineMs: number) => Promise<Pick<Gate, 'shard' | 'state' | 'epoch'>[]>;
  readonly clock: Clock;
  readonly limits: BatchLimits;
}

export class Replica {
  readonly name: string;
  readonly select: (deadlineMs: number) => Select;
  readonly #o: ReplicaParts;
  readonly #reads: Batcher<bigint, Order | undefined>;
  /** By shard, as last read; nothing is believed before that. */
  #epochs: ReadonlyMap<number, number> = new Map();

  constructor(o: ReplicaParts) {
    this.#o = o;
    this.name = o.name;
    this.select = o.select;
    this.#reads = new Batcher({
      name: `order.read-replica.${o.name}`,
      run: (ids, { deadlineMs }) => this.#readMany(ids, deadlineMs),
      ...o.limits,
      clock: o.clock,
    });
  }

  /** As the replica has it; undefined when it has none that can be believed. */
  read(orderId: bigint, deadlineMs: number): Promise<Order | undefined> {
    return this.#reads.add(orderId, deadlineMs);
  }

  /** Taken before reading: tells afterwards of which shards nothing can be believed. */
  look(): Look {
    const before = this.#epochs;
    return async (shards, deadlineMs) => {
      const gates = await this.#o.gates(deadlineMs);
      this.#epochs = new Map(gates.map(({ shard, epoch }) => [shard, epoch]));
      const unsure = new Set(shards);
      for (const gate of gates) {
        if (isOwner(gate) && before.get(gate.shard) === gate.epoch) unsure.delete(gate.shard);
      }
      return unsure;
    };
  }

  stop(): Promise<void> {
    return this.#reads.stop();
  }

  // Past the cache: what a replica says is kept nowhere.
  async #readMany(ids: readonly bigint[], deadlineMs: number): Promise<(Order | undefined)[]> {
    const look = this.look();
    const orders = await readOrders(this.select(deadlineMs), ids);
    const unsure = await look(
      orders.map(({ orderId }) => geneOf(orderId)),
      deadlineMs,
    );
    const found = new Map(orders.map((order) => [order.orderId, order]));
    return ids.map((id) => (unsure.has(geneOf(id)) ? undefined : found.get(id)));
  }
}
