// Promise: whatever breaks while the sale runs, no unit is sold twice, no acknowledged reservation is
// lost, no unit leaks, and the sale goes on afterwards.
// Method: the most telling cases of `./spillway chaos`, short and at a modest rate, on one private
// mesh of real processes; the full table is run by hand.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { casesFor } from '../../launcher/chaos/cases/all-cases.js';
import type { Environment } from '../../launcher/chaos/environment.js';
import { runCase } from '../../launcher/chaos/run-case.js';
import { startEnvironment } from '../../launcher/chaos/start-environment.js';
import { createHome, homeAt } from '../../launcher/paths.js';

const SEED = 42;
const SECONDS = 5;
const RATE_PER_SECOND = 300;
/** Short, so that what nobody confirms is back soon after the load. */
const HOLD_MS = 1_500;
/** Tests share their machine with other tests. */
const SLACK = 6;
const START_MS_MAX = 120_000;
const CASE_MS_MAX = 180_000;

const { signal } = new AbortController();
const home = homeAt(mkdtempSync(path.join(tmpdir(), 'spillway-chaos-')));
let env: Environment | undefined;

beforeAll(async () => {
  createHome(home);
  env = await startEnvironment({ home, holdMs: HOLD_MS, topology: 'SERVER', signal });
}, START_MS_MAX);

afterAll(async () => {
  await env?.stop();
  rmSync(home.dir, { recursive: true, force: true });
}, START_MS_MAX);

const CASES = ['T-R1', 'T-R4', 'T-R5', 'T-R8', 'T-M2', 'T-B6', 'T-B7'].flatMap((id) =>
  casesFor('SERVER')
    .filter((one) => one.id === id)
    .map((one) => [one.id, one.story, one] as const),
);

test.each(CASES)(
  '%s: %s',
  async (id, _, chaosCase) => {
    if (env === undefined) throw new Error('the environment did not start');
    const result = await runCase(env, chaosCase, {
      seed: SEED,
      seconds: SECONDS,
      ratePerSecond: RATE_PER_SECOND,
      historyFile: path.join(home.logDir, `${id}.jsonl`),
      signal,
      slack: SLACK,
    });
    expect(result.violations).toEqual([]);
    expect(result.unmet).toEqual([]);
    expect(result.stats?.granted).toBeGreaterThan(0);
  },
  CASE_MS_MAX,
);

test('the short form has all the cases that it names', () => {
  expect(CASES.length).toBe(7);
});
