// up: brings up the mesh and holds it until Ctrl-C, or returns when it serves (--detach).
import { setTimeout as sleep } from 'node:timers/promises';
import { type Command, InvalidArgumentError } from 'commander';
import { howToCall } from '../how-to-call.js';
import { aborted, interruptible } from '../interrupt.js';
import { acquireLock } from '../lock.js';
import { currentStatus, type MeshOptions, startMesh, stopMesh } from '../mesh.js';
import { createHome, defaultHome, type Home } from '../paths.js';
import { lives } from '../process-identity.js';
import type { ProcessTable } from '../process-table.js';
import { Steps, toStdout } from '../steps.js';
import { addMeshOptions, type MeshFlags, readMeshFlags } from './mesh-options.js';
import { removeAbandoned } from './with-servers.js';

/** How soon a person in the foreground hears of a process that ended. */
const WATCH_MS = 500;

type UpFlags = MeshFlags & { detach?: boolean; serversOnly?: boolean; jaeger?: string };

export function registerUp(program: Command): void {
  const up = program
    .command('up')
    .description('bring up Redis, two MySQL servers and the mesh; Ctrl-C takes all down')
    .option('-d, --detach', 'return when everything serves; end it with: ./spillway down')
    .option('--servers-only', 'Redis and MySQL only')
    .option(
      '--jaeger <url>',
      'send traces there (OTLP over HTTP), as http://127.0.0.1:4318',
      httpUrl,
    );
  addMeshOptions(up)
    .addHelpText(
      'after',
      `
Examples:
  ./spillway up                              hold it in this terminal
  ./spillway up --detach --inventory 2       two inventory processes, in the background
  ./spillway up --redis redis://10.0.0.5:6379 --mysql mysql://u:p@10.0.0.6:3306,mysql://u:p@10.0.0.7:3306`,
    )
    .action(async (flags: UpFlags) => {
      process.exitCode = await runUp(flags, defaultHome());
    });
}

async function runUp(flags: UpFlags, home: Home): Promise<number> {
  const steps = new Steps(toStdout);
  const running = currentStatus(home);
  if (running.state === 'up') {
    steps.line(`The mesh is up already.\n${howToCall(running)}`);
    return flags.detach === true ? 0 : 1;
  }
  createHome(home);
  const release = acquireLock(home, 'up');
  try {
    await removeAbandoned(home);
    const { detach = false, serversOnly = false, jaeger: tracesTo } = flags;
    const o = { ...readMeshFlags(flags), home, serversOnly, tracesTo, steps };
    return await interruptible((signal) => bringUpAndHold({ ...o, signal }, detach, steps));
  } finally {
    release();
  }
}

async function bringUpAndHold(
  o: MeshOptions & { home: Home; signal: AbortSignal },
  detach: boolean,
  steps: Steps,
): Promise<number> {
  const leftover = currentStatus(o.home).processes.length > 0;
  steps.line(leftover ? 'Ending what was left behind, then starting:' : 'Starting:');
  const table = await startMesh(o);
  if (detach && !o.signal.aborted) {
    // From here on the processes belong to nobody but state.json.
    table.state.supervisor = null;
    table.save();
    steps.line(`\nThe mesh is up.\n${howToCall(currentStatus(o.home))}`);
    return 0;
  }
  try {
    steps.line(`\nThe mesh is up. Ctrl-C takes it down.\n${howToCall(currentStatus(o.home))}`);
    await watch(table, steps, o.signal);
    steps.line('\nStopping ...');
    return o.signal.aborted ? 0 : 1;
  } finally {
    await stopMesh(table);
    steps.line('Stopped; nothing is running.');
  }
}

/** Returns when told to stop, or when nothing is left to hold. */
async function watch(table: ProcessTable, steps: Steps, signal: AbortSignal): Promise<void> {
  const told = new Set<string>();
  while (!signal.aborted) {
    await Promise.race([sleep(WATCH_MS), aborted(signal)]);
    const ended = table.state.processes.filter((record) => !lives(record));
    for (const { name, log } of ended.filter((record) => !told.has(record.name))) {
      told.add(name);
      steps.line(`${name} has ended; the others go on. Why: ${log}`);
    }
    const { length } = table.state.processes;
    if (length > 0 && ended.length === length) return;
  }
}

function httpUrl(text: string): string {
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return text;
  throw new InvalidArgumentError('Give a URL such as http://127.0.0.1:4318.');
}
