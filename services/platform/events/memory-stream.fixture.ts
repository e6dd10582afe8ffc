// A transport in memory for tests, with groups that remember who was handed what; and a projection that
// refuses to apply a version twice or out of order.

import type { Clock } from '../clock.js';
import type { Delivery } from '../mysql/outbox-handlers.js';
import type { Projection } from './event-consumer.js';
import type {
  EventInbox,
  EventTransport,
  PublicEvent,
  PublishOutcome,
  ReceivedEvent,
} from './event-transport.js';

interface Pending {
  sinceMs: number;
  deliveries: number;
}

export const event = (aggregateId: string, version: number): PublicEvent => ({
  aggregateId,
  version,
  kind: 'changed',
  body: `${aggregateId} ${version}`,
});

/** Versions 1 to `count` of one aggregate. */
export const life = (aggregateId: string, count: number): PublicEvent[] =>
  Array.from({ length: count }, (_, i) => event(aggregateId, i + 1));

export class MemoryStream implements EventTransport {
  readonly entries: (PublicEvent | undefined)[] = [];
  readonly dead: string[] = [];
  /** What becomes of a published event; by default it arrives. */
  fate: (event: PublicEvent) => PublishOutcome = () => 'PUBLISHED';
  #next = 0;
  readonly #pending = new Map<number, Pending>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async publish(events: readonly PublicEvent[]): Promise<PublishOutcome[]> {
    return events.map((one) => {
      const outcome = this.fate(one);
      if (outcome === 'PUBLISHED') this.entries.push(one);
      return outcome;
    });
  }

  /** In the order of their first copies. */
  firstCopies(): string[] {
    return [...new Set(this.entries.map((one) => `${one?.aggregateId} ${one?.version}`))];
  }

  get unfinished(): number {
    return this.#pending.size + this.entries.length - this.#next;
  }

  /** Of any consumer: there is one group. */
  readonly inbox: EventInbox = {
    take: async (max) => {
      const indexes = this.entries.map((_, i) => i).slice(this.#next, this.#next + max);
      this.#next += indexes.length;
      return indexes.map((i) => this.#hand(i, 1));
    },
    reclaim: async (idleMs, max) => {
      const nowMs = this.#clock.monotonicMs();
      const idle = [...this.#pending].filter(([, { sinceMs }]) => nowMs - sinceMs >= idleMs);
      return idle.slice(0, max).map(([i, { deliveries }]) => this.#hand(i, deliveries + 1));
    },
    acknowledge: async (received) => {
      for (const { entryId } of received) this.#pending.delete(Number(entryId));
    },
    bury: async ({ entryId }, reason) => {
      const one = this.entries[Number(entryId)];
      this.dead.push(`${one?.aggregateId} ${one?.version}: ${reason}`);
    },
  };

  #hand(index: number, deliveries: number): ReceivedEvent {
    this.#pending.set(index, { sinceMs: this.#clock.monotonicMs(), deliveries });
    return { partition: 0, entryId: String(index), deliveries, event: this.entries[index] };
  }
}

export class MemoryProjection implements Projection {
  /** By aggregate, the versions in the order in which they were applied. */
  readonly versions = new Map<string, number[]>();
  /** Asked before each effect. */
  before: (event: PublicEvent) => Delivery | Promise<Delivery> = () => 'DONE';
  /** Called after each effect. */
  after: (event: PublicEvent) => void = () => {};

  async applied(aggregateId: string): Promise<number> {
    return this.versions.get(aggregateId)?.at(-1) ?? 0;
  }

  async apply(one: PublicEvent): Promise<Delivery> {
    const delivery = await this.before(one);
    if (delivery !== 'DONE') return delivery;
    const versions = this.versions.get(one.aggregateId) ?? [];
    if (one.version !== (versions.at(-1) ?? 0) + 1) return 'RETRY';
    this.versions.set(one.aggregateId, [...versions, one.version]);
    this.after(one);
    return 'DONE';
  }
}
