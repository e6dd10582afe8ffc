// Open-loop load: operations start at the given rate whatever the service does, and one whose
// outcome is not known is asked for again under its id until it is. Nothing is ever undone because
// of an unknown outcome: that is the rule which the order service lives by too.

import { setTimeout as sleep } from 'node:timers/promises';
import type { Op, Verb } from '../history.js';
import type { Caller } from './caller.js';
import type { OpMix } from './op-mix.js';

const TICK_MS = 10;
/** Small batches: with 10 ms ticks at 2,500/s a call carries about 17 reserves. */
const BATCH_MAX = 32;
/** Of a service that stands still, two seconds of the crowd wait; the others are turned away. */
const IN_FLIGHT_SECONDS_MAX = 2;
/** After a pause of our own the backlog is not fired off in one burst. */
const BURST_MAX = 200;
const AGAIN_MS_MIN = 50;
const AGAIN_MS_MAX = 800;
const VERBS: readonly Verb[] = ['reserve', 'release', 'confirm', 'restock'];

interface Waiting {
  readonly op: Op;
  readonly attempts: number;
  readonly dueMs: number;
}

export class Load {
  /** The longest that a tick came late: what our own process adds to every time that it measures. */
  lagMsMax = 0;
  /** Operations that were not begun because too many were open. */
  shed = 0;
  readonly #caller: Caller;
  readonly #mix: OpMix;
  readonly #ratePerSecond: number;
  #waiting: Waiting[] = [];
  #inFlight = 0;
  #begun = 0;
  #open = true;
  #stopped = false;
  #loop: Promise<void> | undefined;

  constructor(o: { caller: Caller; mix: OpMix; ratePerSecond: number }) {
    this.#caller = o.caller;
    this.#mix = o.mix;
    this.#ratePerSecond = o.ratePerSecond;
  }

  start(): void {
    this.#loop = this.#run();
  }

  /** Begins nothing new; what is open goes on until it is settled. */
  stopNew(): void {
    this.#open = false;
  }

  /** Gives up what is still open after `waitMsMax`; answers how much that is. */
  async drain(waitMsMax: number): Promise<number> {
    const endMs = performance.now() + waitMsMax;
    while (this.unsettled() > 0 && performance.now() < endMs) await sleep(TICK_MS);
    return this.unsettled();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#loop;
  }

  unsettled(): number {
    return this.#inFlight + this.#waiting.length;
  }

  /** Sends operations besides the mix; they too are repeated until they are settled. */
  add(ops: readonly Op[]): void {
    const dueMs = performance.now();
    this.#waiting.push(...ops.map((op) => ({ op, attempts: 0, dueMs })));
  }

  async #run(): Promise<void> {
    const startMs = performance.now();
    let lastMs = startMs;
    while (!this.#stopped) {
      await sleep(TICK_MS);
      const nowMs = performance.now();
      this.lagMsMax = Math.max(this.lagMsMax, nowMs - lastMs - TICK_MS);
      lastMs = nowMs;
      const due = [...this.#takeDue(nowMs), ...this.#beginNew(nowMs - startMs)];
      for (const verb of VERBS) this.#sendAll(verb, due);
    }
  }

  #takeDue(nowMs: number): Waiting[] {
    const due = this.#waiting.filter((one) => one.dueMs <= nowMs);
    if (due.length > 0) this.#waiting = this.#waiting.filter((one) => one.dueMs > nowMs);
    return due;
  }

  #beginNew(elapsedMs: number): Waiting[] {
    if (!this.#open) return [];
    const owed = Math.floor((elapsedMs * this.#ratePerSecond) / 1000) - this.#begun;
    this.#begun += owed;
    const room = Math.max(0, IN_FLIGHT_SECONDS_MAX * this.#ratePerSecond - this.unsettled());
    const count = Math.min(owed, room, BURST_MAX);
    this.shed += owed - count;
    return Array.from({ length: count }, () => ({ op: this.#mix.next(), attempts: 0, dueMs: 0 }));
  }

  #sendAll(verb: Verb, due: readonly Waiting[]): void {
    const own = due.filter((one) => one.op.verb === verb);
    for (let from = 0; from < own.length; from += BATCH_MAX) {
      void this.#send(verb, distinct(own.slice(from, from + BATCH_MAX)));
    }
  }

  async #send(verb: Verb, batch: readonly Waiting[]): Promise<void> {
    this.#inFlight += batch.length;
    const attempts = await this.#caller.send(
      verb,
      batch.map((one) => one.op),
    );
    this.#inFlight -= batch.length;
    attempts.forEach((attempt, i) => {
      if (attempt.type !== 'info') {
        this.#mix.settled(attempt);
        return;
      }
      const { op, attempts: earlier } = batch[i] as Waiting;
      const delayMs = Math.min(AGAIN_MS_MAX, AGAIN_MS_MIN * 2 ** Math.min(earlier, 10));
      const dueMs = performance.now() + delayMs * (0.5 + Math.random() / 2);
      this.#waiting.push({ op, attempts: earlier + 1, dueMs });
    });
  }
}

/** One call names an id once: an order service never sends two copies of a request together. */
function distinct(batch: readonly Waiting[]): Waiting[] {
  return [...new Map(batch.map((one) => [one.op.id, one])).values()];
}
