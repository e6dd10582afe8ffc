// One run of real k6: started with the script and its settings, watched through the journal it
// writes, ended when the command is interrupted. Its own words go to a file; only when it fails are
// they shown.
import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, readSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { StringDecoder } from 'node:string_decoder';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ScenarioName, ScenarioSize } from '../../loadtest/plan/scenario-table.js';
import { lastLines } from '../log-tail.js';
import type { MeshStatus } from '../mesh.js';
import { ROOT } from '../paths.js';
import type { Journal } from './journal.js';
import type { K6Program } from './k6-program.js';
import { type K6Summary, readK6Summary } from './k6-summary.js';

/** k6 exits with this when a threshold did not hold: that is an answer, not a breakdown. */
const THRESHOLDS_CROSSED = 99;
/** Time beyond the run itself: making its users, filling thousands of shelves, the last calls. */
const BESIDE_MS_MAX = 240_000;
const READ_EVERY_MS = 250;
const READ_BYTES = 1024 * 1024;
const TAIL_LINES = 15;

export interface K6Run {
  readonly k6: K6Program;
  readonly scenario: ScenarioName;
  readonly size: ScenarioSize;
  readonly short: boolean;
  readonly seed: number;
  readonly tag: string;
  readonly protosets: string;
  readonly dir: string;
}

export interface K6Outcome {
  readonly exitCode: number;
  readonly summary: K6Summary;
}

/** Fills the journal while it runs. Throws when k6 broke down rather than judged. */
export async function runK6(
  run: K6Run,
  mesh: MeshStatus,
  journal: Journal,
  signal: AbortSignal,
): Promise<K6Outcome> {
  const files = filesOf(run.dir);
  writeFileSync(files.journal, '');
  const output = openSync(files.log, 'w', 0o600);
  const child = spawn(run.k6.file, argumentsOf(run, files.journal), {
    cwd: run.dir,
    env: { ...process.env, ...settingsOf(run, mesh, files.summary) },
    stdio: ['ignore', output, output],
  });
  closeSync(output);
  const stop = () => child.kill('SIGKILL');
  signal.addEventListener('abort', stop, { once: true });
  const timer = setTimeout(stop, run.size.seconds * 1000 + BESIDE_MS_MAX);
  let ended = false;
  const following = followJournal(files.journal, journal, () => ended);
  try {
    const exitCode = await new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code) => resolve(code ?? -1));
    });
    ended = true;
    await following;
    signal.throwIfAborted();
    if (exitCode !== 0 && exitCode !== THRESHOLDS_CROSSED)
      throw new Error(brokeDown(exitCode, files));
    return { exitCode, summary: readK6Summary(readFileSync(files.summary, 'utf8')) };
  } finally {
    ended = true;
    clearTimeout(timer);
    signal.removeEventListener('abort', stop);
  }
}

export function filesOf(dir: string) {
  return {
    journal: path.join(dir, 'journal.log'),
    log: path.join(dir, 'k6.log'),
    summary: path.join(dir, 'k6-summary.json'),
    result: path.join(dir, 'result.json'),
    report: path.join(dir, 'report.html'),
  };
}

function argumentsOf(run: K6Run, journal: string): string[] {
  const script = path.join(ROOT, 'loadtest', `${run.scenario}.ts`);
  const output = ['--log-format', 'raw', '--console-output', journal, '--no-color', '--quiet'];
  return ['run', ...output, script];
}

function settingsOf(run: K6Run, mesh: MeshStatus, summary: string): Record<string, string> {
  const { size } = run;
  return {
    // It shares the processors with what it measures, and may take memory in place of time: some 2 GB.
    GOGC: '400',
    // It neither reports its use nor looks for extensions: a load test calls the mesh and nobody
    // else.
    K6_NO_USAGE_REPORT: 'true',
    K6_AUTO_EXTENSION_RESOLUTION: 'false',
    LOAD_SCENARIO: run.scenario,
    LOAD_TAG: run.tag,
    LOAD_SEED: String(run.seed),
    LOAD_RATE: String(size.rate),
    LOAD_SECONDS: String(size.seconds),
    LOAD_SKUS: String(size.skus),
    LOAD_UNITS: String(size.units),
    LOAD_SHORT: run.short ? '1' : '0',
    LOAD_ORDER: mesh.services.order.join(','),
    LOAD_INVENTORY: mesh.services.inventory.join(','),
    LOAD_PAYMENT: mesh.services.payment.join(','),
    LOAD_GATEWAY: mesh.services.gateway[0] ?? '',
    LOAD_PROTOSETS: run.protosets,
    LOAD_SUMMARY: summary,
  };
}

/** Reads what was added since the last look, once more after the end. */
async function followJournal(file: string, journal: Journal, ended: () => boolean): Promise<void> {
  const source = openSync(file, 'r');
  const decoder = new StringDecoder('utf8');
  const buffer = Buffer.alloc(READ_BYTES);
  try {
    for (let last = false; !last; ) {
      last = ended();
      for (let n = readSync(source, buffer); n > 0; n = readSync(source, buffer)) {
        journal.take(decoder.write(buffer.subarray(0, n)));
      }
      if (!last) await sleep(READ_EVERY_MS);
    }
  } finally {
    closeSync(source);
  }
}

function brokeDown(exitCode: number, files: ReturnType<typeof filesOf>): string {
  const tail = [...lastLines(files.log, TAIL_LINES), ...lastLines(files.journal, 3)];
  const lines = tail.map((line) => `  | ${line}`).join('\n');
  return `k6 broke down with exit code ${exitCode}\n${lines}\nfull log: ${files.log}`;
}
