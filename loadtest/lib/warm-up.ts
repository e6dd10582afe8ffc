// Whether an answer's time counts yet. What it says always does.

import exec from 'k6/execution';
import { SCENARIOS, WARM_UP_SECONDS } from '../plan/scenario-table.ts';
import { config } from './config.ts';

/** Of a short --duration a third, so that something is left to measure. */
const WARM_UP_MS =
  SCENARIOS[config.scenario].steady && !config.short
    ? Math.min(WARM_UP_SECONDS, config.seconds / 3) * 1000
    : 0;

export function warmingUp(): boolean {
  // Before and after the test there is no scenario to ask.
  if (WARM_UP_MS === 0 || exec.vu.idInTest === 0) return false;
  return Date.now() - exec.scenario.startTime < WARM_UP_MS;
}
