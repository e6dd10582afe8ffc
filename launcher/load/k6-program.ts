// Finds k6, or builds the pinned version with Go, or says how to get it. Searched in this order:
// PATH, Go's own bin, .spillway/bin of this checkout. Only k6 2 will do: the scripts use what it
// brought.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { buildWithGo, findGo, goBinDirs } from '../go-program.js';
import { TOOL_DIR } from '../paths.js';
import { findProgram } from '../servers/programs.js';
import type { Steps } from '../steps.js';

const execFileAsync = promisify(execFile);

const MODULE = 'go.k6.io/k6/v2';
const VERSION = 'v2.2.0';
const MAJOR = 2;
const ASK_MS_MAX = 20_000;

export interface K6Program {
  readonly file: string;
  /** As it calls itself, such as v2.2.0. */
  readonly version: string;
}

export async function ensureK6(steps: Steps): Promise<K6Program> {
  const found = await findK6();
  if (found !== undefined) return found;
  const go = findGo();
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

async function buildK6(go: string): Promise<string> {
  try {
    return await buildWithGo(go, { name: 'k6', module: MODULE, version: VERSION });
  } catch (e) {
    const { message } = e as Error;
    throw new Error(howToGetK6(`Go could not build k6 ${VERSION}:\n${message}`), { cause: e });
  }
}

function howToGetK6(problem: string): string {
  return `${problem}

The load tests need k6 ${MAJOR} (${VERSION} is what they are tested with). One of:
  any system     install Go 1.21 or newer from https://go.dev/dl, then run this again: it builds k6
  Debian, Fedora, macOS, Docker
                 https://grafana.com/docs/k6/latest/set-up/install-k6
then make sure that \`k6 version\` works in this terminal.`;
}
