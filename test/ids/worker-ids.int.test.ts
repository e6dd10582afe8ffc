// Promise: however many processes make ids, however they die and whatever their clocks do, no id is made
// twice and no two processes hold one worker id; an operator sees who holds which.
// Method: real processes on one real MySQL server. ID_COUNT says how many ids each makes (125,000 for a
// million in all, by hand).
import { type ChildProcess, spawn } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { type Connection, createConnection } from 'mysql2/promise';
import { ROOT } from '../../launcher/paths.js';
import { timeOf, workerOf } from '../../services/platform/ids.js';
import { testUrl } from '../../services/platform/real-servers.fixture.js';

const PROCESSES = 8;
const COUNT = Number(process.env.ID_COUNT ?? 25_000);
const PROGRAM = path.join(ROOT, 'test', 'ids', 'make-ids.mjs');
/** Far longer than any of it takes. */
const MADE_MS_MAX = 60_000;

/** Less than the span that a lease reserves ahead (30 s), and more than a restart takes. */
const BEHIND_MS = -25_000;

interface MakeOptions {
  readonly windowMs: number;
  /** How far its clock is off from the start. */
  readonly shiftMs: number;
  readonly count: number;
  /** How far its clock is stepped after `count` ids; then it makes as many again. */
  readonly stepMs: number;
  /** How long it goes on trying when it is refused. */
  readonly patienceMs: number;
}

const CALM: MakeOptions = {
  windowMs: 30_000,
  shiftMs: 0,
  count: COUNT,
  stepMs: 0,
  patienceMs: 10_000,
};

let admin: Connection;
let database = '';
let makers: Maker[] = [];

beforeEach(async () => {
  database = `ids_${process.pid}_${Date.now().toString(36)}`;
  admin = await createConnection(testUrl('TEST_MYSQL_1'));
  await admin.query(`CREATE DATABASE ${database}`);
});

afterEach(async () => {
  await Promise.all(makers.map((maker) => maker.kill()));
  makers = [];
  await admin.query(`DROP DATABASE ${database}`);
  await admin.end();
});

test(`${PROCESSES} processes make ${PROCESSES * COUNT} ids, all different`, async () => {
  const started = await startAll(PROCESSES, CALM);
  expect(new Set(started.map((maker) => maker.workerId)).size).toBe(PROCESSES);
  const ids = started.flatMap((maker) => maker.ids);
  expect([ids.length, repeated(ids)]).toEqual([PROCESSES * COUNT, 0]);
  for (const { workerId, ids: made } of started) {
    expect(made.every((id) => workerOf(id) === workerId)).toBe(true);
  }
}, 120_000);

test('worker ids of processes that were killed are handed on, and no id is made again', async () => {
  const first = await startAll(PROCESSES, { ...CALM, windowMs: 1_000 });
  const held = first.map((maker) => maker.workerId);
  await Promise.all(first.map((maker) => maker.kill()));
  await admin.query(
    `UPDATE ${database}.worker_lease SET expires_ms = 9e15 WHERE worker_id NOT IN (?)`,
    [held],
  );
  // Their clocks are behind: only the fence keeps them off the time of those who died.
  const second = await startAll(PROCESSES, { ...CALM, shiftMs: BEHIND_MS });
  expect(second.map((maker) => maker.workerId).toSorted(byNumber)).toEqual(held.toSorted(byNumber));
  const ids = [...first, ...second].flatMap((maker) => maker.ids);
  expect([ids.length, repeated(ids)]).toEqual([2 * PROCESSES * COUNT, 0]);
  for (const { workerId, ids: later } of second) {
    const before = first.find((maker) => maker.workerId === workerId);
    expect(timeOf(later[0] ?? 0n)).toBeGreaterThan(timeOf(before?.ids.at(-1) ?? 0n));
  }
}, 120_000);

