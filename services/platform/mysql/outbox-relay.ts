// Picks up what deliver() did not finish: rows of processes that died, and events that must be
// tried again. One relay per server; any number of processes may relay the same server, because a
// claim holds a row for a lease that is longer than handling may take.

import type { Clock } from '../clock.js';
import { crashPoint } from '../crash-point.js';
import type { MysqlServer } from './connect.js';
import { claimDue } from './outbox-claim.js';
import { type Delivery, type EventHandlers, HANDLE_MS_MAX } from './outbox-handlers.js';
import { type ClaimedEvent, type OutboxEvent, postponeEvents } from './outbox-rows.js';
import type { ShardGates } from './shard-gates.js';

export interface OutboxRelayOptions {
  server: MysqlServer;
  /** Present where shards may move. */
  gates?: ShardGates | undefined;
  handlers: EventHandlers;
  clock: Clock;
  batchMax: number;
  attemptsMax: number;
  remove: (events: OutboxEvent[]) => Promise<void>;
  park: (event: OutboxEvent, reason: string) => Promise<void>;
  stats: { relayed: number; retried: number };
}

const STATEMENT_MS_MAX = 5_000;

// A call that starts in the first half of the lease ends, and is recorded, before its end.
const LEASE_MS = 2 * (HANDLE_MS_MAX + STATEMENT_MS_MAX);

const RETRY_DELAY_MS_MIN = 500;
const RETRY_DELAY_MS_MAX = 60_000;

// From this attempt on an event is handled alone: one that makes its handler throw would otherwise
// drag its neighbours along until all of them are parked.
const ALONE_FROM_ATTEMPT = 3;
const ALONE_IN_FLIGHT = 8;

export class OutboxRelay {
  readonly #o: OutboxRelayOptions;

  constructor(o: OutboxRelayOptions) {
    this.#o = o;
  }

  async run(signal: AbortSignal): Promise<'MORE' | 'IDLE'> {
    const { server, gates, handlers, batchMax, clock } = this.#o;
    if (handlers.kinds.length === 0) return 'IDLE';
    const startByMs = clock.monotonicMs() + LEASE_MS / 2;
    const claimed = await claimDue(server, {
      kinds: handlers.kinds,
      openShards: gates?.openOn(server),
      limit: batchMax,
      leaseMs: LEASE_MS,
      deadlineMs: clock.nowMs() + STATEMENT_MS_MAX,
    });
    if (claimed.length > 0) crashPoint('outbox.claimed');
    // Kinds in parallel, so that one whose handler hangs does not hold up the others.
    const ends = await Promise.allSettled(
      handlers.kinds.map((kind) => {
        const events = claimed.filter((event) => event.kind === kind);
        return this.#handleKind(kind, events, startByMs, signal);
      }),
    );
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
    return claimed.length === batchMax ? 'MORE' : 'IDLE';
  }

  async #handleKind(
    kind: string,
    events: ClaimedEvent[],
    startByMs: number,
    signal: AbortSignal,
  ): Promise<void> {
    const hopeless = events.filter((event) => this.#hopeless(event));
    for (const event of hopeless) await this.#giveUp(event);
    for (const round of roundsOf(events.filter((event) => !hopeless.includes(event)))) {
      // What is not started now becomes due again when its lease ends.
      if (signal.aborted || this.#o.clock.monotonicMs() > startByMs) return;
      await Promise.all(round.map((batch) => this.#handle(kind, batch)));
    }
  }

  async #handle(kind: string, events: ClaimedEvent[]): Promise<void> {
    const deliveries = await this.#o.handlers.handle(kind, events);
    const done = events.filter((_, i) => deliveries[i] === 'DONE');
    if (done.length > 0) crashPoint('outbox.relayed');
    await this.#o.remove(done);
    this.#o.stats.relayed += done.length;
    await this.#parkSome(events, deliveries);
    const again = events.filter((event, i) => deliveries[i] === 'RETRY' && !this.#spent(event));
    if (again.length === 0) return;
    this.#o.stats.retried += again.length;
    await postponeEvents(this.#o.server, again, {
      delayMsMin: RETRY_DELAY_MS_MIN,
      delayMsMax: RETRY_DELAY_MS_MAX,
      deadlineMs: this.#o.clock.nowMs() + STATEMENT_MS_MAX,
    });
  }

  async #parkSome(events: ClaimedEvent[], deliveries: Delivery[]): Promise<void> {
    for (const [i, event] of events.entries()) {
      const delivery = deliveries[i];
      if (typeof delivery === 'object') await this.#o.park(event, delivery.park);
      else if (delivery === 'RETRY' && this.#spent(event)) await this.#giveUp(event);
    }
  }

  // Claimed more often than allowed: its attempts ended without an answer, as in a crash.
  #hopeless(event: ClaimedEvent): boolean {
    return event.corrupt || event.attempts > this.#o.attemptsMax;
  }

  #spent(event: ClaimedEvent): boolean {
    return event.attempts >= this.#o.attemptsMax;
  }

  #giveUp(event: ClaimedEvent): Promise<void> {
    const attempts = `not done after ${this.#o.attemptsMax} attempts`;
    return this.#o.park(event, event.corrupt ? 'the payload is not JSON' : attempts);
  }
}

// One batch of the events that may travel together, then rounds of single ones.
function roundsOf(events: ClaimedEvent[]): ClaimedEvent[][][] {
  const together = events.filter((event) => event.attempts < ALONE_FROM_ATTEMPT);
  const alone = events.filter((event) => event.attempts >= ALONE_FROM_ATTEMPT);
  const rounds: ClaimedEvent[][][] = together.length > 0 ? [[together]] : [];
  for (let i = 0; i < alone.length; i += ALONE_IN_FLIGHT) {
    rounds.push(alone.slice(i, i + ALONE_IN_FLIGHT).map((event) => [event]));
  }
  return rounds;
}
