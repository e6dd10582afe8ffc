// A process that stands still while something is tried: it hears nothing and answers nothing, and its
// connections stay open. Whatever is answered meanwhile was answered without it.
import { execFileSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';

/** The signal is in effect within microseconds; this is for a machine that is out of breath. */
const STOP_MS_MAX = 2_000;

/** Answers what `work` answers. The process goes on afterwards in any case. */
export async function whileFrozen<T>(pid: number, work: () => Promise<T>): Promise<T> {
  process.kill(pid, 'SIGSTOP');
  try {
    const untilMs = Date.now() + STOP_MS_MAX;
    while (!stopped(pid)) {
      if (Date.now() > untilMs) throw new Error(`process ${pid} does not stop`);
      await sleep(1);
    }
    return await work();
  } finally {
    process.kill(pid, 'SIGCONT');
  }
}

function stopped(pid: number): boolean {
  return execFileSync('ps', ['-o', 'state=', '-p', String(pid)], { encoding: 'utf8' }).startsWith(
    'T',
  );
}
