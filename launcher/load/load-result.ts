// The result of a run as machines read it: `./spillway load --json FILE` writes { ok, runs }. Its
// names are a contract. Pure.
import type { ScenarioName, ScenarioSize } from '../../loadtest/plan/scenario-table.js';
import type { AuditReport } from '../audit/run-audit.js';
import { type Journal, percentile } from './journal.js';
import type { K6Outcome } from './k6-run.js';
import type { Promised } from './k6-summary.js';
import type { Verdict } from './verdict.js';

export interface LoadResult {
  readonly ok: boolean;
  readonly scenario: ScenarioName;
  readonly short: boolean;
  readonly seed: number;
  readonly tag: string;
  readonly size: ScenarioSize;
  readonly k6: { readonly version: string; readonly exit_code: number; readonly vus_max: number };
  readonly iterations: number;
  readonly dropped: number;
  readonly accepted: number;
  readonly duplicate: number;
  readonly refused: Readonly<Record<string, number>>;
  readonly paid: number;
  readonly cancelled: number;
  readonly failed: Readonly<Record<string, number>>;
  readonly oversold: number;
  readonly operations: readonly OperationResult[];
  readonly thresholds: readonly Promised[];
  readonly checks: readonly Promised[];
  readonly verdict: readonly Promised[];
  readonly audit: AuditReport;
  /** Warnings of k6 and of the scripts. */
  readonly notes: readonly string[];
  readonly report: string;
}

/** Milliseconds as the script waited for them, connection and JSON of k6 included. */
export interface OperationResult {
  readonly operation: string;
  readonly protocol: string;
  readonly outcomes: Readonly<Record<string, number>>;
  readonly p50_ms: number;
  readonly p99_ms: number;
  readonly max_ms: number;
}

export interface RunFacts {
  readonly scenario: ScenarioName;
  readonly short: boolean;
  readonly seed: number;
  readonly tag: string;
  readonly size: ScenarioSize;
  readonly k6Version: string;
  readonly report: string;
}

export function loadResult(
  facts: RunFacts,
  k6: K6Outcome,
  journal: Journal,
  verdict: Verdict,
  audit: AuditReport,
): LoadResult {
  const { thresholds, checks } = k6.summary;
  const all = [...thresholds, ...checks, ...verdict.questions];
  const { scenario, short, seed, tag, size, report } = facts;
  return {
    ok: k6.exitCode === 0 && all.every(({ ok }) => ok),
    scenario,
    short,
    seed,
    tag,
    size,
    k6: { version: facts.k6Version, exit_code: k6.exitCode, vus_max: k6.summary.vusMax },
    iterations: k6.summary.iterations,
    dropped: k6.summary.dropped,
    accepted: journal.count('ACCEPTED'),
    duplicate: journal.count('DUPLICATE'),
    refused: Object.fromEntries(journal.reasons.REFUSED),
    paid: journal.count('PAID'),
    cancelled: journal.count('CANCELLED'),
    failed: Object.fromEntries(journal.reasons.FAILED),
    oversold: verdict.oversold,
    operations: operationsOf(journal),
    thresholds,
    checks,
    verdict: verdict.questions,
    audit,
    notes: journal.notes,
    report,
  };
}

function operationsOf(journal: Journal): OperationResult[] {
  return [...journal.operations.values()]
    .sort((a, b) => b.ms.length - a.ms.length)
    .map(({ operation, protocol, outcomes, ms }) => ({
      operation,
      protocol,
      outcomes: Object.fromEntries(outcomes),
      p50_ms: percentile(ms, 0.5),
      p99_ms: percentile(ms, 0.99),
      max_ms: percentile(ms, 1),
    }));
}
