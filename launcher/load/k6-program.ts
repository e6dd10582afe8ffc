// Finds k6, or builds the pinned version with Go, or says how to get it. Searched in this order:
// PATH, Go's own bin, .spillway/bin of this checkout. Only k6 2 will do: the scripts use what it
// brought.
import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { TOOL_DIR } from '../paths.js';
import { findProgram } from '../servers/programs.js';
import type { Steps } from '../steps.js';

const execFileAsync = promisify(execFile);

const MODULE = 'go.k6.io/k6/v2';
const VERSION = 'v2.2.0';
const MAJOR = 2;
/**
 * Some 300 packages to fetch and compile: one to two minutes on two idle cores, eight on busy ones.
 */
const BUILD_MS_MAX = 30 * 60_000;
const ASK_MS_MAX = 20_000;
const OUTPUT_BYTES_MAX = 16 * 1024 * 1024;

export interface K6Program {
  readonly file: string;
  /** As it calls itself, such as v2.2.0. */
  readonly version: string;
}

export async function ensureK6(steps: Steps): Promise<K6Program> {
  const found = await findK6();
  if (found !== undefined) return found;
  const go = findProgram(['go'], process.env['PATH'] ?? '');
  if (go === undefined) throw new Error(howToGetK6('There is no k6 here, and no Go to build it.'));
  steps.line('  There is no k6 here. Building it with Go takes some minutes, once ...');
  let built = '';
  await steps.step(
    'k6',
    () => `${VERSION}, built with Go`,
    async () => {
      built = await buildK6(go);
    },
  );
  const version = await versionOf(built);
  if (version === undefined) throw new Error(howToGetK6(`The k6 that Go built does not start.`));
  return { file: built, version };
}

/** The major version that `k6 version` prints; undefined for what is no k6. */
export function parseK6Version(text: string): { version: string; major: number } | undefined {
  const match = /^k6(?:\.exe)? (v?(\d+)\.\d+\.\d+\S*)/m.exec(text);
  if (match === null) return undefined;
  const [, version = '', major = ''] = match;
  return { version, major: Number(major) };
}

async function findK6(): Promise<K6Program | undefined> {
  const dirs = [process.env['PATH'] ?? '', ...(await goBinDirs()), TOOL_DIR];
  for (const dir of dirs) {
    const file = findProgram(['k6'], dir);
    const version = file === undefined ? undefined : await versionOf(file);
    if (file !== undefined && version !== undefined) return { file, version };
  }
  return undefined;
}

/** Undefined for a k6 of another major version too: it would stumble over our scripts. */
async function versionOf(file: string): Promise<string | undefined> {
  try {
    const { stdout } = await execFileAsync(file, ['version'], { timeout: ASK_MS_MAX });
    const parsed = parseK6Version(stdout);
    return parsed?.major === MAJOR ? parsed.version : undefined;
  } catch {
    return undefined;
  }
}

async function goBinDirs(): Promise<string[]> {
  const go = findProgram(['go'], process.env['PATH'] ?? '');
  if (go === undefined) return [];
  try {
    const { stdout } = await execFileAsync(go, ['env', 'GOBIN', 'GOPATH'], { timeout: ASK_MS_MAX });
    const [gobin = '', gopath = ''] = stdout.split('\n').map((line) => line.trim());
    const paths = gopath.split(path.delimiter).filter((dir) => dir !== '');
    return [gobin, ...paths.map((dir) => path.join(dir, 'bin'))].filter((dir) => dir !== '');
  } catch {
    return [];
  }
}

/**
 * In a module of its own, not by `go install`: that also asks for the list of all versions, which
 * not every module proxy keeps. Go checks what it fetches against the public checksum database, and
 * fetches a newer Go when it is itself too old for this k6.
 */
async function buildK6(go: string): Promise<string> {
  const work = mkdtempSync(path.join(tmpdir(), 'spillway-k6-'));
  const draft = path.join(work, 'k6');
  const target = path.join(TOOL_DIR, 'k6');
  writeFileSync(
    path.join(work, 'go.mod'),
    `module spillway.invalid/k6\n\ngo 1.21\n\nrequire ${MODULE} ${VERSION}\n`,
  );
  try {
    await execFileAsync(go, ['build', '-ldflags=-s -w', '-o', draft, MODULE], {
      cwd: work,
      env: {
        ...process.env,
        CGO_ENABLED: '0',
        GOFLAGS: '-mod=mod -buildvcs=false',
        GOTOOLCHAIN: 'auto',
        GOWORK: 'off',
      },
      timeout: BUILD_MS_MAX,
      maxBuffer: OUTPUT_BYTES_MAX,
    });
    mkdirSync(TOOL_DIR, { recursive: true, mode: 0o700 });
    moveInto(draft, target);
    return target;
  } catch (e) {
    const { stderr } = e as { stderr?: string };
    const reason = (stderr ?? (e as Error).message).trim().split('\n').slice(-5).join('\n');
    throw new Error(howToGetK6(`Go could not build k6 ${VERSION}:\n${reason}`), { cause: e });
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Two installs at once both end with a whole program in place. */
function moveInto(draft: string, target: string): void {
  const beside = `${target}.${process.pid}`;
  try {
    renameSync(draft, beside);
  } catch {
    // Another file system: rename cannot cross it.
    copyFileSync(draft, beside);
  }
  renameSync(beside, target);
}

function howToGetK6(problem: string): string {
  return `${problem}

The load tests need k6 ${MAJOR} (${VERSION} is what they are tested with). One of:
  any system     install Go 1.21 or newer from https://go.dev/dl, then run this again: it builds k6
  Debian, Fedora, macOS, Docker
                 https://grafana.com/docs/k6/latest/set-up/install-k6
then make sure that \`k6 version\` works in this terminal.`;
}
