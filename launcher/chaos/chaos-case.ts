// What a fault case is: a name of the case table, one sentence, what it does to the system while load
// runs, and what must be seen besides the invariants. A case that did not bite proves nothing, so
// each says what must have happened for it to count.

import type { Random } from '../demo/random.js';
import type { Environment } from './environment.js';
import type { Evidence } from './evidence.js';

/** Which part of the system it breaks; the swarm breaks one of each kind at the same time. */
export type BrokenPart = 'REDIS' | 'MYSQL' | 'PROCESS' | 'ALL';

export interface ChaosCase {
  readonly id: string;
  readonly part: BrokenPart;
  /** Of the Redis that it can break; undefined: whichever. */
  readonly topology?: 'SERVER' | 'CLUSTER';
  /** What it does, in one sentence. */
  readonly story: string;
  /** Before the load starts. */
  prepare?(env: Environment): Promise<void>;
  /** While the load runs. Ends within the window; what it leaves broken is healed after it. */
  inject(run: FaultRun): Promise<void>;
  /** What is wrong with this run, besides broken invariants; empty when all is as it should be. */
  expects(seen: Seen): string[];
}

/** What a case has while it breaks things. */
export interface FaultRun {
  readonly env: Environment;
  readonly random: Random;
  /** The SKUs on sale; the first and the last lie on different MySQL servers. */
  readonly skuIds: readonly string[];
  /** How long the case has in all. */
  readonly windowMs: number;
  leftMs(): number;
  /** Sleeps, but not beyond the window. */
  sleep(ms: number): Promise<void>;
  /** Writes into the history what is being done. */
  mark(text: string): void;
}

export interface Seen {
  readonly evidence: Evidence;
  /** How often a mark with this beginning was made. */
  marked(beginning: string): number;
  /** How often Redis was loaded anew, over all SKUs, from the first sample to the last. */
  readonly rebases: number;
}

/**
 * Up to `timesMax` times with equal pauses, as many as the window has room for; `timesMin` times in any
 * case, because a case that was cut short would prove nothing.
 */
export async function repeat(
  run: FaultRun,
  o: { timesMax: number; timesMin: number; pauseMs: number; busyMs?: number },
  act: (turn: number) => Promise<void>,
): Promise<void> {
  const pauseMs = Math.max(o.pauseMs, run.windowMs / (o.timesMax + 1) - (o.busyMs ?? 0));
  for (let turn = 0; turn < o.timesMax; turn += 1) {
    await run.sleep(pauseMs);
    if (turn >= o.timesMin && run.leftMs() <= 0) return;
    await act(turn);
  }
}

/** A case in which none of the marks was made, or Redis was never loaded anew, did not bite. */
export function bites(seen: Seen, ...marks: readonly string[]): string[] {
  return marks
    .filter((mark) => seen.marked(mark) === 0)
    .map((mark) => `the fault did not happen: ${mark}`);
}

export function rebased(seen: Seen): string[] {
  return seen.rebases > 0 ? [] : ['Redis lost its memory, and was never loaded anew'];
}
