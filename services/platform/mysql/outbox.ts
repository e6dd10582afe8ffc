// Makes sure that what a transaction caused is heard, at least once, however often processes die.
//
// 1. append() writes events in the transaction that causes them: both or neither.
// 2. After the commit deliver() hands them to their handler at once, many in one call.
// 3. What is DONE is deleted; one DELETE covers what gathered while the last one ran.
// 4. Everything else is left to the relay, which claims due rows for a lease and handles them
//    again, with growing delays, until they are done or parked for a person to look at.
//
// Invariants: a row is only deleted after its handler said DONE; handlers see an event at least
// once, possibly twice, and so must be idempotent. Order between events is not promised here; for
// public events outbox-publisher.ts makes it.

import { assert } from '../assert.js';
import { Batcher } from '../batcher.js';
import type { Clock } from '../clock.js';
import { crashPoint } from '../crash-point.js';
import type { Log } from '../log.js';
import { Loop } from '../loop.js';
import type { MysqlServer, ShardMap } from './connect.js';
import { type Delivery, EventHandlers, type OutboxHandler } from './outbox-handlers.js';
import { OutboxRelay } from './outbox-relay.js';
import {
  type Backlog,
  deleteEvents,
  insertEvents,
  type OutboxEvent,
  parkEvents,
  readBacklog,
} from './outbox-rows.js';
import type { ShardGates } from './shard-gates.js';
import type { Tx } from './transaction.js';

export type { Delivery, OutboxHandler } from './outbox-handlers.js';
export { type Backlog, OUTBOX_TABLE, type OutboxEvent } from './outbox-rows.js';

export interface OutboxOptions {
  shards: ShardMap;
  /** Where shards may move: the relay then leaves alone what lies behind a gate that is not open. */
  gates?: ShardGates;
  /** By kind. Answers one Delivery per event; throwing means RETRY for all of them. */
  handlers: Record<string, OutboxHandler>;
  log: Log;
  clock: Clock;
  /** The relay leaves fresh rows to deliver() for so long. */
  firstDelayMs: number;
  batchMax: number;
  /** An event that was not done after so many attempts of the relay is parked. */
  attemptsMax: number;
}

export interface OutboxStats {
  delivered: number;
  relayed: number;
  retried: number;
  parked: number;
  leftToRelay: number;
}

// Per kind: enough calls in flight to hide a slow one, few enough to let batches grow.
const DELIVERIES_IN_FLIGHT = 4;
// Beyond this the handlers are down, and the rows are safer in the table than in memory.
const DELIVERY_QUEUE_BATCHES = 64;
const DELETE_BATCHES_JOINED = 4;
const STATEMENT_MS_MAX = 5_000;
const RELAY_INTERVAL_MS = 500;
const RELAY_ERROR_DELAY_MS = 1_000;

export class Outbox {
  readonly stats: OutboxStats = { delivered: 0, relayed: 0, retried: 0, parked: 0, leftToRelay: 0 };
  readonly #o: OutboxOptions;
  readonly #handlers: EventHandlers;
  readonly #deliveries = new Map<string, Batcher<OutboxEvent[], void>>();
  readonly #deletions = new Map<MysqlServer, Batcher<OutboxEvent[], void>>();
  readonly #loops: Loop[] = [];

