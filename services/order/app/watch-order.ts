// Streams an order as it is, or from where a watcher left off, then once per change, until it is final
// or the watcher leaves. Changes made in this process wake the watcher at once; those made elsewhere
// are found by looking again.
//
// Invariant: versions are sent in order, without a gap, each once. Where changes lie between two looks,
// or before the first, the order as it was in between is told from its transitions.

import { OverloadedError } from '../../platform/batcher.js';
import type { Clock } from '../../platform/clock.js';
import { isFinal, type Order, orderAt } from '../domain/order.js';
import type { OrderStore } from './ports.js';

export interface WatchLimits {
  readonly lookIntervalMs: number;
  readonly lookMsMax: number;
  readonly watchersMax: number;
}

export interface WatchRequest {
  readonly orderId: bigint;
  /** The last version that the watcher has seen. Undefined begins with the order as it is. */
  readonly fromVersion: number | undefined;
}

/** Wakes those who watch an order in this process. */
export class ChangeBell {
  readonly #listeners = new Map<bigint, Set<() => void>>();

  ring(orderId: bigint): void {
    const listeners = this.#listeners.get(orderId);
    if (listeners) for (const listener of listeners) listener();
  }

  /** Answers how to stop listening. */
  listen(orderId: bigint, listener: () => void): () => void {
    const listeners = this.#listeners.get(orderId) ?? new Set();
    listeners.add(listener);
    this.#listeners.set(orderId, listeners);
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0) this.#listeners.delete(orderId);
    };
  }
}

export class WatchOrder {
  readonly #orders: OrderStore;
  readonly #bell: ChangeBell;
  readonly #clock: Clock;
  readonly #limits: WatchLimits;
  #watchers = 0;

  constructor(o: { orders: OrderStore; bell: ChangeBell; clock: Clock; limits: WatchLimits }) {
    this.#orders = o.orders;
    this.#bell = o.bell;
    this.#clock = o.clock;
    this.#limits = o.limits;
  }

  /** Ends without a sight when the watcher has seen the final version already. */
  async *run(request: WatchRequest, signal: AbortSignal): AsyncGenerator<Order | 'ORDER_UNKNOWN'> {
    const { watchersMax, lookIntervalMs } = this.#limits;
    if (this.#watchers >= watchersMax) {
      throw new OverloadedError('too many orders are being watched', lookIntervalMs);
    }
    this.#watchers += 1;
    try {
      yield* this.#watch(request, signal);
    } finally {
      this.#watchers -= 1;
    }
  }

  async *#watch(
    { orderId, fromVersion }: WatchRequest,
    signal: AbortSignal,
  ): AsyncGenerator<Order | 'ORDER_UNKNOWN'> {
    let seen = fromVersion;
    while (!signal.aborted) {
      // Listening starts before the look, so a change during the look is not slept through.
      const change = this.#nextChange(orderId, signal);
      try {
        const order = await this.#look(orderId);
        if (!order) {
          yield 'ORDER_UNKNOWN';
          return;
        }
        seen ??= order.version - 1;
        while (seen < order.version && !signal.aborted) {
          seen += 1;
          yield orderAt(order, seen);
        }
        if (isFinal(order.state)) return;
        await change.wait();
      } finally {
        change.end();
      }
    }
  }

  #look(orderId: bigint): Promise<Order | undefined> {
    return this.#orders.read(orderId, this.#clock.nowMs() + this.#limits.lookMsMax);
  }

  #nextChange(orderId: bigint, signal: AbortSignal) {
    const waking = new AbortController();
    const wake = () => waking.abort();
    const unlisten = this.#bell.listen(orderId, wake);
    signal.addEventListener('abort', wake, { once: true });
    return {
      wait: () => this.#clock.sleep(this.#limits.lookIntervalMs, waking.signal),
      end: () => {
        unlisten();
        signal.removeEventListener('abort', wake);
      },
    };
  }
}
