// The shell script at the root, in a stand-in checkout: no npm, no network, only what it decides to
// do.
import { spawn } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { ROOT } from './paths.js';

let dir: string;
let checkout: string;
let bin: string;

/** Plays npm: writes down what it was asked for, and leaves behind what the real one would. */
const NPM = `#!/bin/sh
echo "npm $*" >>"$CALLS"
case "$1" in
  ci) [ -n "\${NPM_FAILS-}" ] && { echo "registry not found"; exit 1; }
    mkdir -p node_modules && : >node_modules/.package-lock.json ;;
  run) [ -n "\${BUILD_FAILS-}" ] && { echo "type error"; exit 1; }
    sleep 0.3; mkdir -p dist/launcher && cp launcher/main.mjs dist/launcher/main.js ;;
esac
`;

beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'spillway-script-'));
  checkout = path.join(dir, 'check out');
  bin = path.join(dir, 'bin');
  for (const name of [bin, path.join(checkout, 'launcher')]) mkdirSync(name, { recursive: true });
  copyFileSync(path.join(ROOT, 'spillway'), path.join(checkout, 'spillway'));
  writeFileSync(path.join(checkout, 'package.json'), '{"type":"module"}');
  writeFileSync(path.join(checkout, 'package-lock.json'), '{}');
  const says = 'console.log(process.cwd(), ...process.argv.slice(2))';
  writeFileSync(path.join(checkout, 'launcher', 'main.mjs'), says);
  program('npm', NPM);
  symlinkSync(process.execPath, path.join(bin, 'node'));
});
afterEach(() => rmSync(dir, { recursive: true }));

describe('what it does before it hands over', () => {
  test('the first time it installs and builds; the second time neither', async () => {
    const first = await spillway(['status', 'a b']);
    expect(first).toMatchObject({ code: 0, stdout: `${dir} status a b\n` });
    expect(first.stderr).toBe('Installing packages (npm ci) ...\nBuilding ...\n');
    expect(calls()).toEqual([
      'npm ci --ignore-scripts --no-audit --no-fund',
      'npm run --silent build',
    ]);
    expect(await spillway(['status'])).toMatchObject({ code: 0, stderr: '' });
    expect(calls()).toHaveLength(2);
  });

  test.each([
    ['a newer lock file installs and builds again', 'package-lock.json', ['ci', 'run']],
    ['a newer source builds again', 'launcher/main.mjs', ['run']],
    ['a changed directory (a deleted source) builds again', 'launcher', ['run']],
  ])('%s', async (_, touched, expected) => {
    await spillway([]);
    const later = Date.now() / 1000 + 5;
    utimesSync(path.join(checkout, touched), later, later);
    await spillway([]);
    expect(
      calls()
        .slice(2)
        .map((call) => call.split(' ')[1]),
    ).toEqual(expected);
  });

  test('works through a symbolic link', async () => {
    symlinkSync(path.join('..', 'check out', 'spillway'), path.join(bin, 'sw'));
    expect(await spillway(['help'], path.join(bin, 'sw'))).toMatchObject({
      stdout: `${dir} help\n`,
    });
  });

  test('of several at once, one does the work', async () => {
    const all = await Promise.all([1, 2, 3].map(() => spillway([])));
    expect(all.map((one) => one.code)).toEqual([0, 0, 0]);
    expect(calls()).toHaveLength(2);
    expect(existsSync(path.join(checkout, 'dist', '.lock'))).toBe(false);
  });

  test('the lock of one that was killed does not last', async () => {
    mkdirSync(path.join(checkout, 'dist', '.lock'), { recursive: true });
    writeFileSync(path.join(checkout, 'dist', '.lock', 'pid'), '999999999');
    expect(await spillway([])).toMatchObject({ code: 0 });
  });
});

describe('what it says when it cannot', () => {
  test('node is missing', async () => {
    rmSync(path.join(bin, 'node'));
    const { code, stderr } = await spillway([]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/node is not installed[\s\S]*nodejs.org/);
  });

  test.each(['18.20.4', '20.18.3'])('node is too old: %s', async (version) => {
    rmSync(path.join(bin, 'node'));
    program('node', `#!/bin/sh\necho ${version}\n`);
    const { code, stderr } = await spillway([]);
    expect(code).toBe(1);
    expect(stderr).toContain(`node ${version} is too old: 20.19 or newer is needed`);
  });

  test('npm ci fails: what it printed, what to do, and the next run tries again', async () => {
    const { code, stderr } = await spillway([], undefined, { NPM_FAILS: '1' });
    expect(code).toBe(1);
    expect(stderr).toMatch(/registry not found[\s\S]*npm ci failed[\s\S]*Check the network/);
    expect(await spillway([])).toMatchObject({ code: 0 });
  });
});

test('a build that fails stops everything but looking at a mesh and ending it', async () => {
  await spillway([]);
  const later = Date.now() / 1000 + 5;
  utimesSync(path.join(checkout, 'launcher'), later, later);
  const broken = (command: string) => spillway([command], undefined, { BUILD_FAILS: '1' });
  expect(await broken('up')).toMatchObject({ code: 1, stdout: '' });
  expect((await broken('up')).stderr).toMatch(/type error[\s\S]*the build failed/);
  expect(await broken('down')).toMatchObject({ code: 0, stdout: `${dir} down\n` });
});

function program(name: string, text: string): void {
  writeFileSync(path.join(bin, name), text);
  chmodSync(path.join(bin, name), 0o755);
}

function calls(): string[] {
  return readFileSync(path.join(dir, 'calls'), 'utf8').trim().split('\n');
}

/**
 * Started in the directory above, with nothing on PATH but our stand-ins and the standard tools.
 */
function spillway(
  args: string[],
  script = path.join(checkout, 'spillway'),
  extra: Record<string, string> = {},
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  for (const tool of STANDARD_TOOLS) linkTool(tool);
  const env = { PATH: bin, CALLS: path.join(dir, 'calls'), ...extra };
  return new Promise((resolve, reject) => {
    const child = spawn('/bin/sh', [script, ...args], { cwd: dir, env });
    const [stdout, stderr]: [string[], string[]] = [[], []];
    child.stdout.setEncoding('utf8').on('data', (text: string) => stdout.push(text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => stderr.push(text));
    child.once('error', reject);
    child.once('close', (code) => {
      resolve({ code, stdout: stdout.join(''), stderr: stderr.join('') });
    });
  });
}

const STANDARD_TOOLS = [
  'cat',
  'cp',
  'dirname',
  'find',
  'head',
  'mkdir',
  'mv',
  'readlink',
  'rm',
  'sleep',
];

/**
 * The real node may be in /usr/bin, so that directory cannot be on PATH when node is to be missing.
 */
function linkTool(name: string): void {
  const target = ['/bin', '/usr/bin']
    .map((at) => path.join(at, name))
    .find((file) => existsSync(file));
  const link = path.join(bin, name);
  if (target !== undefined && !existsSync(link)) symlinkSync(target, link);
}
