// Prometheus' own checker: taken from PATH, else installed where that is possible. Without it nobody
// knows whether an alert fires, so its absence is an error and not a reason to skip.

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { installPackages, packagesInstallable } from '../servers/install-packages.js';
import { findProgram } from '../servers/programs.js';

const execFileAsync = promisify(execFile);

/** It takes a second; more is a rule that does not end. */
const RUN_MS_MAX = 60_000;

export async function findPromtool(pathVariable = process.env.PATH ?? ''): Promise<string> {
  const found = findProgram(['promtool'], pathVariable);
  if (found !== undefined) return found;
  if (packagesInstallable(pathVariable)) {
    await installPackages(['prometheus']);
    const installed = findProgram(['promtool'], pathVariable);
    if (installed !== undefined) return installed;
  }
  throw new Error(
    'promtool is missing, and the alerts cannot be checked without it. It comes with Prometheus:\n' +
      '  Debian, Ubuntu  apt-get install prometheus\n' +
      '  macOS           brew install prometheus\n' +
      '  any system      https://prometheus.io/download',
  );
}

/** What it printed; `ok` is its exit code. */
export async function runPromtool(
  promtool: string,
  args: readonly string[],
): Promise<{ ok: boolean; output: string }> {
  try {
    const { stdout, stderr } = await execFileAsync(promtool, [...args], { timeout: RUN_MS_MAX });
    return { ok: true, output: stdout + stderr };
  } catch (e) {
    const { stdout = '', stderr = '', message } = e as Error & { stdout?: string; stderr?: string };
    return { ok: false, output: stdout + stderr || message };
  }
}
