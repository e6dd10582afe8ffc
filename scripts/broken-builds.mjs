// The self-test of the load tests, `npm run broken-builds`: a build that oversells by one, one that
// loses an order it has promised, and one with a slow step are each put under load with real k6,
// and the load test must say so. A load test that passes a broken build proves nothing by passing a
// sound one.
//
//   node scripts/broken-builds.mjs [--only NAME]... [--broken-only] [--json FILE]
//
// The bugs are planted in a private copy of dist/, one after the other, each with a mesh of its
// own; the build itself, unchanged, must pass first, unless somebody has just seen to that. FILE
// gets {"builds":[{"name","ok"}]}.

import { spawnSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
/**
 * Not the launcher's script nor the lock file: an `npm ci` there would empty the real node_modules.
 */
const COPIED = ['dist', 'loadtest', 'proto', 'third_party', 'buf.yaml', 'package.json'];
/** A run of some seconds, its mesh and its audit; a mesh that hangs must not hang this. */
const RUN_MS_MAX = 180_000;

const SETTLE = 'dist/services/inventory/domain/settle.js';
const INVENTORY = 'dist/services/inventory/infra';
const CREATE_ORDER = 'dist/services/order/app/create-order.js';

const SHORT_SALE = ['flash-sale', '--short', '--seed', '1'];

const BUILDS = [
  { name: 'as-it-is', edits: [], load: SHORT_SALE, mustBreak: undefined },
  {
    // Every guard has to be broken before a unit is sold twice: the gate, the rule, the condition
    // of the update, the constraint of the table, and the notice that turns losers away at the
    // door.
    name: 'oversells-by-one',
    edits: [
      [
        `${INVENTORY}/redis/lua/reserve.lua`,
        "if left < line.quantity then return refuse('SOLD",
        "if left + 1 < line.quantity then return refuse('SOLD",
      ],
      [SETTLE, 'if (row.available < line.quantity) {', 'if (row.available + 1 < line.quantity) {'],
      [
        `${INVENTORY}/mysql/rows.js`,
        'epoch = ? AND available >= ?)',
        'epoch = ? AND available + 1 >= ?)',
      ],
      [
        `${INVENTORY}/mysql/sql/0001_inventory.sql`,
        'CHECK (available >= 0)',
        'CHECK (available >= -1)',
      ],
      ['dist/services/inventory/app/stock-feed.js', 'if (sight.row.available > 0)', 'if (true)'],
    ],
    load: SHORT_SALE,
    mustBreak: 'no unit is sold twice',
  },
  {
    name: 'loses-an-order',
    edits: [
      [
        'dist/services/order/infra/mysql/commit-batch.js',
        'made.set(key, order);',
        'if (item.orderId % 20n !== 0n) made.set(key, order);',
      ],
    ],
    load: SHORT_SALE,
    mustBreak: 'every accepted order is in the books',
  },
  {
    name: 'has-a-slow-step',
    edits: [
      [
        CREATE_ORDER,
        "crashPoint('create.after-commit');",
        "crashPoint('create.after-commit'); await new Promise((done) => setTimeout(done, 3_500));",
      ],
    ],
    load: ['steady', '--short', '--rate', '10', '--duration', '5s', '--seed', '1'],
    mustBreak: 'grpc_req_duration{op:create} p(99)<3000',
  },
];

const { values: options } = parseArgs({
  options: {
    only: { type: 'string', multiple: true, default: [] },
    'broken-only': { type: 'boolean', default: false },
    json: { type: 'string' },
  },
});

process.exitCode = main();

function main() {
  const chosen = BUILDS.filter(
    ({ name, mustBreak }) =>
      (options.only.length === 0 || options.only.includes(name)) &&
      (mustBreak !== undefined || !options['broken-only']),
  );
  if (chosen.length === 0) {
    console.error(`No such build. There are: ${BUILDS.map(({ name }) => name).join(', ')}.`);
    return 2;
  }
  const builds = chosen.map((build) => ({ name: build.name, ok: judge(build) }));
  if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify({ builds })}\n`);
  return builds.every(({ ok }) => ok) ? 0 : 1;
}

/** Whether the load test said what it should; also false when the bug could not be planted. */
function judge(build) {
  const startMs = performance.now();
  const copy = realpathSync(mkdtempSync(join(tmpdir(), 'spillway-broken-')));
  try {
    const problem = plant(copy, build.edits);
    const [word, note] = problem === undefined ? runLoad(copy, build) : ['UNUSABLE', problem];
    const seconds = ((performance.now() - startMs) / 1000).toFixed(1).padStart(5);
    console.log(`${word.padEnd(8)}  ${build.name.padEnd(18)} ${seconds} s  ${note}`);
    return word === 'found' || word === 'passes';
  } finally {
    // The link goes first, by itself, so that nothing can follow it.
    unlinkSync(join(copy, 'node_modules'));
    rmSync(copy, { recursive: true, force: true });
  }
}

/** The reason why it could not be done, or undefined. */
function plant(copy, edits) {
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
  for (const name of COPIED) cpSync(join(ROOT, name), join(copy, name), { recursive: true });
  for (const [file, find, replace] of edits) {
    const text = readFileSync(join(copy, file), 'utf8');
    const places = text.split(find).length - 1;
    if (places !== 1) return `${file} has its text ${places} times, not once: ${find}`;
    writeFileSync(
      join(copy, file),
      text.replace(find, () => replace),
    );
  }
  return undefined;
}

function runLoad(copy, { load, mustBreak }) {
  const home = join(copy, 'home');
  const result = join(copy, 'load.json');
  mkdirSync(home, { mode: 0o700 });
  const installed = join(ROOT, '.spillway', 'bin');
  const run = spawnSync(
    process.execPath,
    [join(copy, 'dist', 'launcher', 'main.js'), 'load', ...load, '--json', result],
    {
      env: {
        ...process.env,
        SPILLWAY_HOME: home,
        PATH: `${process.env.PATH}${delimiter}${installed}`,
      },
      encoding: 'utf8',
      timeout: RUN_MS_MAX,
    },
  );
  const [only] = readRuns(result);
  if (only === undefined) return ['UNUSABLE', lastLines(`${run.stdout}${run.stderr}`)];
  const broken = [...only.thresholds, ...only.checks, ...only.verdict].filter(({ ok }) => !ok);
  const note = broken.map(({ name, detail }) => `${name} (${detail})`).join('; ');
  if (mustBreak === undefined) {
    return run.status === 0 ? ['passes', ''] : ['FAILS', note];
  }
  const said = broken.some(({ name }) => name === mustBreak);
  return run.status === 1 && said ? ['found', note] : ['MISSED', `exit ${run.status}: ${note}`];
}

function readRuns(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).runs;
  } catch {
    return [];
  }
}

function lastLines(text) {
  return text.trim().split('\n').slice(-4).join(' | ');
}
