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
import { type Ending, judge } from './verdict.js';

const SCHEDULES = 5_000;
/** Each ending is there fifty times, or the plans have become too tame to prove anything. */
const ENDINGS_MIN = SCHEDULES / 100;

test(`${SCHEDULES} schedules of pay, callback, cancel, expire, refund and crash`, async () => {
  const seen = new Map<Ending, number>();
  await fc.assert(
    fc.asyncProperty(plans, fc.scheduler(), async (plan, scheduler) => {
      const world = await play(plan, scheduler, memoryBooks);
      for (const ending of await judge(world)) seen.set(ending, (seen.get(ending) ?? 0) + 1);
    }),
    { numRuns: SCHEDULES },
  );
  const endings = ['PAID', 'SHIPPED', 'CANCELLED', 'SURPLUS', 'LINES', 'GOODWILL', 'RETURNED'];
  const rare = endings.filter((ending) => (seen.get(ending as Ending) ?? 0) < ENDINGS_MIN);
  expect({ rare, seen: Object.fromEntries(seen) }).toMatchObject({ rare: [] });
}, 300_000);
