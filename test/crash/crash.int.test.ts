// Processes die at every point where a crash could matter, and freeze while they hold something; the
// rest of the mesh goes on, and so does the client, who asks again.
//
// Promise: no unit is sold twice or lost, every acknowledged reservation exists, a retry hears the
// first answer, and what is left can be had within seconds.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { CRASH_POINTS } from '../../services/platform/crash-point.js';
import { startTestMesh, type TestMesh } from '../harness/test-mesh.js';
import { checkBackCrashes } from './check-back-crashes.js';
import { type CrashSeen, runCrash } from './crash-run.js';
import { CrashStage, ONLY_SERVES } from './crash-stage.js';
import { CRASHES } from './crash-table.js';
import { orderCrashes } from './order-crashes.js';
import { races } from './races.js';
import { zombies } from './zombies.js';

const START_MS_MAX = 120_000;
/** Stories of their own SKUs, told side by side: most of the time is that of starting processes. */
const SIDE_BY_SIDE = 3;

let mesh: TestMesh | undefined;
let stage: CrashStage | undefined;
const told: Promise<CrashSeen>[] = [];
const reached = new Set<string>();

beforeAll(async () => {
  Object.assign(process.env, ONLY_SERVES);
  mesh = await startTestMesh({ order: 1, inventory: 2, payment: 1 });
  stage = new CrashStage(mesh);
}, START_MS_MAX);

afterAll(async () => {
  stage?.close();
  await mesh?.stop();
}, START_MS_MAX);

const playing = (): CrashStage => {
  if (stage === undefined) throw new Error('the mesh did not start');
  return stage;
};

// First: the others look for ended holds once a minute, and would end those of this story.
checkBackCrashes(playing, reached);
const relayed = orderCrashes(playing, reached);

describe('a process dies', () => {
  beforeAll(() => {
    const lanes = Array.from({ length: SIDE_BY_SIDE }, () => Promise.resolve());
    CRASHES.forEach((crash, i) => {
      const lane = i % SIDE_BY_SIDE;
      const run = (lanes[lane] as Promise<void>).then(() => runCrash(playing(), crash));
      told.push(run);
      // A story that fails ends itself and not its lane; its own test says so.
      lanes[lane] = run.then(
        () => undefined,
        () => undefined,
      );
    });
  });

  test.each(CRASHES.map((crash, i) => [crash.at, crash.after, crash.end, i] as const))(
    '%s: stock %s, and %s when asked again',
    async (at, after, end, i) => {
      const seen = await told[i];
      expect(seen).toEqual({ reached: at, after, end });
      reached.add(at);
    },
    120_000,
  );
});

describe('a process freezes', () => {
  zombies(playing);
});

describe('over two processes', () => {
  races(playing);
});

test('what a dead relay had claimed is delivered when its claim has ended', async () => {
  await relayed();
}, 60_000);

test('after all this not one unit is missing', async () => {
  const report = await mesh?.audit();
  const grave = report?.problems.filter(({ kind }) => kind !== 'LEAKED' && kind !== 'UNHELD');
  expect({ ...report, problems: grave }).toMatchObject({ problems: [], oversold: 0, drift: 0 });
}, 30_000);

test('every crash point was reached', () => {
  expect(Object.keys(CRASH_POINTS).filter((name) => !reached.has(name))).toEqual([]);
});
