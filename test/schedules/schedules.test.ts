// Promise: whatever is asked of an order at the same moment, in whatever order the steps happen and
// whichever of them are lost or done twice: money and units are conserved, the order ends once, and
// nobody keeps money for what was given up.
// Method: the use cases of both services on stores in memory, every step in an order that the scheduler
// chooses. A failure prints the seed, and the shortest plan and order of steps that it could find.

import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { memoryBooks } from './books.js';
import { plans } from './plan.js';
import { play } from './play.js';
import { ENDINGS, type Ending, judge } from './verdict.js';

const SCHEDULES = 5_000;
/** Each ending is there fifty times, or the plans have become too tame to prove anything. */
const ENDINGS_MIN = SCHEDULES / 100;
/** Enough to find every bug of scripts/mutants/schedules.mjs, from whichever seed. */
const FIXED = { numRuns: 500, seed: 20_261_120 };

test(`${SCHEDULES} schedules of pay, callback, cancel, expire, refund and crash`, async () => {
  const seen = new Map<Ending, number>();
  await run({ numRuns: SCHEDULES }, (ending) => seen.set(ending, (seen.get(ending) ?? 0) + 1));
  const rare = ENDINGS.filter((ending) => (seen.get(ending) ?? 0) < ENDINGS_MIN);
  expect({ rare, seen: Object.fromEntries(seen) }).toMatchObject({ rare: [] });
}, 300_000);

test(`${FIXED.numRuns} schedules that are always the same`, async () => {
  await run(FIXED, () => undefined);
}, 120_000);

function run(
  o: { readonly numRuns: number; readonly seed?: number },
  ended: (ending: Ending) => void,
): Promise<void> {
  const schedule = fc.asyncProperty(plans, fc.scheduler(), async (plan, scheduler) => {
    for (const ending of await judge(await play(plan, scheduler, memoryBooks))) ended(ending);
  });
  return fc.assert(schedule, o);
}