test.each([
  ['30 ms: time stands still and ids go on', -30, []],
  ['5 s: refused until the clock has caught up', -5_000, ['refused', 'resumed']],
  ['1 h: refused for as long as anybody cares to ask', -3_600_000, ['refused']],
])(
  'a clock that is set back by %s',
  async (_, stepMs, said) => {
    const patienceMs = stepMs === -5_000 ? 20_000 : 1_000;
    const maker = await startOne({ ...CALM, count: 2_000, stepMs, patienceMs });
    expect(maker.said.map((line) => line.split(' ')[0])).toEqual(said);
    expect(repeated(maker.ids)).toBe(0);
    expect(maker.ids.length >= 4_000).toBe(stepMs !== -3_600_000);
  },
  60_000,
);

test('a process that starts with a clock an hour behind takes a worker id of its own', async () => {
  const ahead = await startOne({ ...CALM, count: 2_000 });
  await ahead.leave();
  const behind = await startOne({ ...CALM, count: 2_000, shiftMs: -3_600_000 });
  expect(behind.workerId).not.toBe(ahead.workerId);
  expect(repeated([...ahead.ids, ...behind.ids])).toBe(0);
}, 60_000);

test('an operator sees which process of which host holds a worker id', async () => {
  const maker = await startOne({ ...CALM, count: 1 });
  const [rows] = await admin.query(
    `SELECT worker_id, holder FROM ${database}.worker_lease WHERE expires_ms > 0`,
  );
  expect(rows).toEqual([
    {
      worker_id: maker.workerId,
      holder: expect.stringMatching(new RegExp(`^[\\w.-]+:${maker.pid}:[0-9a-f-]{36}$`)),
    },
  ]);
}, 60_000);

class Maker {
  workerId = -1;
  readonly ids: bigint[] = [];
  /** `refused` and `resumed`, in order. */
  readonly said: string[] = [];
  readonly made: Promise<void>;
  readonly #child: ChildProcess;
  readonly #gone: Promise<void>;

  constructor(options: MakeOptions) {
    const dist = pathToFileURL(path.join(ROOT, 'dist', path.sep)).href;
    const told = JSON.stringify({ ...options, url: testUrl('TEST_MYSQL_1'), database, dist });
    const stdio = ['pipe', 'pipe', 'inherit'] as const;
    this.#child = spawn(process.execPath, [PROGRAM, told], { stdio: [...stdio] });
    this.#gone = new Promise((resolve) => this.#child.once('close', () => resolve()));
    this.made = new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('it takes too long')), MADE_MS_MAX);
      const ended = (end: () => void) => {
        clearTimeout(timer);
        end();
      };
      void this.#gone.then(() => ended(() => reject(new Error('it ended before all was made'))));
      if (this.#child.stdout === null) throw new Error('a child without an output');
      createInterface({ input: this.#child.stdout }).on('line', (line) => {
        if (line === 'made') ended(resolve);
        else this.#hear(line);
      });
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** It gives its worker id back. */
  async leave(): Promise<void> {
    this.#child.stdin?.end();
    await this.#gone;
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#gone;
  }

  #hear(line: string): void {
    const [word, value] = line.split(' ');
    if (word === 'leased') this.workerId = Number(value);
    else if (word === 'refused' || word === 'resumed') this.said.push(line);
    else this.ids.push(BigInt(line));
  }
}

async function startOne(options: MakeOptions): Promise<Maker> {
  const [maker] = await startAll(1, options);
  if (maker === undefined) throw new Error('nothing was started');
  return maker;
}

/** Resolves when each has made what it was told to; they hold their worker ids still. */
async function startAll(count: number, options: MakeOptions): Promise<Maker[]> {
  const started = Array.from({ length: count }, () => new Maker(options));
  makers.push(...started);
  await Promise.all(started.map((maker) => maker.made));
  return started;
}

/** How many ids are there more than once. Sorted as 64-bit numbers: a million of them fit a set badly. */
function repeated(ids: readonly bigint[]): number {
  const sorted = BigUint64Array.from(ids).sort();
  return sorted.filter((id, i) => i > 0 && id === sorted[i - 1]).length;
}

function byNumber(a: number, b: number): number {
  return a - b;
}
