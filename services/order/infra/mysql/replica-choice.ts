// Chooses a replica for a read, and says when the primary must be asked instead: when no replica is
// well, when the caller is in haste, when the replica is behind or fails.
//
// Invariant: a read is tried on one replica at most, for a bounded time, and as much again is left for
// the primary. A replica that failed is left alone for a while and then tried by one read at a time until
// it answers, so a dead one delays one read now and then, and not every read.

import type { Clock } from '../../../platform/clock.js';
import type { Log } from '../../../platform/log.js';
import { counters } from '../../../platform/telemetry/metrics.js';

export interface ReplicaChoiceLimits {
  /** How long a replica that has failed is left alone. */
  readonly restMs: number;
}

export interface ReplicaChoiceOptions<R> {
  readonly replicas: readonly R[];
  readonly clock: Clock;
  readonly log: Log;
  readonly limits: ReplicaChoiceLimits;
}

export interface ReplicaAsk {
  readonly deadlineMs: number;
  /** For the replica. Whoever has less than twice that asks the primary at once. */
  readonly msMax: number;
}

interface Place<R> {
  readonly replica: R;
  restsUntilMs: number;
  /** It has not answered yet, or not since it failed. */
  doubted: boolean;
  asked: number;
}

const reads = counters('spillway.order.replica.reads');
// Kept, and told from the start: a replica that is never asked shows as one.
const answered = reads.of('ANSWERED');
const notEnough = reads.of('NOT_ENOUGH');
const failed = reads.of('FAILED');
const passedOver = reads.of('PASSED_OVER');

export class ReplicaChoice<R extends { readonly name: string }> {
  readonly #o: Omit<ReplicaChoiceOptions<R>, 'replicas'>;
  readonly #places: readonly Place<R>[];
  #turn = 0;

  constructor({ replicas, ...o }: ReplicaChoiceOptions<R>) {
    this.#o = o;
    const unknown = { restsUntilMs: Number.NEGATIVE_INFINITY, doubted: true, asked: 0 };
    this.#places = replicas.map((replica) => ({ replica, ...unknown }));
  }

  /**
   * Never rejects. Undefined when the primary must be asked; `ask` answers that itself when what the
   * replica has is not enough.
   */
  async try<T>(
    { deadlineMs, msMax }: ReplicaAsk,
    ask: (replica: R, deadlineMs: number) => Promise<T | undefined>,
  ): Promise<T | undefined> {
    const untilMs = this.#o.clock.nowMs() + msMax;
    const place = untilMs + msMax <= deadlineMs ? this.#next() : undefined;
    if (place === undefined) {
      passedOver.add();
      return undefined;
    }
    place.asked += 1;
    try {
      const answer = await ask(place.replica, untilMs);
      place.doubted = false;
      (answer === undefined ? notEnough : answered).add();
      return answer;
    } catch (error) {
      failed.add();
      this.#rest(place, error);
      return undefined;
    } finally {
      place.asked -= 1;
    }
  }

  // In turn, but for those that rest or are being tried.
  #next(): Place<R> | undefined {
    const nowMs = this.#o.clock.monotonicMs();
    const count = this.#places.length;
    for (let i = 0; i < count; i++) {
      const at = (this.#turn + i) % count;
      const place = this.#places[at];
      if (place === undefined || place.restsUntilMs > nowMs) continue;
      if (place.doubted && place.asked > 0) continue;
      this.#turn = at + 1;
      return place;
    }
    return undefined;
  }

  #rest(place: Place<R>, error: unknown): void {
    const { clock, log, limits } = this.#o;
    const nowMs = clock.monotonicMs();
    const { name } = place.replica;
    // Once for all reads that it failed together.
    const known = place.restsUntilMs > nowMs;
    place.restsUntilMs = nowMs + limits.restMs;
    place.doubted = true;
    if (!known) log.warn({ err: error, replica: name }, 'a replica failed, the primary is asked');
  }
}
