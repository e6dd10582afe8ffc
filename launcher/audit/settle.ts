// Looks again until suspicions vanish or persist. The books live on several servers, and a running
// mesh moves between two reads, so one look proves only what it finds in order: a problem counts
// when every look found it, with the same numbers. Bounded by time.
import type { Clock } from '../../services/platform/clock.js';
import { type Problem, problemKey } from './problem.js';

/** One complete look at the books. */
export interface Look {
  readonly problems: readonly Problem[];
}

export interface SettleOptions {
  readonly clock: Clock;
  /** No further look starts later than this after the first one ended. */
  readonly settleMsMax: number;
  readonly pauseMs: number;
}

export interface Settled<L extends Look> {
  /** The last look, whose counts are the freshest. */
  readonly look: L;
  /** What all looks agreed on. */
  readonly problems: readonly Problem[];
  readonly looks: number;
}

export async function lookUntilSettled<L extends Look>(
  o: SettleOptions,
  lookOnce: () => Promise<L>,
): Promise<Settled<L>> {
  let look = await lookOnce();
  let problems = look.problems;
  let looks = 1;
  const endMs = o.clock.monotonicMs() + o.settleMsMax;
  while (problems.length > 0 && o.clock.monotonicMs() < endMs) {
    await o.clock.sleep(o.pauseMs);
    look = await lookOnce();
    looks++;
    const again = new Set(look.problems.map(problemKey));
    problems = problems.filter((found) => again.has(problemKey(found)));
  }
  return { look, problems, looks };
}
