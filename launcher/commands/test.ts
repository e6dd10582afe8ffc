// test: what CI runs. First everything that needs no server (scripts/check.mjs), then the tests
// against real servers, then the tests of the tests (scripts/mutants.mjs), then the mesh under load,
// and load that must fail (scripts/broken-builds.mjs). Ends with one line, `N passed, N failed`: every
// check step, every test, every planted bug and every promise of a load test counts one.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import path from 'node:path';
import type { Command } from 'commander';
import { Interrupted } from '../interrupt.js';
import { ROOT } from '../paths.js';
import { Steps, toStderr } from '../steps.js';
import {
  buildCounts,
  type Counts,
  checkCounts,
  jestCounts,
  loadCounts,
  mutantCounts,
  sumCounts,
} from '../test-counts.js';
import { withServers } from './with-servers.js';

const REAL_SERVER_TESTS = ['\\.int\\.test\\.ts$', 'test/scenarios/'];
const LOAD_SCENARIOS = ['smoke', 'flash-sale', 'duplicates', 'cancel-and-resell'];

export function registerTest(program: Command): void {
  program
    .command('test')
    .description('run everything that CI runs')
    .argument('[pattern...]', 'only tests whose path matches, and none of the other checks')
    .addHelpText(
      'after',
      `
Examples:
  ./spillway test                       checks, unit and real-server tests, planted bugs, load
  ./spillway test inventory/infra       only these tests, unit and real-server, with servers`,
    )
    .action(async (patterns: string[]) => {
      const reports = mkdtempSync(path.join(tmpdir(), 'spillway-test-'));
      try {
        const counts = patterns.length > 0 ? await only(patterns, reports) : await all(reports);
        process.stdout.write(`\n${counts.passed} passed, ${counts.failed} failed\n`);
        process.exitCode = counts.failed > 0 ? 1 : 0;
      } finally {
        rmSync(reports, { recursive: true, force: true });
      }
    });
}

async function all(reports: string): Promise<Counts> {
  const file = path.join(reports, 'check.json');
  process.stdout.write('Checks and unit tests\n');
  const code = await run(process.execPath, [path.join('scripts', 'check.mjs'), '--json', file]);
  const checks = agreeing(checkCounts(readJson(file)), code);
  process.stdout.write('\nTests against real servers\n');
  const tests = await jest(REAL_SERVER_TESTS, reports);
  process.stdout.write('\nPlanted bugs, each of which a test must find\n');
  const planted = await mutants(reports);
  process.stdout.write('\nThe mesh under load, with real k6\n');
  const underLoad = await load(reports);
  process.stdout.write('\nBroken builds, each of which the load test must find\n');
  return sumCounts([checks, tests, planted, underLoad, await brokenBuilds(reports)]);
}

async function only(patterns: readonly string[], reports: string): Promise<Counts> {
  return await jest(patterns, reports);
}

/** In band: the tests share the servers and the cores with what they test. */
async function jest(patterns: readonly string[], reports: string): Promise<Counts> {
  const file = path.join(reports, 'jest.json');
  const command = [
    process.execPath,
    '--experimental-vm-modules',
    '--disable-warning=ExperimentalWarning',
    path.join(ROOT, 'node_modules', 'jest', 'bin', 'jest.js'),
    '--rootDir',
    ROOT,
    '--runInBand',
    '--passWithNoTests',
    // A connection that a failed test left open would keep the whole run waiting for ever; jest
    // says so at its end, and the failure itself is counted.
    '--forceExit',
    '--json',
    `--outputFile=${file}`,
    '--testPathPatterns',
    ...patterns,
  ];
  const code = await withServers(command, new Steps(toStderr));
  return agreeing(jestCounts(readJson(file)), code);
}

/** Servers of its own: what a bug leaves in a Redis is nobody else's business. */
async function mutants(reports: string): Promise<Counts> {
  const file = path.join(reports, 'mutants.json');
  const command = [process.execPath, path.join(ROOT, 'scripts', 'mutants.mjs'), '--json', file];
  const code = await withServers(command, new Steps(toStderr));
  return agreeing(mutantCounts(readJson(file)), code);
}

/** In a home of its own: a mesh that somebody has running is neither used nor disturbed. */
async function load(reports: string): Promise<Counts> {
  const file = path.join(reports, 'load.json');
  const main = path.join(ROOT, 'dist', 'launcher', 'main.js');
  const command = [main, 'load', ...LOAD_SCENARIOS, '--short', '--json', file];
  const home = { SPILLWAY_HOME: path.join(reports, 'home') };
  const code = await run(process.execPath, command, home);
  return agreeing(loadCounts(readJson(file)), code);
}

async function brokenBuilds(reports: string): Promise<Counts> {
  const file = path.join(reports, 'builds.json');
  const script = path.join('scripts', 'broken-builds.mjs');
  const code = await run(process.execPath, [script, '--broken-only', '--json', file]);
  return agreeing(buildCounts(readJson(file)), code);
}

/**
 * A report that is missing, or all green from something that failed, is itself one failure. What was
 * interrupted ends the whole run: nobody who pressed Ctrl-C wants the next part of it.
 */
function agreeing(counts: Counts, exitCode: number): Counts {
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    if (exitCode === 128 + constants.signals[name]) throw new Interrupted(name);
  }
  return exitCode !== 0 && counts.failed === 0 ? { ...counts, failed: 1 } : counts;
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

function run(
  command: string,
  args: readonly string[],
  more: Record<string, string> = {},
): Promise<number> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, ...more };
    const child = spawn(command, [...args], { cwd: ROOT, env, stdio: 'inherit' });
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
    });
  });
}
