// Decides, at each place where something can go wrong, whether it does now, and counts what did. Chances
// come from the seed, a row of them per rule, so the same calls in the same order meet the same
// faults. A restart forgets the rules, never the ledger.

import type { Fault, FaultPlan, FaultRule, RuleOf } from './fault-rules.js';
import { type Method, methodOf } from './methods.js';

/** What a rule may be narrowed to. */
export interface Occasion {
  readonly of: 'charge' | 'refund';
  readonly method: string;
  readonly reference: string;
}

interface Armed {
  readonly rule: FaultRule;
  readonly chance: () => number;
  left: number;
  hits: number;
}

export interface FaultReport {
  readonly seed: number;
  readonly rules: readonly (FaultRule & { hits: number })[];
  readonly counts: FaultCounts;
  /** Charges and refunds whose callback was lost: the first hundred thousand. */
  readonly lost: readonly string[];
}

const LOST_MAX = 100_000;

/** Since the rules were last changed. `events` is how many callbacks there were to make. */
export type FaultCounts = Partial<Record<Fault, number>> & {
  events: number;
  forged_taken: number;
};

/** What a method does to each of its charges by itself. */
const OF_METHODS = {
  duplicate: { fault: 'duplicate', copies: 1 },
  lose: { fault: 'lose' },
  contradict: { fault: 'contradict', when: 'after' },
  silence: { fault: 'silence' },
} as const satisfies Record<NonNullable<Method['fault']>, FaultRule>;

export class Faults {
  #seed = 1;
  #armed: Armed[] = [];
  #counts: FaultCounts = { events: 0, forged_taken: 0 };
  #lost: string[] = [];

  /** Replaces all rules and begins to count anew. */
  command({ seed, rules }: FaultPlan): void {
    this.#seed = seed;
    this.#counts = { events: 0, forged_taken: 0 };
    this.#lost = [];
    this.#armed = rules.map((rule, i) => ({
      rule,
      // Far apart, so that no rule's row of chances is another's.
      chance: chances(seed + i * 0x9e37_79b9),
      left: rule.next ?? Number.POSITIVE_INFINITY,
      hits: 0,
    }));
  }

  /** The rule by which this fault happens now; undefined when it does not. */
  meets<F extends Fault>(fault: F, on: Occasion): RuleOf<F> | undefined {
    const hit = this.#armed.find(
      (armed) => armed.rule.fault === fault && concerns(armed.rule, on) && happens(armed),
    );
    const own = on.of === 'charge' ? methodOf(on.method).fault : undefined;
    const rule = hit?.rule ?? (own !== undefined && own === fault ? OF_METHODS[own] : undefined);
    if (rule === undefined) return undefined;
    this.#counts[fault] = (this.#counts[fault] ?? 0) + 1;
    return rule as RuleOf<F>;
  }

  countEvent(): void {
    this.#counts.events += 1;
  }

  keepLost(number: string): void {
    if (this.#lost.length < LOST_MAX) this.#lost.push(number);
  }

  countForgedTaken(): void {
    this.#counts.forged_taken += 1;
  }

  report(): FaultReport {
    const rules = this.#armed.map(({ rule, hits }) => ({ ...rule, hits }));
    return { seed: this.#seed, rules, counts: this.#counts, lost: this.#lost };
  }
}

function concerns({ of, method, reference }: FaultRule, on: Occasion): boolean {
  return (
    (of === undefined || of === on.of) &&
    (method === undefined || method === on.method) &&
    (reference === undefined || reference === on.reference)
  );
}

function happens(armed: Armed): boolean {
  const { rate } = armed.rule;
  if (armed.left === 0 || (rate !== undefined && armed.chance() >= rate)) return false;
  armed.left -= 1;
  armed.hits += 1;
  return true;
}

/** mulberry32: 32 bits of state that a seed repeats. Each call is 0 <= x < 1. */
function chances(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
