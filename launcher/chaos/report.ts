// A chaos run for people: one line per case while it goes, what broke and how to see it again, and a
// sum at the end.

import type { Paint } from '../audit/render.js';
import type { CaseResult, ChaosResult } from './chaos-result.js';

/** Broken promises of one case that are printed; the history file has all of them. */
const LISTED_MAX = 8;
const ID_WIDTH = 6;
/** Our own timers come late by a few milliseconds; by more, and the machine is the bottleneck. */
const BUSY_LAG_MS = 100;

export function renderCase(result: CaseResult, paint: Paint): string {
  const verdict = result.ok ? paint.good('kept  ') : paint.bad('BROKEN');
  const seconds = `${(result.took_ms / 1000).toFixed(0)} s`.padStart(5);
  const lines = [`  ${result.id.padEnd(ID_WIDTH)} ${verdict} ${seconds}  ${numbers(result)}`];
  lines.push(paint.dim(`         ${result.story}`));
  if (result.error !== undefined) lines.push(`         ${paint.bad('run failed')} ${result.error}`);
  for (const found of result.violations.slice(0, LISTED_MAX)) {
    lines.push(`         ${paint.bad(found.invariant)} ${found.subject}: ${found.detail}`);
  }
  const more = result.violations.length - LISTED_MAX;
  if (more > 0) lines.push(paint.dim(`         ... and ${n(more)} more in the history`));
  const lagMs = result.stats?.lag_ms ?? 0;
  if (lagMs > BUSY_LAG_MS) lines.push(`         ${paint.dim(busyText(lagMs))}`);
  for (const unmet of result.unmet) lines.push(`         ${paint.bad('expected')} ${unmet}`);
  if (result.history !== undefined) lines.push(`         history: ${result.history}`);
  return lines.join('\n');
}

export function renderChaos(result: ChaosResult, paint: Paint): string {
  const { cases } = result;
  const sum = (pick: (one: NonNullable<CaseResult['stats']>) => number) =>
    cases.reduce((total, one) => total + (one.stats === undefined ? 0 : pick(one.stats)), 0);
  const answers = sum((one) => one.answers);
  const granted = sum((one) => one.granted);
  const unknown = sum((one) => one.unknown);
  const counts =
    `${cases.length} ${cases.length === 1 ? 'case' : 'cases'}: ${n(answers)} attempts, ` +
    `${n(granted)} grants, ${n(unknown)} unknown on the way.`;
  const broken = cases.filter((one) => !one.ok);
  if (broken.length === 0) return `\n${counts}\n${paint.good('Every promise was kept.')}`;
  const again = broken.map((one) => `  ${againText(one, result)}`);
  const names = broken.map((one) => one.id).join(', ');
  return [`\n${counts}`, paint.bad(`Broken: ${names}.`), 'Again:', ...again].join('\n');
}

export function againText(one: CaseResult, run: ChaosResult): string {
  const { seconds, rate_per_second: rate } = run;
  const cluster = run.redis_cluster ? ' --redis-cluster' : '';
  const load = `--seed ${one.seed} --seconds ${seconds} --rate ${rate}`;
  return `./spillway chaos --case ${one.id} ${load}${cluster}`;
}

function numbers({ stats }: CaseResult): string {
  if (stats === undefined) return '';
  const selling = Number.isFinite(stats.selling_ms) ? `${seconds(stats.selling_ms)} s` : 'never';
  return (
    `${n(stats.granted)} grants in ${n(stats.answers)} attempts, ${n(stats.unknown)} unknown, ` +
    `p99 ${seconds(stats.p99_ms)} s, silent ${seconds(stats.silence_ms)} s at most, ` +
    `${n(stats.rebases)} rebases, selling again after ${selling}`
  );
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(2);
}

function busyText(lagMs: number): string {
  const late = `our own timers came up to ${seconds(lagMs)} s late`;
  return `${late}: this machine is too busy for times to mean much; try a lower --rate`;
}

/** 1234567 -> 1,234,567, whatever the machine's locale is. */
function n(value: number): string {
  return value.toLocaleString('en-US');
}
