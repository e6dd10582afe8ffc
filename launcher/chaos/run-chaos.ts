// Runs cases one after the other on one environment. A run that fails by itself gets the next case a
// new environment; a broken promise does not, since the system has come to rest after it.

import { copyFileSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { Home } from '../paths.js';
import type { ChaosCase } from './chaos-case.js';
import type { CaseResult, ChaosResult } from './chaos-result.js';
import type { Environment } from './environment.js';
import { type CaseOptions, runCase } from './run-case.js';
import { startEnvironment } from './start-environment.js';

export interface ChaosOptions {
  readonly cases: readonly ChaosCase[];
  readonly home: Home;
  readonly seed: number;
  readonly seconds: number;
  readonly ratePerSecond: number;
  readonly holdMs: number;
  readonly topology: 'SERVER' | 'CLUSTER';
  /** Keep histories, logs and data also of what went well. */
  readonly keep: boolean;
  readonly signal: AbortSignal;
  onCase?(chaosCase: ChaosCase): void;
  onProgress?: NonNullable<CaseOptions['onProgress']>;
  onResult?(result: CaseResult): void;
}

export async function runChaos(o: ChaosOptions): Promise<ChaosResult> {
  const cases: CaseResult[] = [];
  let env: Environment | undefined;
  try {
    for (const chaosCase of o.cases) {
      o.signal.throwIfAborted();
      o.onCase?.(chaosCase);
      env ??= await startEnvironment(o);
      const result = await runOne(env, chaosCase, o);
      cases.push(result);
      o.onResult?.(result);
      if (result.error === undefined) continue;
      await end(env, o.keep);
      env = undefined;
    }
  } finally {
    if (env !== undefined) await end(env, o.keep);
  }
  return {
    ok: cases.every((one) => one.ok),
    seed: o.seed,
    seconds: o.seconds,
    rate_per_second: o.ratePerSecond,
    redis_cluster: o.topology === 'CLUSTER',
    cases,
  };
}

async function runOne(
  env: Environment,
  chaosCase: ChaosCase,
  o: ChaosOptions,
): Promise<CaseResult> {
  const startMs = performance.now();
  const { id, story } = chaosCase;
  const { seed, seconds, ratePerSecond, signal } = o;
  const evidence = evidenceDir(o.home, id, seed);
  const historyFile = path.join(evidence, 'history.jsonl');
  const progress = o.onProgress === undefined ? {} : { onProgress: o.onProgress };
  let result: CaseResult;
  try {
    const options = { seed, seconds, ratePerSecond, historyFile, signal, ...progress };
    result = await runCase(env, chaosCase, options);
  } catch (e) {
    signal.throwIfAborted();
    const took_ms = Math.round(performance.now() - startMs);
    const error = (e as Error).message;
    result = { id, story, ok: false, seed, took_ms, violations: [], unmet: [], error };
  }
  if (result.ok && !o.keep) {
    rmSync(evidence, { recursive: true, force: true });
    return result;
  }
  copyLogs(env, evidence);
  return { ...result, history: historyFile };
}

/** Among the checkout's logs, so that whoever wipes those wipes these too. */
function evidenceDir(home: Home, id: string, seed: number): string {
  const dir = path.join(home.logDir, 'chaos', `${id}-${seed}`);
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  return dir;
}

function copyLogs(env: Environment, dir: string): void {
  const { logDir } = env.table.home;
  for (const name of readdirSync(logDir))
    copyFileSync(path.join(logDir, name), path.join(dir, name));
}

async function end(env: Environment, keep: boolean): Promise<void> {
  await env.stop();
  if (!keep) rmSync(env.table.home.dir, { recursive: true, force: true });
}
