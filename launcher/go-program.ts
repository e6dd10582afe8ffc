// Programs that are built with Go because the machine has none: where Go keeps its own, and how a pinned
// version comes into .spillway/bin of this checkout.
import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { TOOL_DIR } from './paths.js';
import { findProgram } from './servers/programs.js';

const execFileAsync = promisify(execFile);

/** Fetching and compiling the largest, some 300 packages, takes eight minutes on busy cores. */
const BUILD_MS_MAX = 30 * 60_000;
const ASK_MS_MAX = 20_000;
const OUTPUT_BYTES_MAX = 16 * 1024 * 1024;

export interface GoProgram {
  /** What the program is called. */
  readonly name: string;
  /** Of the package that is the program. */
  readonly module: string;
  readonly version: string;
}

export function findGo(): string | undefined {
  return findProgram(['go'], process.env['PATH'] ?? '');
}

/** Where `go install` puts what somebody has installed; nothing without Go. */
export async function goBinDirs(): Promise<string[]> {
  const go = findGo();
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
 * Answers the built program. In a module of its own, not by `go install`: that also asks for the list of
 * all versions, which not every module proxy keeps. Go checks what it fetches against the public checksum
 * database, and fetches a newer Go when it is itself too old. Throws with the end of what Go said.
 */
export async function buildWithGo(
  go: string,
  { name, module, version }: GoProgram,
): Promise<string> {
  const work = mkdtempSync(path.join(tmpdir(), `spillway-${name}-`));
  const draft = path.join(work, name);
  const target = path.join(TOOL_DIR, name);
  writeFileSync(
    path.join(work, 'go.mod'),
    `module spillway.invalid/${name}\n\ngo 1.21\n\nrequire ${module} ${version}\n`,
  );
  try {
    await execFileAsync(go, ['build', '-ldflags=-s -w', '-o', draft, module], {
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
    throw new Error((stderr ?? (e as Error).message).trim().split('\n').slice(-5).join('\n'), {
      cause: e,
    });
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
