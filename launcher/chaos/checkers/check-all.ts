// All checkers over one run's evidence.

import type { Evidence, Violation } from '../evidence.js';
import { checkAckedDurable } from './acked-durable.js';
import { checkConservation } from './conservation.js';
import { checkDefinite } from './definite.js';
import { checkExactlyOnce } from './exactly-once.js';
import { checkLegalPath } from './legal-path.js';
import { checkLiveness } from './liveness.js';
import { checkNoOversell } from './no-oversell.js';

const CHECKERS = [
  checkNoOversell,
  checkAckedDurable,
  checkConservation,
  checkExactlyOnce,
  checkLegalPath,
  checkDefinite,
  checkLiveness,
];

export function checkAll(evidence: Evidence): Violation[] {
  return CHECKERS.flatMap((check) => check(evidence));
}
