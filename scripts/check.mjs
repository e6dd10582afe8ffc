// The quality gate, `npm run check`: everything that needs no server. One line per step; what a
// step printed is shown only when it fails. All steps run, whatever fails; exit code 1 if any did.
//
//   node scripts/check.mjs [--json FILE] [--base REF] [STEP...]
//
// STEP names single steps (`npm run check -- lint types`). --base is the commit that the contract
// must stay compatible with (HEAD). FILE (dist/check.json) gets
// {"steps":[{"name","ok","seconds"}],"tests":{"passed","failed"}}.

import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const BIN = join(ROOT, 'node_modules', '.bin');
const CODE = ['services', 'launcher', 'loadtest', 'test', 'scripts'];
const UNIT_RESULT = join(ROOT, 'dist', 'unit-tests.json');

/** Two at a time: most machines that run this have two cores, and each step keeps one busy. */
const STEPS_AT_ONCE = 2;
/** The slowest step takes well under a minute; longer means that it hangs. */
const STEP_MS_MAX = 180_000;

const { values: options, positionals: wanted } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'string', default: join(ROOT, 'dist', 'check.json') },
    base: { type: 'string', default: 'HEAD' },
  },
});

/** Slowest first, so that the quick ones fill the gaps. Each resolves to {ok, output}. */
const STEPS = {
  tests: unitTests,
  lint: () =>
    all(
      command(
        'biome',
        'lint',
        '--diagnostic-level=warn',
        '--reporter=concise',
        '--error-on-warnings',
        '.',
      ),
      command(
        'oxlint',
        '--type-aware',
        '--deny-warnings',
        '--format=unix',
        ...present([...CODE, 'jest.config.js']),
      ),
    ),
  types: () =>
    all(
      command('tsc', '--noEmit', '--incremental', 'false', '-p', '.'),
      // The k6 scripts run in another world than Node's, so they are checked against that one.
      command('tsc', '-p', 'loadtest'),
    ),
  imports: () =>
    command(
      'depcruise',
      '--output-type',
      'err-long',
      ...present(['services', 'launcher', 'loadtest', 'test', 'gen']),
    ),
  unused: () => command('knip', '--no-progress', '--no-config-hints'),
  generated: () => command(process.execPath, 'scripts/generate.mjs', '--check'),
  format: () =>
    all(
      command('biome', 'format', '--reporter=summary', '.'),
      command('buf', 'format', '-d', '--exit-code', 'proto'),
    ),
  proto: () => command('buf', 'lint'),
  breaking: protoBreaking,
};

process.exitCode = await main();

async function main() {
  const unknown = wanted.filter((name) => !(name in STEPS));
  if (unknown.length > 0) {
    console.error(`No such step: ${unknown.join(', ')}. Steps: ${Object.keys(STEPS).join(', ')}.`);
    return 2;
  }
  const names = Object.keys(STEPS).filter((name) => wanted.length === 0 || wanted.includes(name));
  const steps = await runSteps(names);
  const tests = names.includes('tests') ? countTests() : { passed: 0, failed: 0 };
  writeResult({ steps, tests });

  const failed = steps.filter((step) => !step.ok).map((step) => step.name);
  console.log(`${steps.length - failed.length} of ${steps.length} steps ok`);
  if (failed.length > 0) console.log(`Failed: ${failed.join(', ')}`);
  return failed.length > 0 ? 1 : 0;
}

async function runSteps(names) {
  const queue = [...names];
  const results = [];
  const worker = async () => {
    for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
      results.push(await runStep(name));
    }
  };
  await Promise.all(Array.from({ length: STEPS_AT_ONCE }, worker));
  return results.sort((a, b) => names.indexOf(a.name) - names.indexOf(b.name));
}

async function runStep(name) {
  const startMs = performance.now();
  const { ok, output, note } = await STEPS[name]();
  const seconds = Math.round((performance.now() - startMs) / 100) / 10;
  const line = `${ok ? 'ok    ' : 'FAILED'}  ${name.padEnd(10)} ${seconds.toFixed(1).padStart(5)} s`;
  console.log(note === undefined ? line : `${line}  (${note})`);
  if (!ok) console.log(output.replace(/^/gm, '        ').trimEnd());
  return { name, ok, seconds };
}

function unitTests() {
  rmSync(UNIT_RESULT, { force: true });
  mkdirSync(dirname(UNIT_RESULT), { recursive: true });
  return command(
    process.execPath,
    '--experimental-vm-modules',
    '--disable-warning=ExperimentalWarning',
    'node_modules/jest/bin/jest.js',
    '--silent',
    '--passWithNoTests',
    // Each test file has a realm of its own, and after a hundred of them in one process V8's promise hooks
    // take most of its time: one file then ran for minutes. A worker that has grown is replaced.
    '--maxWorkers=2',
    '--workerIdleMemoryLimit=512MB',
    '--json',
    `--outputFile=${UNIT_RESULT}`,
    '--testPathIgnorePatterns',
    '\\.int\\.test\\.ts$',
    '/test/(scenarios|chaos)/',
  );
}

/** A test file that could not run at all counts as one failed test. */
function countTests() {
  if (!existsSync(UNIT_RESULT)) return { passed: 0, failed: 1 };
  const result = JSON.parse(readFileSync(UNIT_RESULT, 'utf8'));
  return {
    passed: result.numPassedTests,
    failed: result.numFailedTests + result.numRuntimeErrorTestSuites,
  };
}

/** Against the last commit: an archive without git, or a commit without proto, has nothing to break. */
async function protoBreaking() {
  const base = await command('git', 'rev-parse', '--verify', '--quiet', `${options.base}:proto`);
  if (!base.ok) return { ok: true, output: '', note: `no proto at ${options.base}` };
  return command('buf', 'breaking', '--against', `.git#ref=${options.base}`);
}

async function all(...running) {
  const results = await Promise.all(running);
  const failed = results.filter((result) => !result.ok);
  return { ok: failed.length === 0, output: failed.map((result) => result.output).join('\n') };
}

/** Runs to the end without input; in its own process group, so that a hanging one ends with its children. */
function command(file, ...args) {
  const env = { ...process.env, PATH: `${BIN}${delimiter}${process.env.PATH}`, NO_COLOR: '1' };
  return new Promise((settle) => {
    const stdio = ['ignore', 'pipe', 'pipe'];
    const child = spawn(file, args, { cwd: ROOT, env, stdio, detached: true });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => {
        output += text;
      });
    }
    const timer = setTimeout(() => {
      output += `\n${file}: still running after ${STEP_MS_MAX / 1000} s, ended`;
      process.kill(-child.pid, 'SIGKILL');
    }, STEP_MS_MAX);
    child.on('error', (error) => {
      clearTimeout(timer);
      settle({ ok: false, output: error.message });
    });
    child.on('close', (code) => {
      clearTimeout(timer);
      settle({ ok: code === 0, output });
    });
  });
}

function present(paths) {
  return paths.filter((path) => existsSync(join(ROOT, path)));
}

function writeResult(result) {
  const file = resolve(options.json);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(result)}\n`);
}
