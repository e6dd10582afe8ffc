// Tells receivers what has happened, and does to the callbacks what the fault rules say. The truth is sent
// until it is taken, unless a rule loses it; copies, forgeries and lies are sent once. What waits is
// bounded, and whatever nobody has taken is told again after a restart.

import { ATTEMPTS_MAX, type Callbacks } from './callbacks.js';
import type { RuleOf } from './fault-rules.js';
import type { Faults, Occasion } from './faults.js';
import type { LedgerEvent } from './records.js';
import { forged, trueSeal } from './seals.js';

export interface PostmanOptions {
  readonly callbacks: Callbacks;
  readonly faults: Faults;
  readonly secret: string;
  readonly onTaken: (event: LedgerEvent) => void;
}

/** Callbacks that a rule makes wait; more than that go at once. */
const HELD_MAX = 10_000;

export class Postman {
  readonly #o: PostmanOptions;
  /** Waiting for their time, or for a later one to overtake them. */
  readonly #held = new Map<LedgerEvent, NodeJS.Timeout>();
  #overtaken: LedgerEvent[] = [];

  constructor(o: PostmanOptions) {
    this.#o = o;
  }

  tell(event: LedgerEvent): void {
    const { faults, onTaken } = this.#o;
    const on = occasionOf(event);
    faults.countEvent();
    const lost = faults.meets('lose', on) !== undefined;
    const delay = lost ? undefined : faults.meets('delay', on);
    const reorder = lost || delay !== undefined ? undefined : faults.meets('reorder', on);
    const waitMs = delay?.ms ?? reorder?.ms;
    if (reorder !== undefined) this.#overtaken.push(event);
    if (lost) faults.keepLost(event.data.number);
    // The network ate it: its sender knows nothing of that.
    if (lost) onTaken(event);
    else if (waitMs === undefined) this.#post(event, on);
    else this.#hold(event, waitMs);
  }

  stop(): void {
    for (const timer of this.#held.values()) clearTimeout(timer);
    this.#held.clear();
  }

  #hold(event: LedgerEvent, ms: number): void {
    const timer = setTimeout(() => this.#release(event), this.#held.size < HELD_MAX ? ms : 0);
    this.#held.set(event, timer);
  }

  #release(event: LedgerEvent): void {
    const timer = this.#held.get(event);
    if (timer === undefined) return;
    clearTimeout(timer);
    this.#held.delete(event);
    this.#post(event, occasionOf(event));
  }

  #post(event: LedgerEvent, on: Occasion): void {
    const { faults } = this.#o;
    const forgery = faults.meets('forge', on);
    if (forgery !== undefined) this.#sendForged(event, forgery.how);
    const lie = oppositeOf(event);
    const when = lie === undefined ? undefined : faults.meets('contradict', on)?.when;
    if (lie === undefined || when === undefined) this.#sendTruth(event, on);
    else if (when === 'before') this.#sendOnce(lie, () => this.#sendTruth(event, on));
    else this.#sendTruth(event, on, () => this.#sendOnce(lie));
  }

  #sendTruth(event: LedgerEvent, on: Occasion, then?: () => void): void {
    const { callbacks, faults, secret, onTaken } = this.#o;
    const copies = faults.meets('duplicate', on)?.copies ?? 0;
    for (let copy = 0; copy < copies; copy += 1) this.#sendOnce(event);
    callbacks.send({
      event,
      seal: trueSeal(secret),
      attemptsMax: ATTEMPTS_MAX,
      onEnd: (taken) => {
        if (taken) onTaken(event);
        then?.();
        this.#letOvertakenGo();
      },
    });
  }

  /** The last that came goes first. */
  #letOvertakenGo(): void {
    const overtaken = this.#overtaken.toReversed();
    this.#overtaken = [];
    for (const event of overtaken) this.#release(event);
  }

  #sendOnce(event: LedgerEvent, onEnd: (taken: boolean) => void = () => undefined): void {
    this.#o.callbacks.send({ event, seal: trueSeal(this.#o.secret), attemptsMax: 1, onEnd });
  }

  #sendForged(event: LedgerEvent, how: RuleOf<'forge'>['how']): void {
    const { callbacks, faults, secret } = this.#o;
    const onEnd = (taken: boolean) => {
      if (taken) faults.countForgedTaken();
    };
    callbacks.send({ ...forged(how, event, secret), attemptsMax: 1, onEnd });
  }
}

function occasionOf({ type, method, data }: LedgerEvent): Occasion {
  const of = type === 'refund.succeeded' ? 'refund' : 'charge';
  return { of, method, reference: data.reference };
}

/** Another event about the same charge; only captured money is worth being contradicted about. */
function oppositeOf(event: LedgerEvent): LedgerEvent | undefined {
  const id = `${event.id}_opposite`;
  return event.type === 'charge.succeeded' ? { ...event, id, type: 'charge.failed' } : undefined;
}
