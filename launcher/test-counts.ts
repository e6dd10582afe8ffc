// Adds up what the runners report. A report that cannot be read counts as one failure: a test
// run that broke must never look like one without tests.
import { z } from 'zod';

export interface Counts {
  passed: number;
  failed: number;
}

const UNREADABLE: Counts = { passed: 0, failed: 1 };

const checkReport = z.object({
  steps: z.array(z.object({ name: z.string(), ok: z.boolean() })),
  tests: z.object({ passed: z.number(), failed: z.number() }),
});

/** Each step counts one, except the one that runs the unit tests: there each test does. */
export function checkCounts(report: unknown): Counts {
  const parsed = checkReport.safeParse(report);
  if (!parsed.success) return UNREADABLE;
  const { steps, tests } = parsed.data;
  const others = steps.filter((step) => step.name !== 'tests');
  const unitTests = steps.find((step) => step.name === 'tests');
  // The runner may fail although no test did, for example on a leaked handle.
  const runnerFailed = unitTests?.ok === false && tests.failed === 0 ? 1 : 0;
  return sumCounts([
    tests,
    {
      passed: others.filter((step) => step.ok).length,
      failed: others.filter((step) => !step.ok).length,
    },
    { passed: 0, failed: runnerFailed },
  ]);
}

const jestReport = z.object({
  numPassedTests: z.number(),
  numFailedTests: z.number(),
  /** Files that could not be run at all: they have no tests to count. */
  numRuntimeErrorTestSuites: z.number(),
});

export function jestCounts(report: unknown): Counts {
  const parsed = jestReport.safeParse(report);
  if (!parsed.success) return UNREADABLE;
  const { numPassedTests, numFailedTests, numRuntimeErrorTestSuites } = parsed.data;
  return { passed: numPassedTests, failed: numFailedTests + numRuntimeErrorTestSuites };
}

const mutantReport = z.object({
  mutants: z.array(z.object({ name: z.string(), outcome: z.string() })).min(1),
});

/** Each planted bug counts one; whatever is not killed is a failure. */
export function mutantCounts(report: unknown): Counts {
  const parsed = mutantReport.safeParse(report);
  if (!parsed.success) return UNREADABLE;
  const { mutants } = parsed.data;
  const killed = mutants.filter((mutant) => mutant.outcome === 'KILLED').length;
  return { passed: killed, failed: mutants.length - killed };
}

const promised = z.array(z.object({ ok: z.boolean() }));
const loadReport = z.object({
  runs: z
    .array(z.object({ thresholds: promised.min(1), checks: promised, verdict: promised.min(1) }))
    .min(1),
});

/** Of each run under load every threshold, every check and every question of the verdict counts one. */
export function loadCounts(report: unknown): Counts {
  const parsed = loadReport.safeParse(report);
  if (!parsed.success) return UNREADABLE;
  return held(
    parsed.data.runs.flatMap((run) => [...run.thresholds, ...run.checks, ...run.verdict]),
  );
}

const buildReport = z.object({ builds: promised.min(1) });

/** Each build counts one: a broken one that was found, a sound one that passed. */
export function buildCounts(report: unknown): Counts {
  const parsed = buildReport.safeParse(report);
  return parsed.success ? held(parsed.data.builds) : UNREADABLE;
}

function held(all: readonly { ok: boolean }[]): Counts {
  const passed = all.filter(({ ok }) => ok).length;
  return { passed, failed: all.length - passed };
}

export function sumCounts(all: readonly Counts[]): Counts {
  return all.reduce((sum, counts) => ({
    passed: sum.passed + counts.passed,
    failed: sum.failed + counts.failed,
  }));
}
