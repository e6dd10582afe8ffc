// The outbox handler that publishes events to a transport, so that the versions of an aggregate come
// out in their order although the outbox itself promises none.
//
// 1. A version whose predecessors still stand in the outbox takes them along: they are published first,
//    from their rows. Whoever else holds such a row publishes a second copy, which consumers drop.
// 2. Rows are looked up in the table, never by "newer than the last one", so an event that commits late
//    is not skipped: its successors cannot commit before it.
// 3. A predecessor that is parked, unreadable or not published for sure keeps its successors waiting,
//    and no other aggregate.
//
// Invariant: the first copy of a version is published after the first copy of the one before it.

import type { Clock } from '../clock.js';
import type { EventTransport, PublicEvent } from '../events/event-transport.js';
import { traceparentOf } from '../telemetry/trace-context.js';
import type { ShardMap } from './connect.js';
import type { Delivery } from './outbox-handlers.js';
import { type OutboxEvent, readOfAggregates, type StoredEvent } from './outbox-rows.js';

export interface OutboxPublisherOptions {
  readonly shards: ShardMap;
  readonly transport: EventTransport;
  readonly kind: string;
  /** The payload as the public sees it. Throws when there is no such thing: the event is parked. */
  readonly bodyOf: (event: OutboxEvent) => string;
  readonly clock: Clock;
}

// A part of the time that a handler may take, see outbox-handlers.ts.
const LOOK_MS_MAX = 3_000;
// A batch of 256 events and as many predecessors each as an order has states; what is beyond waits.
const ROWS_MAX = 2_048;
// 10,000 aggregates of 100 bytes are 1 MB. One that is forgotten costs a look.
const REMEMBERED_MAX = 10_000;

export class OutboxPublisher {
  readonly #o: OutboxPublisherOptions;
  /** Aggregate to the last version that this process published, and all before it. */
  readonly #published = new Map<string, number>();

  constructor(o: OutboxPublisherOptions) {
    this.#o = o;
  }

  readonly publish = async (events: OutboxEvent[]): Promise<Delivery[]> => {
    const groups = byAggregate(events);
    const stored = await this.#predecessors(groups);
    const refused = new Map<string, string>();
    const chains = [...groups].map(([aggregateId, group]) =>
      this.#chain(group, stored.get(aggregateId) ?? [], refused),
    );
    for (let open = chains.filter(isOpen); open.length > 0; open = open.filter(isOpen)) {
      await this.#publishHeads(open, refused);
    }
    return events.map((event) => {
      if (event.version <= this.#last(event.aggregateId)) return 'DONE';
      const reason = refused.get(nameOf(event));
      return reason === undefined ? 'RETRY' : { park: reason };
    });
  };

  /** Takes one event off each chain; a chain goes on only when that was published for sure. */
  async #publishHeads(chains: PublicEvent[][], refused: Map<string, string>): Promise<void> {
    const heads = chains.map((chain) => chain.shift() as PublicEvent);
    const outcomes = await this.#o.transport.publish(heads);
    for (const [i, chain] of chains.entries()) {
      const [head, outcome] = [heads[i] as PublicEvent, outcomes[i] ?? 'UNKNOWN'];
      if (outcome === 'PUBLISHED') {
        this.#remember(head);
        continue;
      }
      if (outcome !== 'UNKNOWN') refused.set(nameOf(head), outcome.refused);
      chain.length = 0;
    }
  }

  /** By aggregate. Looks only where this process does not know that all before it is published. */
  async #predecessors(groups: Map<string, OutboxEvent[]>): Promise<Map<string, StoredEvent[]>> {
    const suspects = [...groups.values()].flatMap((group) => {
      const [first] = group;
      const last = this.#last(first?.aggregateId ?? '');
      const open = group.filter((event) => event.version > last);
      const gap = open.some((event, i) => event.version > last + i + 1);
      return first && gap ? [first] : [];
    });
    const found = new Map<string, StoredEvent[]>(suspects.map((one) => [one.aggregateId, []]));
    const parts = this.#o.shards.groupByServer(suspects, ({ shard }) => shard);
    await Promise.all(
      [...parts].map(async ([server, part]) => {
        const rows = await readOfAggregates(server, {
          kind: this.#o.kind,
          aggregates: part.map(({ shard, aggregateId }) => [shard, aggregateId] as const),
          limit: ROWS_MAX,
          deadlineMs: this.#o.clock.nowMs() + LOOK_MS_MAX,
        });
        // All of them come back, in the end one at a time.
        if (rows.length === ROWS_MAX)
          throw new Error('too much of these aggregates is unpublished');
        for (const row of rows) found.get(row.aggregateId)?.push(row);
      }),
    );
    return found;
  }

  /** Oldest first, up to the newest of the batch or the first that cannot be published. */
  #chain(
    batch: readonly OutboxEvent[],
    stored: readonly StoredEvent[],
    refused: Map<string, string>,
  ): PublicEvent[] {
    const newest = Math.max(...batch.map((event) => event.version));
    const rows = new Map<number, OutboxEvent>(batch.map((event) => [event.version, event]));
    for (const event of stored) if (event.version < newest) rows.set(event.version, event);
    const chain: PublicEvent[] = [];
    for (const event of [...rows.values()].sort((a, b) => a.version - b.version)) {
      const { aggregateId, version, kind } = event;
      if (version <= this.#last(aggregateId)) continue;
      if (isStuck(event)) return chain;
      try {
        const body = this.#o.bodyOf(event);
        // Of its delivery; a predecessor that is taken along has only what its row tells.
        const by = event.span ?? event.trace;
        const traced = by && { traceparent: traceparentOf(by) };
        chain.push({ aggregateId, version, kind, body, ...traced });
      } catch (error) {
        refused.set(nameOf(event), `no public event: ${(error as Error).message}`);
        return chain;
      }
    }
    return chain;
  }

  #last(aggregateId: string): number {
    return this.#published.get(aggregateId) ?? 0;
  }

  #remember({ aggregateId, version }: PublicEvent): void {
    if (version <= this.#last(aggregateId)) return;
    // Deleted first, so that the map's oldest entry is the one that was not touched for longest.
    this.#published.delete(aggregateId);
    this.#published.set(aggregateId, version);
    if (this.#published.size <= REMEMBERED_MAX) return;
    const [oldest] = this.#published.keys();
    if (oldest !== undefined) this.#published.delete(oldest);
  }
}

function isOpen(chain: readonly PublicEvent[]): boolean {
  return chain.length > 0;
}

// Its own claimer parks it, or has parked it.
function isStuck(event: Partial<StoredEvent>): boolean {
  return event.parked === true || event.corrupt === true;
}

function nameOf(event: { aggregateId: string; version: number }): string {
  return `${event.aggregateId} ${event.version}`;
}

/** Oldest version first. */
function byAggregate(events: readonly OutboxEvent[]): Map<string, OutboxEvent[]> {
  const groups = new Map<string, OutboxEvent[]>();
  for (const event of [...events].sort((a, b) => a.version - b.version)) {
    const group = groups.get(event.aggregateId);
    if (group) group.push(event);
    else groups.set(event.aggregateId, [event]);
  }
  return groups;
}
