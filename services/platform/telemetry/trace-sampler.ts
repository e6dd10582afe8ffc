// Decides which calls are recorded. The decision is made once, where a call enters the mesh; whoever is
// called from within follows it. What was not chosen but then failed or was slow is told afterwards, in
// one span, within a bound.

import { parseTraceparent, type Span, type SpanOptions } from './trace-context.js';
import { beginRoot, beginUnder, recording } from './trace-recorder.js';

export interface SamplingRule {
  /** The share of calls without a parent that is recorded, 0 to 1. */
  readonly ratio: number;
  /** Besides that, each second the first call of each method: the lone call of a person trying. */
  readonly firstPerSecond: boolean;
  /** A call that took longer is told afterwards. */
  readonly slowMs: number;
}

/** Told afterwards, a second: an outage fails thousands, and they all say the same. */
const LATE_PER_SECOND_MAX = 10;
/** Recorded because a stranger asks for it, a second and method: it must not become his load test. */
const STRANGERS_PER_SECOND_MAX = 100;

const OFF: SamplingRule = { ratio: 0, firstPerSecond: false, slowMs: Number.POSITIVE_INFINITY };

let rule = OFF;

export function setSamplingRule(next: SamplingRule | undefined): void {
  rule = next ?? OFF;
}

/** How many there were in the present second. */
class PerSecond {
  #second = 0;
  #count = 0;

  take(nowMs: number, max: number): boolean {
    const second = Math.floor(nowMs / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#count = 0;
    }
    if (this.#count >= max) return false;
    this.#count += 1;
    return true;
  }
}

const late = new PerSecond();

/** Where calls of one method come in. */
export class Entrance {
  readonly #name: string;
  readonly #options: SpanOptions;
  readonly #firsts = new PerSecond();
  readonly #strangers: PerSecond | undefined;

  /** `strangers`: callers need not be of the mesh, so what they ask for is bounded. */
  constructor(name: string, o: SpanOptions & { strangers?: boolean }) {
    const { strangers, ...options } = o;
    this.#name = name;
    this.#options = options;
    this.#strangers = strangers === true ? new PerSecond() : undefined;
  }

  /** Undefined when the call is not recorded. */
  begin(traceparent: string | undefined, nowMs: number): Span | undefined {
    if (!recording()) return undefined;
    const parent = traceparent === undefined ? undefined : parseTraceparent(traceparent);
    if (parent === undefined) {
      return this.#chosen(nowMs) ? beginRoot(this.#name, this.#options) : undefined;
    }
    if (!parent.sampled) return undefined;
    if (this.#strangers?.take(nowMs, STRANGERS_PER_SECOND_MAX) === false) return undefined;
    return beginUnder(parent, this.#name, this.#options);
  }

  /** Of a call that was not recorded: a span if it is worth one. Its caller ends it. */
  tell(faulty: boolean, startMs: number, nowMs: number): Span | undefined {
    const slow = nowMs - startMs >= rule.slowMs;
    if ((!faulty && !slow) || !recording()) return undefined;
    if (!late.take(nowMs, LATE_PER_SECOND_MAX)) return undefined;
    const attributes = {
      ...this.#options.attributes,
      'spillway.told_late': slow ? 'slow' : 'fault',
    };
    return beginRoot(this.#name, { ...this.#options, attributes, startMs });
  }

  #chosen(nowMs: number): boolean {
    if (rule.ratio > 0 && Math.random() < rule.ratio) return true;
    return rule.firstPerSecond && this.#firsts.take(nowMs, 1);
  }
}
