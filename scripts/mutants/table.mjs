// The bugs that the tests must find: {name, why, edits, killedBy: {file, test}, needs}. `why` says
// what a buyer or seller would suffer. `test` is a pattern of the full name of one test of the file.
// A text that is to be found stands there exactly once, so a table that is out of date says so.

import { ARBITER } from './arbiter.mjs';
import { EDGE } from './edge.mjs';
import { FLOW } from './flow.mjs';
import { GATE } from './gate.mjs';
import { LEDGER } from './ledger.mjs';
import { MACHINERY } from './machinery.mjs';
import { MONEY } from './money.mjs';
import { NUMBERS } from './numbers.mjs';
import { RECONCILE } from './reconcile.mjs';
import { REPLICAS } from './replicas.mjs';
import { RULES } from './rules.mjs';
import { SCHEDULES } from './schedules.mjs';

export const MUTANTS = [
  ...RULES,
  ...FLOW,
  ...EDGE,
  ...ARBITER,
  ...GATE,
  ...LEDGER,
  ...MACHINERY,
  ...MONEY,
  ...NUMBERS,
  ...RECONCILE,
  ...REPLICAS,
  ...SCHEDULES,
];
