// The report as a person reads it: what stays first, each cause once with what to do about it.

import type { Paint } from '../audit/render.js';
import { CAUSES, type Cause, isSafe } from './difference.js';
import type { FoundDifference, ReconcileReport } from './run-reconcile.js';

export function renderReconcile(report: ReconcileReport, paint: Paint): string {
  const { movements, charges, refunds, found, repaired, parked, left_out } = report;
  const size = `${movements} movements there, ${charges} charges and ${refunds} refunds here`;
  if (found === 0) return `${paint.good('Both books agree')}: ${size}.`;
  const lines = [`${size}: ${found} differ, ${repaired} repaired, ${parked} left.`];
  const causes = [...new Set(report.differences.map(({ cause }) => cause))];
  for (const cause of causes) lines.push(...renderCause(cause, report, paint));
  if (left_out > 0) lines.push('', `${left_out} more are not listed.`);
  const safe = report.differences.some((one) => !one.repaired && isSafe(one));
  if (safe) lines.push('', 'What is asked again: ./spillway reconcile payments --repair');
  return lines.join('\n');
}

function renderCause(cause: Cause, { differences, by_cause }: ReconcileReport, paint: Paint) {
  const listed = differences.filter((difference) => difference.cause === cause);
  return [
    '',
    `${cause} (${by_cause[cause] ?? 0})`,
    paint.dim(`  ${CAUSES[cause].means}`),
    ...listed.map((difference) => lineOf(difference, paint)),
  ];
}

function lineOf(difference: FoundDifference, paint: Paint): string {
  const { payment, number, detail, repaired, problem } = difference;
  const mark = repaired ? paint.good('repaired') : paint.bad('differs ');
  const why = problem === undefined ? '' : ` (${problem})`;
  return `  ${mark} ${payment} ${number}: ${detail}${why}`;
}
