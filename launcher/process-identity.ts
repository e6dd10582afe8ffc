// Who a process is: its pid AND when it started. A pid alone is reused by the kernel, and a state
// file outlives crashes and reboots; with the start time beside it, a stranger is never signalled.
// A zombie counts as gone: it holds no port and no file, and some containers never reap it.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

export interface ProcessIdentity {
  readonly pid: number;
  /** Opaque; equal exactly when it is the same process. */
  readonly startedAt: string;
}

/** Undefined when no such process lives. */
export function identify(pid: number): ProcessIdentity | undefined {
  const startedAt = process.platform === 'linux' ? startFromProc(pid) : startFromPs(pid);
  return startedAt === undefined ? undefined : { pid, startedAt };
}

export function identifySelf(): ProcessIdentity {
  const self = identify(process.pid);
  if (self === undefined) throw new Error('cannot read my own start time (is /proc mounted?)');
  return self;
}

export function lives(identity: ProcessIdentity): boolean {
  return identify(identity.pid)?.startedAt === identity.startedAt;
}

/** Start time in clock ticks since boot, from the text of /proc/<pid>/stat. */
export function parseProcStat(text: string): string | undefined {
  // The command name may hold spaces and brackets, so fields are counted from the last bracket.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const state = fields[0];
  const startTicks = fields[19];
  if (startTicks === undefined || state === 'Z' || state === 'X') return undefined;
  return startTicks;
}

/** Start time from `ps -o stat=,lstart=`, for systems without /proc. */
export function parsePs(text: string): string | undefined {
  const [stat, ...start] = text.trim().split(/\s+/);
  if (stat === undefined || start.length === 0 || stat.startsWith('Z')) return undefined;
  return start.join(' ');
}

function startFromProc(pid: number): string | undefined {
  try {
    const ticks = parseProcStat(readFileSync(`/proc/${pid}/stat`, 'utf8'));
    return ticks === undefined ? undefined : `${bootId()}:${ticks}`;
  } catch {
    return undefined;
  }
}

/** Ticks restart at boot, so they only mean something together with the boot. */
function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').slice(0, 8);
}

function startFromPs(pid: number): string | undefined {
  try {
    const options = { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C' } } as const;
    return parsePs(execFileSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], options));
  } catch {
    return undefined;
  }
}
