// Promise: what the schedules prove of the stores in memory holds on MySQL, where steps take time, are
// batched, and wait for each other's locks.
// Method: the same plans and the same verdict, on the stores of production. A seed gives the same plans
// again, but servers have a say in the order of steps.

import { afterAll, beforeAll, test } from '@jest/globals';
import fc from 'fast-check';
import { type MysqlBooks, mysqlBooks } from './mysql-books.js';
import { plans } from './plan.js';
import { play } from './play.js';
import { judge } from './verdict.js';

const SCHEDULES = 200;

let books: MysqlBooks | undefined;
beforeAll(async () => {
  books = await mysqlBooks();
}, 60_000);
afterAll(() => books?.close());

const open = () => (books as MysqlBooks).open();

test(`${SCHEDULES} schedules on real servers`, async () => {
  await fc.assert(
    fc.asyncProperty(plans, fc.scheduler(), async (plan, scheduler) => {
      await judge(await play(plan, scheduler, open));
    }),
    { numRuns: SCHEDULES },
  );
}, 300_000);
