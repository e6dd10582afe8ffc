// Installs server packages of Debian or Ubuntu, as root, without letting them start system
// services: we only want the programs. Whatever this install starts or enables nevertheless is
// stopped and disabled again; a service that was there before is not touched.
import { execFile } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { findProgram } from './programs.js';

const execFileAsync = promisify(execFile);

/** A slow mirror may need minutes; something that takes longer is stuck. */
const INSTALL_MS_MAX = 10 * 60_000;
/** Stopping a database that was just installed is a matter of seconds. */
const SYSTEMCTL_MS_MAX = 60_000;
const OUTPUT_BYTES_MAX = 16 * 1024 * 1024;

/** Debian's convention: maintainer scripts ask this program; 101 means "do not start". */
const POLICY_FILE = '/usr/sbin/policy-rc.d';
const POLICY =
  '#!/bin/sh\n# Written by spillway for the time of one package installation.\nexit 101\n';

const UNITS: Readonly<Record<string, string>> = {
  'redis-server': 'redis-server.service',
  'mariadb-server': 'mariadb.service',
  prometheus: 'prometheus.service',
};

export function packagesInstallable(pathVariable: string): boolean {
  return process.getuid?.() === 0 && findProgram(['apt-get'], pathVariable) !== undefined;
}

export async function installPackages(
  packages: readonly string[],
  policyFile: string = POLICY_FILE,
): Promise<void> {
  // One that is there already is the administrator's: it is left as it is.
  const policyIsOurs = !existsSync(policyFile);
  const units = packages.flatMap((name) => UNITS[name] ?? []);
  const present = new Set<string>();
  for (const unit of units) if (await unitIsActive(unit)) present.add(unit);
  if (policyIsOurs) writeFileSync(policyFile, POLICY, { mode: 0o755 });
  try {
    await aptInstall(packages);
  } finally {
    if (policyIsOurs) rmSync(policyFile, { force: true });
    for (const unit of units) {
      if (!present.has(unit)) await systemctl('disable', '--now', unit);
    }
  }
}

/** Tries with the package lists at hand; refreshes them once when that is not enough. */
async function aptInstall(packages: readonly string[]): Promise<void> {
  const install = ['install', '-y', '--no-install-recommends', ...packages];
  try {
    await apt(install);
    return;
  } catch {
    // Fresh containers carry no lists at all, and old lists name versions that are gone.
  }
  try {
    await apt(['update']);
    await apt(install);
  } catch (e) {
    const { stderr } = e as { stderr?: string };
    throw new Error(
      `apt-get could not install ${packages.join(', ')}:\n${stderr ?? (e as Error).message}\n` +
        `Install by hand: apt-get update && apt-get install ${packages.join(' ')}`,
      { cause: e },
    );
  }
}

async function apt(args: readonly string[]): Promise<void> {
  await execFileAsync('apt-get', ['-q', ...args], {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    timeout: INSTALL_MS_MAX,
    maxBuffer: OUTPUT_BYTES_MAX,
  });
}

async function unitIsActive(unit: string): Promise<boolean> {
  return await systemctl('is-active', '--quiet', unit);
}

/** False also where there is no systemd: then there is no service to care about. */
async function systemctl(...args: string[]): Promise<boolean> {
  try {
    await execFileAsync('systemctl', args, { env: process.env, timeout: SYSTEMCTL_MS_MAX });
    return true;
  } catch {
    return false;
  }
}
