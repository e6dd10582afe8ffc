// One service process of dist/ that a test starts beside a mesh, sees die or freeze at a crash point,
// and starts again at the same address.
import { type ChildProcess, spawn } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { ROOT } from '../../launcher/paths.js';

export interface ServiceProcess {
  readonly address: string;
  /** Resolves when it is gone, with the signal that ended it, or its exit code. */
  readonly ended: Promise<string>;
  /** Resolves with the crash point that it has reached; never when it reaches none. */
  readonly reached: Promise<string>;
  /** Continues a process that froze at a crash point. */
  thaw(): void;
  stop(): Promise<void>;
}

/** It migrates first, and several start at a time. */
const READY_MS_MAX = 30_000;
const STOP_MS_MAX = 10_000;
const KEPT_LINES_MAX = 40;

/** Resolves when the process serves, or has met its crash point before it could. */
export async function startService(o: {
  program: 'order' | 'inventory';
  address: string;
  env: Readonly<Record<string, string>>;
}): Promise<ServiceProcess> {
  const main = path.join(ROOT, 'dist', 'services', o.program, 'main.js');
  const env = { ...process.env, ...o.env, LISTEN: o.address };
  const child = spawn(process.execPath, [main], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    // Not 'exit', which may come before the last line that it wrote.
    child.once('close', (code, signal) => resolve(signal ?? `exit ${code}`));
  });
  const { serving, reached, lines } = readOutput(child);
  const timer = setTimeout(() => child.kill('SIGKILL'), READY_MS_MAX);
  const up = Promise.race([serving, reached]).then(() => undefined);
  const failure = await Promise.race([up, ended]);
  clearTimeout(timer);
  if (failure !== undefined) {
    throw new Error(`${o.program} did not start: ${failure}\n${lines.join('\n')}`);
  }
  return {
    address: o.address,
    ended,
    reached,
    thaw: () => void child.kill('SIGCONT'),
    stop: () => stop(child, ended),
  };
}

function readOutput(child: ChildProcess): {
  serving: Promise<'serving'>;
  reached: Promise<string>;
  lines: string[];
} {
  const lines: string[] = [];
  const eachLine = (stream: 'stdout' | 'stderr', see: (line: Record<string, unknown>) => void) => {
    const input = child[stream];
    if (input === null) return;
    createInterface({ input }).on('line', (text) => {
      lines.push(text);
      if (lines.length > KEPT_LINES_MAX) lines.shift();
      if (text.startsWith('{')) see(JSON.parse(text));
    });
  };
  const serving = new Promise<'serving'>((resolve) => {
    eachLine('stdout', (line) => {
      // Its metrics are served before.
      const serves = typeof line.port === 'number' && line.msg !== 'serving metrics';
      if (serves) resolve('serving');
    });
  });
  const reached = new Promise<string>((resolve) => {
    eachLine('stderr', (line) => {
      if (line.msg === 'crash point') resolve(String(line.point));
    });
  });
  return { serving, reached, lines };
}

async function stop(child: ChildProcess, ended: Promise<string>): Promise<void> {
  // A frozen process hears nothing but this.
  child.kill('SIGCONT');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS_MAX);
  await ended;
  clearTimeout(timer);
}
