// I10 Liveness. Every call settles by its deadline, no operation stays open for ever, no caller ever
// sees an error that the contract does not know, and soon after the last fault a new buyer gets a
// unit of every SKU that has one.
// I12 No false sold out. When all has come to rest, a SKU with units sells within a second.

import type { Evidence, Violation } from '../evidence.js';
import { BUG } from '../load/caller.js';

/** What a call may take beyond its deadline, besides what our own timers come late. */
const LATE_MS_MAX = 500;
export const PROBE_MS_MAX = 5_000;
export const SELLABLE_MS_MAX = 1_000;
/** Of one kind; a thousand hung calls need no thousand lines. */
const LISTED_MAX = 20;

export function checkLiveness(evidence: Evidence): Violation[] {
  const { attempts, lagMsMax, rest, slack } = evidence;
  const graceMs = LATE_MS_MAX * slack + lagMsMax;
  const late = attempts.filter((attempt) => attempt.endMs > attempt.deadlineMs + graceMs);
  const bugs = attempts.filter((attempt) => attempt.outcome.startsWith(BUG));
  const open = rest.unsettled;
  return [
    ...late.slice(0, LISTED_MAX).map((attempt) => {
      const overMs = attempt.endMs - attempt.deadlineMs;
      const how = Number.isFinite(overMs) ? `${overMs.toFixed(0)} ms late` : 'never';
      return broken('I10', attempt.id, `#${attempt.n} (${attempt.verb}) settled ${how}`);
    }),
    ...bugs
      .slice(0, LISTED_MAX)
      .map((attempt) => broken('I10', attempt.id, `#${attempt.n}: ${attempt.outcome}`)),
    ...(open === 0 ? [] : [broken('I10', 'operations', `${open} never learned their outcome`)]),
    ...tooLate('I10', rest.probeMs, PROBE_MS_MAX * slack, 'after the last fault'),
    ...tooLate('I12', rest.sellableMs, SELLABLE_MS_MAX * slack, 'at rest, with units left'),
  ];
}

function tooLate(
  invariant: string,
  times: ReadonlyMap<string, number>,
  msMax: number,
  when: string,
): Violation[] {
  return [...times]
    .filter(([, ms]) => ms > msMax)
    .map(([skuId]) => broken(invariant, skuId, `sold nothing for ${msMax} ms ${when}`));
}

function broken(invariant: string, subject: string, detail: string): Violation {
  return { invariant, subject, detail };
}
