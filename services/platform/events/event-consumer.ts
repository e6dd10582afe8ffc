// Applies public events to a projection, each exactly once, although they arrive at least once, from
// several consumers of a group, and after crashes.
//
// 1. Copies of a version that is applied already are dropped.
// 2. A version whose predecessor is not applied yet is held, a bounded number of them in memory.
// 3. What the handler could not do stays in the group and comes back when it has been idle for a while,
//    to this consumer or, when this one is dead, to another.
// 4. What came back too often is set aside with its reason, and so, later, is what waits for it. Other
//    aggregates flow.
//
// Invariant: a copy is acknowledged only when its version is applied or it is set aside.

import { answerWithin } from '../answer-within.js';
import { assert } from '../assert.js';
import type { Clock } from '../clock.js';
import type { Log } from '../log.js';
import { Loop } from '../loop.js';
import type { Delivery } from '../mysql/outbox-handlers.js';
import { faultOf } from '../telemetry/trace-recorder.js';
import { Throttle } from '../throttle.js';
import { beginConsumed } from './consumed-span.js';
import type { EventInbox, PublicEvent, ReceivedEvent } from './event-transport.js';

/** What is built from events. */
export interface Projection {
  /** The last version that was applied, 0 for none. */
  applied(aggregateId: string): Promise<number>;
  /**
   * Stores the effect and the version together, on the condition that the version before is stored:
   * two consumers may be here with the same event. RETRY when that, or anything else, did not work.
   */
  apply(event: PublicEvent): Promise<Delivery>;
}

export interface ConsumerLimits {
  /** Copies taken at once, per partition. */
  readonly batchMax: number;
  /** Aggregates that are worked on at the same time; the versions of one follow each other. */
  readonly inFlightMax: number;
  /** Copies that wait in memory for their predecessor. While there are more, nothing new is taken. */
  readonly heldMax: number;
  /** Longer than a batch may take; earlier, a living consumer's work would be taken from it. */
  readonly idleMs: number;
  readonly deliveriesMax: number;
  /** An apply() that has not answered by then is taken to hang. */
  readonly applyMsMax: number;
  /** How often an idle consumer looks. */
  readonly lookIntervalMs: number;
}

export interface EventConsumerOptions {
  readonly name: string;
  readonly inbox: EventInbox;
  readonly projection: Projection;
  readonly limits: ConsumerLimits;
  readonly clock: Clock;
  readonly log: Log;
}

const ERROR_DELAY_MS = 1_000;
const ERROR_LOG_INTERVAL_MS = 10_000;

/** APPLIED, and FINISHED without, are acknowledged; HELD waits here, LEFT waits in the group. */
type Fate = 'APPLIED' | 'FINISHED' | 'HELD' | 'LEFT';

export class EventConsumer {
  readonly stats = { applied: 0, dropped: 0, buried: 0, left: 0 };
  readonly #o: EventConsumerOptions;
  readonly #loop: Loop;
  readonly #errors: Throttle;
  #held: ReceivedEvent[] = [];
  #reclaimedMs = Number.NEGATIVE_INFINITY;

