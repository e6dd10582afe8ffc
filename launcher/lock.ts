// One launcher at a time changes a home. The lock names its holder by identity, so a lock left
// behind by a killed launcher is recognised and taken over, and a recycled pid does not keep it.
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import type { Home } from './paths.js';
import { identifySelf, lives } from './process-identity.js';

const holderSchema = z.object({
  pid: z.int().positive(),
  startedAt: z.string(),
  command: z.string(),
});
export type LockHolder = z.infer<typeof holderSchema>;

/**
 * Enough for a takeover and a lost race or two; more means the directory is not writable as
 * expected.
 */
const ATTEMPTS_MAX = 5;

export class LockedError extends Error {
  constructor(readonly holder: LockHolder) {
    super(
      `another launcher (${holder.command}, pid ${holder.pid}) is at work in this checkout.\n` +
        'Wait for it, or stop it with: ./spillway down',
    );
  }
}

/** The live holder, if there is one. */
export function lockHolder(home: Home): LockHolder | undefined {
  const holder = parseHolder(home.lockFile);
  return holder !== undefined && lives(holder) ? holder : undefined;
}

/** Returns the release; throws LockedError when a live launcher holds it. */
export function acquireLock(home: Home, command: string): () => void {
  const mine = path.join(home.dir, `lock.${process.pid}`);
  writeFileSync(mine, JSON.stringify({ ...identifySelf(), command }), { mode: 0o600 });
  try {
    for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt += 1) {
      // A link appears with its content in it: nobody ever reads a half-written lock.
      if (tryLink(mine, home.lockFile)) return () => release(home);
      const holder = lockHolder(home);
      if (holder !== undefined) throw new LockedError(holder);
      removeStale(home);
    }
  } finally {
    rmSync(mine, { force: true });
  }
  throw new Error(`cannot take the lock ${home.lockFile}; remove it if no launcher runs`);
}

function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (e) {
    if ((e as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw e;
  }
}

/** Moves the stale lock aside first: of two that try, one moves it, and a fresh one is put back. */
function removeStale(home: Home): void {
  const aside = `${home.lockFile}.stale.${process.pid}`;
  try {
    renameSync(home.lockFile, aside);
  } catch (e) {
    if ((e as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw e;
  }
  const moved = parseHolder(aside);
  if (moved !== undefined && lives(moved)) tryLink(aside, home.lockFile);
  rmSync(aside, { force: true });
}

function release(home: Home): void {
  if (parseHolder(home.lockFile)?.pid === process.pid) rmSync(home.lockFile, { force: true });
}

function parseHolder(file: string): LockHolder | undefined {
  try {
    return holderSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return undefined;
  }
}