  constructor(o: OutboxOptions) {
    assert(o.batchMax >= 1 && o.attemptsMax >= 1 && o.firstDelayMs >= 1, 'outbox bounds');
    this.#o = o;
    this.#handlers = new EventHandlers(o.handlers, o.log, o.clock);
    for (const kind of this.#handlers.kinds) this.#deliveries.set(kind, this.#deliveryOf(kind));
    for (const server of o.shards.servers) this.#deletions.set(server, this.#deletionOf(server));
    for (const server of o.shards.servers) this.#loops.push(this.#relayLoop(server));
  }

  /** Inside the transaction that causes the events. */
  append(tx: Tx, events: OutboxEvent[], nowMs: number): void {
    insertEvents(tx, events, nowMs, nowMs + this.#o.firstDelayMs);
  }

  /** After the commit. Returns at once; what cannot be delivered now is left to the relay. */
  deliver(events: OutboxEvent[]): void {
    const deadlineMs = this.#o.clock.nowMs() + this.#o.firstDelayMs;
    for (const [kind, group] of groupByKind(events)) {
      const delivery = this.#deliveries.get(kind);
      for (let i = 0; i < group.length; i += this.#o.batchMax) {
        const chunk =
          i === 0 && group.length <= this.#o.batchMax
            ? group
            : group.slice(i, i + this.#o.batchMax);
        if (delivery) void delivery.add(chunk, deadlineMs).catch(() => this.#leave(chunk));
        else this.#leave(chunk);
      }
    }
  }

  /** For events whose effect was brought about another way: nobody needs to hear of them. */
  settled(events: OutboxEvent[]): void {
    // Not awaited, and a failure is harmless: a row that stays is relayed to an idempotent handler.
    void this.#remove(events).catch(() => undefined);
  }

  /** Starts one relay per server. */
  start(): void {
    for (const loop of this.#loops) loop.start();
  }

  /** Ends the relays, then lets the deliveries and deletions in progress finish. */
  async stop(): Promise<void> {
    await Promise.all(this.#loops.map((loop) => loop.stop()));
    await Promise.all([...this.#deliveries.values()].map((delivery) => delivery.stop()));
    await Promise.all([...this.#deletions.values()].map((deletion) => deletion.stop()));
  }

  /** What is still in the table, over all servers. */
  async backlog(): Promise<Backlog> {
    const deadlineMs = this.#o.clock.nowMs() + STATEMENT_MS_MAX;
    const { shards } = this.#o;
    const parts = await Promise.all(
      shards.servers.map((server) => readBacklog(server, shards.shardsOf(server), deadlineMs)),
    );
    return {
      waiting: parts.reduce((sum, part) => sum + part.waiting, 0),
      parked: parts.reduce((sum, part) => sum + part.parked, 0),
      oldestAgeMs: Math.max(...parts.map((part) => part.oldestAgeMs)),
    };
  }

  #deliveryOf(kind: string): Batcher<OutboxEvent[], void> {
    const { batchMax, firstDelayMs, clock } = this.#o;
    return new Batcher<OutboxEvent[], void>({
      name: `outbox.${kind}`,
      run: (groups) => this.#deliverNow(kind, groups),
      itemsMax: batchMax,
      // The size of a group is its number of events.
      bytesMax: batchMax,
      sizeOf: (group) => group.length,
      // Older than this, the relay may have claimed it.
      ageMsMax: firstDelayMs,
      queueMax: DELIVERY_QUEUE_BATCHES * batchMax,
      concurrency: DELIVERIES_IN_FLIGHT,
      clock,
    });
  }

  #deletionOf(server: MysqlServer): Batcher<OutboxEvent[], void> {
    const rowsMax = DELETE_BATCHES_JOINED * this.#o.batchMax;
    return new Batcher<OutboxEvent[], void>({
      name: `outbox.delete.${server.name}`,
      run: async (groups) => {
        await deleteEvents(server, groups.flat(), this.#o.clock.nowMs() + STATEMENT_MS_MAX);
        return groups.map(() => undefined);
      },
      itemsMax: rowsMax,
      bytesMax: rowsMax,
      sizeOf: (group) => group.length,
      ageMsMax: STATEMENT_MS_MAX,
      queueMax: DELIVERY_QUEUE_BATCHES * this.#o.batchMax,
      concurrency: 1,
      clock: this.#o.clock,
    });
  }

  async #deliverNow(kind: string, groups: OutboxEvent[][]): Promise<undefined[]> {
    const events = groups.flat();
    const deliveries = await this.#handlers.handle(kind, events);
    const done = events.filter((_, i) => deliveries[i] === 'DONE');
    if (done.length > 0) crashPoint('outbox.delivered');
    this.stats.delivered += done.length;
    this.stats.leftToRelay += events.length - done.length;
    // Not awaited: the next delivery need not wait for a commit. A row that stays is relayed.
    void this.#remove(done).catch(() => undefined);
    await this.#parkRefused(events, deliveries);
    return groups.map(() => undefined);
  }

  // The relay would come to the same answer; parking now only says so earlier.
  async #parkRefused(events: OutboxEvent[], deliveries: Delivery[]): Promise<void> {
    for (const [i, delivery] of deliveries.entries()) {
      const event = events[i];
      if (typeof delivery === 'string' || !event) continue;
      await this.#park(event, delivery.park).catch(() => undefined);
    }
  }

  async #park(event: OutboxEvent, reason: string): Promise<void> {
    const server = this.#o.shards.serverOf(event.shard);
    await parkEvents(server, [event], reason, this.#o.clock.nowMs() + STATEMENT_MS_MAX);
    this.stats.parked += 1;
    const { shard, aggregateId, version, kind } = event;
    this.#o.log.error({ shard, aggregateId, version, kind, reason }, 'outbox event parked');
  }

  async #remove(events: OutboxEvent[]): Promise<void> {
    if (events.length === 0) return;
    const deadlineMs = this.#o.clock.nowMs() + STATEMENT_MS_MAX;
    const groups = this.#o.shards.groupByServer(events, (event) => event.shard);
    await Promise.all(
      [...groups].map(([server, group]) => this.#deletions.get(server)?.add(group, deadlineMs)),
    );
  }

  #leave(events: OutboxEvent[]): void {
    this.stats.leftToRelay += events.length;
  }

  #relayLoop(server: MysqlServer): Loop {
    const { gates, clock, log, batchMax, attemptsMax } = this.#o;
    const relay = new OutboxRelay({
      server,
      gates,
      handlers: this.#handlers,
      clock,
      batchMax,
      attemptsMax,
      remove: (events) => this.#remove(events),
      park: (event, reason) => this.#park(event, reason),
      stats: this.stats,
    });
    return new Loop({
      name: `outbox.relay.${server.name}`,
      intervalMs: RELAY_INTERVAL_MS,
      errorDelayMs: RELAY_ERROR_DELAY_MS,
      run: (signal) => relay.run(signal),
      log,
      clock,
    });
  }
}

function groupByKind(events: OutboxEvent[]): Map<string, OutboxEvent[]> {
  const groups = new Map<string, OutboxEvent[]>();
  for (const event of events) {
    const group = groups.get(event.kind);
    if (group) group.push(event);
    else groups.set(event.kind, [event]);
  }
  return groups;
}
