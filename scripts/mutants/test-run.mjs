// Runs named tests of a workspace and tells which passed.

import { spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { ROOT } from './workspace.mjs';

/** The slowest named test takes some seconds; a bug that hangs it is not killed by a rule. */
const RUN_MS_MAX = 90_000;

const running = new Set();

/** {tests: [{file, name, passed}]}, or {broken} when a file could not be run at all. */
export async function runTests(workspace, { files, tests }) {
  const report = join(workspace.dir, 'report.json');
  rmSync(report, { force: true });
  const { output, inTime } = await jest(workspace.dir, [
    '--runInBand',
    // Connections that a bug has left open would keep the run waiting for ever.
    '--forceExit',
    '--json',
    `--outputFile=${report}`,
    '--testNamePattern',
    [...new Set(tests)].map((test) => `(${test})`).join('|'),
    '--runTestsByPath',
    ...files,
  ]);
  if (!inTime) return { tests: [], broken: `still running after ${RUN_MS_MAX / 1000} s` };
  if (!existsSync(report)) return { tests: [], broken: output.trim().slice(0, 500) };
  const { testResults } = JSON.parse(readFileSync(report, 'utf8'));
  const failed = testResults.find((one) => one.assertionResults.length === 0 && one.message !== '');
  const results = testResults.flatMap((result) =>
    result.assertionResults
      .filter((one) => one.status === 'passed' || one.status === 'failed')
      .map((one) => ({
        file: relative(workspace.dir, result.name),
        name: one.fullName,
        passed: one.status === 'passed',
      })),
  );
  return failed === undefined
    ? { tests: results }
    : { tests: results, broken: failed.message.trim().split('\n').slice(0, 4).join(' ') };
}

/** For a run that is interrupted. */
export function endTests() {
  for (const child of running) endGroup(child);
}

function jest(dir, args) {
  return new Promise((resolve) => {
    const command = [
      '--experimental-vm-modules',
      '--disable-warning=ExperimentalWarning',
      join(ROOT, 'node_modules', 'jest', 'bin', 'jest.js'),
      '--rootDir',
      dir,
      '--cacheDirectory',
      join(dir, '.jest-cache'),
      ...args,
    ];
    // A process group of its own, so that a hanging one ends with its children.
    const stdio = ['ignore', 'ignore', 'pipe'];
    const child = spawn(process.execPath, command, { cwd: dir, stdio, detached: true });
    running.add(child);
    let output = '';
    child.stderr.setEncoding('utf8').on('data', (text) => {
      output += text;
    });
    let inTime = true;
    const timer = setTimeout(() => {
      inTime = false;
      endGroup(child);
    }, RUN_MS_MAX);
    child.on('close', () => {
      clearTimeout(timer);
      running.delete(child);
      resolve({ output, inTime });
    });
  });
}

function endGroup(child) {
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}
