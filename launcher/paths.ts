// Where things are: the checkout, its build, and the private directory ("home") of one mesh.
// Invariant: everything the launcher writes is below a home, so removing a home removes every
// trace.
import { existsSync, mkdirSync, readdirSync, rmdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export interface Home {
  readonly dir: string;
  readonly dataDir: string;
  readonly logDir: string;
  readonly traceDir: string;
  /** Reports of load tests. */
  readonly loadDir: string;
  readonly stateFile: string;
  readonly lockFile: string;
  readonly secretsFile: string;
}

export const ROOT = checkoutRoot();

/**
 * Programs that were built because the machine has none, such as k6. Of the checkout and not of a
 * home: they take minutes, and a `bin` in a directory that somebody named is theirs.
 */
export const TOOL_DIR = path.join(ROOT, '.spillway', 'bin');

/** The home of this checkout; `SPILLWAY_HOME` names another one, so that tests never meet yours. */
export function defaultHome(): Home {
  return homeAt(process.env['SPILLWAY_HOME'] || path.join(ROOT, '.spillway'));
}

export function homeAt(dir: string): Home {
  const absolute = path.resolve(dir);
  return {
    dir: absolute,
    dataDir: path.join(absolute, 'data'),
    logDir: path.join(absolute, 'logs'),
    traceDir: path.join(absolute, 'traces'),
    loadDir: path.join(absolute, 'load-reports'),
    stateFile: path.join(absolute, 'state.json'),
    lockFile: path.join(absolute, 'lock.json'),
    secretsFile: path.join(absolute, 'secrets.json'),
  };
}

/** Only the owner may look inside: data directories and passwords live here. */
export function createHome(home: Home): void {
  for (const dir of [home.dir, home.dataDir, home.logDir, home.traceDir]) {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
  }
}

/**
 * Removes what the launcher has made, and the directory itself when nothing else is in it: a home
 * may be any directory that somebody named, and what is not ours stays.
 */
export function removeHome(home: Home): void {
  const { dataDir, logDir, traceDir, loadDir, stateFile, lockFile, secretsFile } = home;
  const ours = [dataDir, logDir, traceDir, loadDir, TOOL_DIR, stateFile, lockFile, secretsFile];
  for (const name of readdirSync(home.dir)) {
    const file = path.join(home.dir, name);
    // Drafts of our files, left by a crash, are named after them.
    if (ours.some((own) => file === own || file.startsWith(`${own}.`))) {
      rmSync(file, { recursive: true, force: true });
    }
  }
  if (readdirSync(home.dir).length === 0) rmdirSync(home.dir);
}

/**
 * This file runs from launcher/ (tests) and from dist/launcher/ (the build): walk up to find out.
 */
function checkoutRoot(): string {
  let dir = path.dirname(fileURLToPath(import.meta.url));
  while (!existsSync(path.join(dir, 'package.json'))) {
    const parent = path.dirname(dir);
    if (parent === dir) throw new Error('package.json not found above the launcher');
    dir = parent;
  }
  return dir;
}
