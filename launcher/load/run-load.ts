// One scenario from beginning to end: real k6 against the mesh, looks at the mesh meanwhile, then
// the audit, the books, the verdict and the report.
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import {
  SCENARIOS,
  type ScenarioName,
  type ScenarioSize,
} from '../../loadtest/plan/scenario-table.js';
import type { AuditTargets } from '../audit/look.js';
import { runAudit } from '../audit/run-audit.js';
import { withProgress } from '../demo/progress.js';
import type { MeshStatus } from '../mesh.js';
import type { Home } from '../paths.js';
import { htmlReport } from './html-report.js';
import { Journal } from './journal.js';
import type { K6Program } from './k6-program.js';
import { filesOf, type K6Outcome, type K6Run, runK6 } from './k6-run.js';
import { type LoadResult, loadResult } from './load-result.js';
import { readOrderBooks } from './order-books.js';
import { watchMesh } from './samples.js';
import { timelineOf } from './timeline.js';
import { judge } from './verdict.js';

export interface LoadRun {
  readonly k6: K6Program;
  readonly protosets: string;
  readonly scenario: ScenarioName;
  readonly size: ScenarioSize;
  readonly short: boolean;
  readonly seed: number;
}

/** Reports are small beside the journal of a long run; older ones make room. */
const RUNS_KEPT_MAX = 20;
/** SKUs whose units the report adds up; all of them in the scenarios that are about scarcity. */
const WATCHED_SKUS_MAX = 100;

export async function runLoad(
  home: Home,
  mesh: MeshStatus,
  targets: AuditTargets,
  load: LoadRun,
  signal: AbortSignal,
): Promise<LoadResult> {
  // Times make tags unique, and in the order of the runs.
  const tag = `l${Date.now().toString(36)}`;
  const dir = makeRunDir(home, `${tag}-${load.scenario}`);
  const files = filesOf(dir);
  const journal = new Journal();
  const count = Math.min(WATCHED_SKUS_MAX, load.size.skus);
  const watched = Array.from({ length: count }, (_, i) => `${tag}-s${i}`);
  const watch = watchMesh(mesh, watched);
  let outcome: K6Outcome;
  try {
    const run: K6Run = { ...load, tag, dir };
    outcome = await withProgress(progressOf(load, journal), () =>
      runK6(run, mesh, journal, signal),
    );
  } finally {
    await watch.stop();
  }
  const audit = await runAudit(targets);
  const books = await readOrderBooks(targets, tag);
  const sellsOut = SCENARIOS[load.scenario].sellsOut ? `${tag}-s0` : undefined;
  const verdict = judge({ journal, books, audit, sellsOut });
  const facts = { ...load, tag, k6Version: load.k6.version, report: files.report };
  const result = loadResult(facts, outcome, journal, verdict, audit);
  writeFileSync(files.report, htmlReport(result, timelineOf(journal, watch.samples)));
  writeFileSync(files.result, `${JSON.stringify(result, null, 2)}\n`);
  return result;
}

/** Time runs from the first answer; before it, thousands of shelves may have to be filled. */
function progressOf(load: LoadRun, journal: Journal) {
  const { skus, seconds } = load.size;
  const done = () => Math.min(seconds, journal.secondsLong);
  const note = () => {
    if (journal.secondsLong === 0) return `filling shelves: ${journal.shelf.size} of ${skus}`;
    const refused = journal.count('REFUSED');
    const failed = journal.count('FAILED');
    const trouble = failed === 0 ? '' : `, ${failed} failed`;
    return `${journal.count('ACCEPTED')} orders, ${refused} refused${trouble}`;
  };
  return { name: load.scenario, total: seconds, done, note };
}

function makeRunDir(home: Home, name: string): string {
  const runs = home.loadDir;
  mkdirSync(runs, { recursive: true, mode: 0o700 });
  const old = readdirSync(runs)
    .sort()
    .slice(0, -(RUNS_KEPT_MAX - 1));
  for (const run of old) rmSync(path.join(runs, run), { recursive: true, force: true });
  const dir = path.join(runs, name);
  mkdirSync(dir);
  return dir;
}
