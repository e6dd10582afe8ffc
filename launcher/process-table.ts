// The processes of one mesh. Start = spawn + record in state.json in one tick; stop = ask, wait,
// insist. Children get a session of their own, so the terminal's Ctrl-C reaches only the launcher,
// which then ends them in order: services first, so that none of them sees its database vanish.
import { spawn } from 'node:child_process';
import { closeSync, openSync, renameSync, statSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { lastLines } from './log-tail.js';
import type { Home } from './paths.js';
import { identify, lives } from './process-identity.js';
import type { ProcessRecord, State } from './state.js';
import { writeState } from './state.js';

/** A service drains its calls within 10 s; a server flushes 256 MB of buffer pool within 30 s. */
const STOP_MS_MAX = { SERVICE: 15_000, SERVER: 30_000 } as const;
const KILL_MS_MAX = 5_000;
const POLL_MS = 20;
const TAIL_LINES = 20;
const LOG_BYTES_MAX = 16 * 1024 * 1024;

export interface ProgramSpec {
  name: string;
  role: ProcessRecord['role'];
  address: string;
  command: string;
  args: readonly string[];
  cwd?: string;
  /** Complete environment: passwords travel here, never in argv, which every user can read. */
  env: NodeJS.ProcessEnv;
}

/** A process ended, or did not get ready, while the mesh was being started. */
export class StartError extends Error {
  readonly addressTaken: boolean;

  constructor(name: string, what: string, log: string) {
    const tail = lastLines(log, TAIL_LINES);
    super(`${name} ${what}\n${tail.map((line) => `  | ${line}`).join('\n')}\nfull log: ${log}`);
    this.addressTaken = /EADDRINUSE|address already in use|No address added/i.test(tail.join('\n'));
  }
}

export class ProcessTable {
  constructor(
    readonly home: Home,
    readonly state: State,
  ) {}

  save(): void {
    writeState(this.home, this.state);
  }

  async start(spec: ProgramSpec): Promise<ProcessRecord> {
    const log = path.join(this.home.logDir, `${spec.name}.log`);
    // Appended to, so that the log of a crash survives the restart that follows it.
    setLargeLogAside(log);
    const output = openSync(log, 'a', 0o600);
    const child = spawn(spec.command, [...spec.args], {
      cwd: spec.cwd ?? this.home.dir,
      env: spec.env,
      detached: true,
      stdio: ['ignore', output, output],
    });
    closeSync(output);
    const failed = new Promise<Error>((resolve) => child.once('error', resolve));
    child.unref();
    if (child.pid === undefined) {
      throw new Error(`${spec.name}: cannot run ${spec.command}: ${(await failed).message}`);
    }
    const identity = identify(child.pid);
    if (identity === undefined) throw new StartError(spec.name, 'ended at once', log);
    const { name, role, address } = spec;
    const record: ProcessRecord = { name, role, address, log, ...identity };
    this.state.processes.push(record);
    this.save();
    return record;
  }

  /** Services first, then servers; each kind in parallel. The state file shrinks as they end. */
  async stopAll(): Promise<void> {
    for (const role of ['SERVICE', 'SERVER'] as const) {
      const records = this.state.processes.filter((p) => p.role === role);
      await Promise.all(records.map((record) => endProcess(record, STOP_MS_MAX[role])));
      this.state.processes = this.state.processes.filter((p) => p.role !== role);
      this.save();
    }
  }
}

/** Keeps one older file: enough to look back, and no disk is ever filled by restarts. */
function setLargeLogAside(log: string): void {
  const size = statSync(log, { throwIfNoEntry: false })?.size ?? 0;
  if (size > LOG_BYTES_MAX) renameSync(log, `${log}.old`);
}

/** Polls until `probe` answers. A probe that throws means "not yet"; a dead process means never. */
export async function untilReady(
  record: ProcessRecord,
  probe: () => Promise<unknown>,
  o: { readyMsMax: number; signal?: AbortSignal | undefined },
): Promise<void> {
  const endMs = Date.now() + o.readyMsMax;
  for (let reason = ''; ; await sleep(POLL_MS * 2)) {
    o.signal?.throwIfAborted();
    if (!lives(record)) throw new StartError(record.name, 'ended while starting', record.log);
    try {
      await probe();
      return;
    } catch (e) {
      reason = (e as Error).message;
    }
    if (Date.now() > endMs) {
      const what = `was not ready after ${o.readyMsMax / 1000} s (${reason})`;
      throw new StartError(record.name, what, record.log);
    }
  }
}

/** Ends exactly this process, by identity: SIGTERM, a bounded wait, SIGKILL. */
export async function endProcess(record: ProcessRecord, stopMsMax: number): Promise<void> {
  if (await signalAndWait(record, 'SIGTERM', stopMsMax)) return;
  if (await signalAndWait(record, 'SIGKILL', KILL_MS_MAX)) return;
  throw new Error(`${record.name} (pid ${record.pid}) does not end, not even by SIGKILL`);
}

async function signalAndWait(
  record: ProcessRecord,
  signal: NodeJS.Signals,
  waitMs: number,
): Promise<boolean> {
  if (!lives(record)) return true;
  try {
    process.kill(record.pid, signal);
  } catch (e) {
    if ((e as NodeJS.ErrnoException).code !== 'ESRCH') throw e;
  }
  for (const endMs = Date.now() + waitMs; Date.now() < endMs; await sleep(POLL_MS)) {
    if (!lives(record)) return true;
  }
  return false;
}
