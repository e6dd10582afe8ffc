// Calls the handler of a kind of event, and turns whatever goes wrong into RETRY: a handler that
// throws, hangs or answers nonsense never takes the outbox down with it.

import { answerWithin } from '../answer-within.js';
import { assert } from '../assert.js';
import type { Clock } from '../clock.js';
import type { Log } from '../log.js';
import { Throttle } from '../throttle.js';
import type { OutboxEvent } from './outbox-rows.js';
import { beginDeliveries, endDeliveries } from './outbox-trace.js';

/** DONE deletes the event, RETRY tries it again later, park sets it aside for a person. */
export type Delivery = 'DONE' | 'RETRY' | { park: string };

export type OutboxHandler = (events: OutboxEvent[]) => Promise<Delivery[]>;

/** A handler that has not answered by then is taken to hang. */
export const HANDLE_MS_MAX = 10_000;

const ERROR_LOG_INTERVAL_MS = 10_000;

export class EventHandlers {
  readonly kinds: readonly string[];
  readonly #handlers: ReadonlyMap<string, OutboxHandler>;
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #errors: Throttle;

  constructor(handlers: Record<string, OutboxHandler>, log: Log, clock: Clock) {
    this.#handlers = new Map(Object.entries(handlers));
    this.kinds = [...this.#handlers.keys()];
    this.#log = log;
    this.#clock = clock;
    this.#errors = new Throttle(clock, ERROR_LOG_INTERVAL_MS);
  }

  /** One delivery per event, in the same order; never throws. */
  async handle(kind: string, given: OutboxEvent[]): Promise<Delivery[]> {
    const events = beginDeliveries(kind, given);
    const deliveries = await this.#handle(kind, events);
    if (events !== given) endDeliveries(events, deliveries);
    return deliveries;
  }

  async #handle(kind: string, events: OutboxEvent[]): Promise<Delivery[]> {
    try {
      const handler = this.#handlers.get(kind);
      assert(handler, `no outbox handler for ${kind}`);
      const deliveries = await answerWithin(handler(events), HANDLE_MS_MAX, this.#clock);
      assert(deliveries.length === events.length, `${kind}: one delivery per event`);
      return deliveries;
    } catch (error) {
      const errors = this.#errors.count();
      if (errors > 0) this.#log.warn({ err: error, kind, errors }, 'outbox handler failed');
      return events.map(() => 'RETRY');
    }
  }
}
