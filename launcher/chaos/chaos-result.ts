// What a run came to, as data: for the report, for --json, and for tests.

import type { Evidence, Violation } from './evidence.js';
import type { Attempt } from './history.js';

export interface CaseStats {
  readonly answers: number;
  readonly granted: number;
  readonly refused: number;
  /** Attempts without a known outcome; each was asked for again. */
  readonly unknown: number;
  readonly shed: number;
  readonly p50_ms: number;
  readonly p99_ms: number;
  readonly max_ms: number;
  /** The longest time without any definite answer while the load ran. */
  readonly silence_ms: number;
  /** From the end of the last fault until every SKU had sold again. */
  readonly selling_ms: number;
  readonly rebases: number;
  readonly lag_ms: number;
}

export interface CaseResult {
  readonly id: string;
  readonly story: string;
  readonly ok: boolean;
  readonly seed: number;
  readonly took_ms: number;
  readonly violations: readonly Violation[];
  /** What the case expected besides the invariants, and did not see. */
  readonly unmet: readonly string[];
  /** Why the run could not be judged at all. */
  readonly error?: string;
  readonly stats?: CaseStats;
  /** Kept when something is wrong, or on request. */
  readonly history?: string;
}

export interface ChaosResult {
  readonly ok: boolean;
  readonly seed: number;
  readonly seconds: number;
  readonly rate_per_second: number;
  readonly redis_cluster: boolean;
  readonly cases: readonly CaseResult[];
}

/** `loadEndMs` is when the load stopped beginning new operations. */
export function caseStats(
  evidence: Evidence,
  o: { shed: number; loadEndMs: number; rebases: number },
): CaseStats {
  const { attempts, rest, lagMsMax } = evidence;
  const reserves = attempts.filter((attempt) => attempt.verb === 'reserve');
  const definite = reserves.filter((attempt) => attempt.type === 'ok' || attempt.type === 'fail');
  const times = definite.map((attempt) => attempt.endMs - attempt.startMs).sort((a, b) => a - b);
  const at = (share: number) => round(times[Math.floor((times.length - 1) * share)] ?? 0);
  return {
    answers: attempts.length,
    granted: reserves.filter((attempt) => attempt.outcome === 'RESERVED').length,
    refused: reserves.filter((attempt) => attempt.type === 'fail').length,
    unknown: attempts.filter((attempt) => attempt.type === 'info').length,
    shed: o.shed,
    p50_ms: at(0.5),
    p99_ms: at(0.99),
    max_ms: at(1),
    silence_ms: round(silence(definite, o.loadEndMs)),
    selling_ms: round(Math.max(0, ...rest.probeMs.values())),
    rebases: o.rebases,
    lag_ms: round(lagMsMax),
  };
}

function silence(definite: readonly Attempt[], endMs: number): number {
  const ends = definite.map((attempt) => attempt.endMs).filter((atMs) => atMs < endMs);
  const times = [...ends.sort((a, b) => a - b), endMs];
  let longest = 0;
  for (let i = 1; i < times.length; i += 1) {
    longest = Math.max(longest, (times[i] ?? 0) - (times[i - 1] ?? 0));
  }
  return longest;
}

function round(ms: number): number {
  return Math.round(ms * 10) / 10;
}
