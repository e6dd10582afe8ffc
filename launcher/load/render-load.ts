// The result of a run for people: what happened, which promises held, and what the books say. Pure.
import { SCENARIOS } from '../../loadtest/plan/scenario-table.js';
import { type Paint, renderAudit } from '../audit/render.js';
import type { Promised } from './k6-summary.js';
import type { LoadResult } from './load-result.js';

const NAME_WIDTH = 34;

export function renderLoad(result: LoadResult, paint: Paint): string {
  return [
    '',
    headline(result, paint),
    '',
    ...outcomeLines(result),
    '',
    ...operationLines(result, paint),
    '',
    'Does k6 find its promises kept?',
    ...result.thresholds.map((one) => promiseLine(one, paint)),
    ...checkLines(result, paint),
    '',
    'Do the books say the same as the callers?',
    ...result.verdict.map((one) => promiseLine(one, paint)),
    ...(result.audit.ok ? [] : ['', 'The audit:', renderAudit(result.audit, paint)]),
    '',
    `Report: ${result.report}`,
  ].join('\n');
}

/** One line per run, for the end of several. */
export function renderLine(result: LoadResult, paint: Paint): string {
  const broken = brokenOf(result);
  const mark = result.ok ? paint.good('✓') : paint.bad('✗');
  const held = `${n(result.accepted)} accepted, oversold ${result.oversold}`;
  const text = result.ok ? held : broken.map(({ name }) => name).join('; ');
  return `  ${mark} ${result.scenario.padEnd(18)} ${text}`;
}

function brokenOf(result: LoadResult): Promised[] {
  return [...result.thresholds, ...result.checks, ...result.verdict].filter(({ ok }) => !ok);
}

function headline(result: LoadResult, paint: Paint): string {
  const { size, scenario } = result;
  const count = brokenOf(result).length;
  const text = `${scenario}: ${SCENARIOS[scenario].shows}`;
  const run = `${size.rate}/s for ${size.seconds} s, --seed ${result.seed}`;
  const end = result.ok
    ? paint.good('Every promise was kept.')
    : paint.bad(`${count} ${count === 1 ? 'promise was' : 'promises were'} broken.`);
  return `${text} (${run})\n${end}`;
}

function outcomeLines(result: LoadResult): string[] {
  const refused = Object.entries(result.refused).map(
    ([reason, n]): Row => [`refused ${reason}`, n],
  );
  const failed = Object.entries(result.failed).map(([reason, n]): Row => [`failed ${reason}`, n]);
  const rows: Row[] = [
    ['accepted', result.accepted],
    ['duplicate', result.duplicate],
    ['paid', result.paid],
    ['cancelled', result.cancelled],
    ...refused,
    ...failed,
    ['oversold', result.oversold],
    ['arrivals dropped by k6', result.dropped],
  ];
  return rows.map(([name, value]) => `  ${name.padEnd(NAME_WIDTH)} ${n(value).padStart(10)}`);
}

type Row = [name: string, value: number];

function operationLines(result: LoadResult, paint: Paint): string[] {
  const head = `  ${'answers'.padEnd(NAME_WIDTH)} ${'count'.padStart(10)}     p50     p99     max ms`;
  const rows = result.operations.map((one) => {
    const count = Object.values(one.outcomes).reduce((sum, value) => sum + value, 0);
    const ms = [one.p50_ms, one.p99_ms, one.max_ms].map((value) => String(value).padStart(7));
    const name = `${one.operation} (${one.protocol})`.padEnd(NAME_WIDTH);
    return `  ${name} ${n(count).padStart(10)} ${ms.join(' ')}`;
  });
  return [paint.dim(head), ...rows];
}

/** Those that held make one line: there is one for every kind of call. */
function checkLines({ checks }: LoadResult, paint: Paint): string[] {
  const broken = checks.filter(({ ok }) => !ok);
  const held = checks.length - broken.length;
  const all = { name: `${held} of ${checks.length} checks held every time`, ok: true, detail: '' };
  return [...broken, ...(held > 0 ? [all] : [])].map((one) => promiseLine(one, paint));
}

function promiseLine({ name, ok, detail }: Promised, paint: Paint): string {
  const mark = ok ? paint.good('✓') : paint.bad('✗');
  return `  ${mark} ${name}${detail === '' ? '' : paint.dim(`  (${detail})`)}`;
}

function n(value: number): string {
  return value.toLocaleString('en-US');
}
