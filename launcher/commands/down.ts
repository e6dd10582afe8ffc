// down: ends the mesh of this checkout, whoever holds it and whatever state it is in.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { acquireLock, type LockHolder, lockHolder } from '../lock.js';
import { endLeftovers } from '../mesh.js';
import { createHome, defaultHome, type Home, removeHome } from '../paths.js';
import { lives } from '../process-identity.js';
import { wipeCompose } from '../servers/docker-compose.js';
import { removeAbandoned } from './with-servers.js';

/** A launcher stops services within 15 s and servers within 30 s, each with 5 s for SIGKILL. */
const HOLDER_MS_MAX = 60_000;
const POLL_MS = 50;

export function registerDown(program: Command): void {
  program
    .command('down')
    .description('end the mesh; --wipe also removes its data, logs and passwords')
    .option('--wipe', 'remove what it kept in .spillway/ too')
    .addHelpText('after', '\nExample:\n  ./spillway down --wipe    leave nothing behind')
    .action(async (flags: { wipe?: boolean }) => {
      await down(defaultHome(), flags.wipe === true);
    });
}

export async function down(home: Home, wipe: boolean): Promise<void> {
  createHome(home);
  const stopped = await stopHolder(home);
  const release = acquireLock(home, 'down');
  let ended: boolean;
  try {
    ended = await endLeftovers(home);
    await removeAbandoned(home);
    if (wipe) await wipeCompose(home);
  } finally {
    release();
  }
  if (wipe) removeHome(home);
  process.stdout.write(
    stopped || ended ? 'Stopped; nothing is running.\n' : 'Nothing was running.\n',
  );
  if (wipe) process.stdout.write(`Removed its data, logs and passwords from ${home.dir}\n`);
}

/** A launcher in the foreground cleans up by itself when asked; false when there is none. */
async function stopHolder(home: Home): Promise<boolean> {
  const holder = lockHolder(home);
  if (holder === undefined) return false;
  signal(holder, 'SIGTERM');
  for (const endMs = Date.now() + HOLDER_MS_MAX; Date.now() < endMs; await sleep(POLL_MS)) {
    if (!lives(holder)) return true;
  }
  // What it leaves behind is in state.json, and ended by the caller.
  signal(holder, 'SIGKILL');
  await sleep(POLL_MS);
  return true;
}

function signal(holder: LockHolder, name: NodeJS.Signals): void {
  try {
    process.kill(holder.pid, name);
  } catch (e) {
    if ((e as NodeJS.ErrnoException).code !== 'ESRCH') throw e;
  }
}