  constructor(o: EventConsumerOptions) {
    const { limits, log, clock } = o;
    const { batchMax, inFlightMax, heldMax, deliveriesMax } = limits;
    assert(Math.min(batchMax, inFlightMax, heldMax, deliveriesMax) >= 1, 'consumer bounds');
    this.#o = o;
    this.#errors = new Throttle(clock, ERROR_LOG_INTERVAL_MS);
    this.#loop = new Loop({
      name: `events.consume.${o.name}`,
      intervalMs: limits.lookIntervalMs,
      errorDelayMs: ERROR_DELAY_MS,
      run: (signal) => this.#run(signal),
      log,
      clock,
    });
  }

  start(): void {
    this.#loop.start();
  }

  /** Begins nothing new and lets what is being applied finish; the rest stays in the group. */
  stop(): Promise<void> {
    return this.#loop.stop();
  }

  async #run(signal: AbortSignal): Promise<'MORE' | 'IDLE'> {
    const { inbox, limits } = this.#o;
    const reclaimed = await this.#reclaim();
    const room = this.#held.length < limits.heldMax;
    const taken = room ? await inbox.take(limits.batchMax) : [];
    // A held copy that was reclaimed meanwhile has a newer count of deliveries.
    const copies = new Map([...this.#held, ...reclaimed, ...taken].map((one) => [keyOf(one), one]));
    const fates = await this.#settle([...copies.values()], signal);
    const having = (...wanted: Fate[]) =>
      [...fates].filter(([, fate]) => wanted.includes(fate)).map(([copy]) => copy);
    this.#held = having('HELD').slice(0, limits.heldMax);
    this.stats.left += having('LEFT').length;
    const finished = having('APPLIED', 'FINISHED');
    if (finished.length > 0) await inbox.acknowledge(finished);
    return taken.length > 0 || finished.length > 0 ? 'MORE' : 'IDLE';
  }

  // Twice per idle time, so that nothing waits much longer than that.
  async #reclaim(): Promise<ReceivedEvent[]> {
    const { inbox, limits, clock } = this.#o;
    const nowMs = clock.monotonicMs();
    if (nowMs - this.#reclaimedMs < limits.idleMs / 2) return [];
    this.#reclaimedMs = nowMs;
    return inbox.reclaim(limits.idleMs, limits.batchMax);
  }

  async #settle(copies: ReceivedEvent[], signal: AbortSignal): Promise<Map<ReceivedEvent, Fate>> {
    const fates = new Map<ReceivedEvent, Fate>();
    const waiting = [...byAggregate(copies)];
    const work = async () => {
      for (let next = waiting.shift(); next; next = waiting.shift()) {
        if (signal.aborted) return;
        await this.#follow(...next, fates);
      }
    };
    const { inFlightMax } = this.#o.limits;
    await Promise.all(Array.from({ length: Math.min(inFlightMax, waiting.length) }, work));
    return fates;
  }

  /** The copies of one aggregate, oldest version first. Never throws: one that fails is LEFT. */
  async #follow(
    aggregateId: string,
    copies: ReceivedEvent[],
    fates: Map<ReceivedEvent, Fate>,
  ): Promise<void> {
    let applied: number | undefined;
    for (const copy of copies) {
      try {
        const { event } = copy;
        if (event) applied ??= await this.#o.projection.applied(aggregateId);
        const fate = await this.#step(copy, event, applied ?? 0);
        fates.set(copy, fate);
        if (event && fate === 'APPLIED') applied = event.version;
      } catch (error) {
        this.#report(error, copy);
        fates.set(copy, 'LEFT');
      }
    }
  }

  async #step(copy: ReceivedEvent, event: PublicEvent | undefined, applied: number): Promise<Fate> {
    if (!event) return this.#bury(copy, 'what was carried cannot be read');
    if (event.version <= applied) {
      this.stats.dropped += 1;
      return 'FINISHED';
    }
    const ahead = event.version > applied + 1;
    if (copy.deliveries > this.#o.limits.deliveriesMax) {
      const times = `not done after ${this.#o.limits.deliveriesMax} deliveries`;
      return this.#bury(
        copy,
        ahead ? `waits for version ${applied + 1}, which is not done` : times,
      );
    }
    if (ahead) return 'HELD';
    const delivery = await this.#apply(event);
    if (delivery === 'RETRY') return 'LEFT';
    if (delivery !== 'DONE') return this.#bury(copy, delivery.park);
    this.stats.applied += 1;
    return 'APPLIED';
  }

  async #apply(event: PublicEvent): Promise<Delivery> {
    const { projection, limits, clock } = this.#o;
    const span = beginConsumed(event);
    try {
      const delivery = await answerWithin(projection.apply(event), limits.applyMsMax, clock);
      span?.end({ outcome: typeof delivery === 'object' ? 'PARK' : delivery });
      return delivery;
    } catch (error) {
      span?.end({ fault: faultOf(error) });
      throw error;
    }
  }

  async #bury(copy: ReceivedEvent, reason: string): Promise<Fate> {
    await this.#o.inbox.bury(copy, reason);
    this.stats.buried += 1;
    const { partition, entryId, event } = copy;
    const { aggregateId, version, kind } = event ?? {};
    const what = { partition, entryId, aggregateId, version, kind, reason };
    this.#o.log.error(what, 'event set aside');
    return 'FINISHED';
  }

  #report(error: unknown, { partition, entryId }: ReceivedEvent): void {
    const errors = this.#errors.count();
    const what = { err: error, consumer: this.#o.name, partition, entryId, errors };
    if (errors > 0) this.#o.log.warn(what, 'event not applied');
  }
}

function keyOf({ partition, entryId }: ReceivedEvent): string {
  return `${partition} ${entryId}`;
}

// What cannot be read belongs to no aggregate; all of it goes under one name.
function byAggregate(copies: readonly ReceivedEvent[]): Map<string, ReceivedEvent[]> {
  const groups = new Map<string, ReceivedEvent[]>();
  for (const copy of copies) {
    const aggregateId = copy.event?.aggregateId ?? '';
    const group = groups.get(aggregateId);
    if (group) group.push(copy);
    else groups.set(aggregateId, [copy]);
  }
  for (const group of groups.values()) {
    group.sort((a, b) => (a.event?.version ?? 0) - (b.event?.version ?? 0));
  }
  return groups;
}
