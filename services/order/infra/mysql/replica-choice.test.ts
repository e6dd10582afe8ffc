// Promise: a read is tried on one replica at most, in turn, and never costs the primary its time: not
// for callers in haste, not for a second after a failure.

import { beforeEach, expect, test } from '@jest/globals';
import { ManualClock } from '../../../platform/clock.js';
import { silent } from '../../../platform/real-servers.fixture.js';
import { counters } from '../../../platform/telemetry/metrics.js';
import { ReplicaChoice } from './replica-choice.js';

const REST_MS = 1_000;
const MS_MAX = 200;

type Fake = { readonly name: string; state: 'WELL' | 'BEHIND' | 'DEAD' };

let clock: ManualClock;
let replicas: Fake[];
let asked: string[];
let choice: ReplicaChoice<Fake>;

beforeEach(() => {
  clock = new ManualClock(1_000_000);
  replicas = ['a', 'b'].map((name) => ({ name, state: 'WELL' }));
  asked = [];
  choice = new ReplicaChoice({ replicas, clock, log: silent, limits: { restMs: REST_MS } });
});

function read(remainingMs = 5_000): Promise<string | undefined> {
  const ask = { deadlineMs: clock.nowMs() + remainingMs, msMax: MS_MAX };
  return choice.try(ask, async ({ name, state }, deadlineMs) => {
    asked.push(name);
    expect(deadlineMs).toBe(clock.nowMs() + MS_MAX);
    if (state === 'DEAD') throw new Error('gone');
    return state === 'WELL' ? name : undefined;
  });
}

async function reads(count: number): Promise<(string | undefined)[]> {
  const answers: (string | undefined)[] = [];
  for (let i = 0; i < count; i++) answers.push(await read());
  return answers;
}

test('replicas take turns', async () => {
  expect(await reads(4)).toEqual(['a', 'b', 'a', 'b']);
});

test('one that is behind is no reason to ask the other, nor to leave it alone', async () => {
  for (const replica of replicas) replica.state = 'BEHIND';
  expect(await reads(3)).toEqual([undefined, undefined, undefined]);
  expect(asked).toEqual(['a', 'b', 'a']);
});

test('one that failed is left alone for a while, and then tried again', async () => {
  const [a] = replicas as [Fake, Fake];
  a.state = 'DEAD';
  expect(await reads(4)).toEqual([undefined, 'b', 'b', 'b']);
  await clock.advance(REST_MS);
  expect((await reads(4)).filter((answer) => answer === undefined)).toHaveLength(1);
  a.state = 'WELL';
  await clock.advance(REST_MS);
  expect(new Set(await reads(2))).toEqual(new Set(['a', 'b']));
});

test('one that failed, or was never heard of, is tried by one read at a time', async () => {
  const [only] = replicas as [Fake, Fake];
  choice = new ReplicaChoice({
    replicas: [only],
    clock,
    log: silent,
    limits: { restMs: REST_MS },
  });
  const crowd = () => Promise.all(Array.from({ length: 5 }, () => read()));
  only.state = 'DEAD';
  await crowd();
  await clock.advance(REST_MS);
  await crowd();
  expect(asked).toEqual(['a', 'a']);
  only.state = 'WELL';
  await clock.advance(REST_MS);
  expect((await crowd()).filter((answer) => answer === 'a')).toHaveLength(1);
  expect(await crowd()).toEqual(new Array(5).fill('a'));
});

test('with none that is well, nobody is asked', async () => {
  for (const replica of replicas) replica.state = 'DEAD';
  await reads(2);
  asked.length = 0;
  expect(await reads(5)).toEqual(new Array(5).fill(undefined));
  expect(asked).toEqual([]);
});

test.each([
  [2 * MS_MAX, 'a'],
  [2 * MS_MAX - 1, undefined],
  [0, undefined],
])('a caller with %d ms left', async (remainingMs, answer) => {
  expect(await read(remainingMs)).toBe(answer);
});

test('each read counts once, by what became of it', async () => {
  const family = counters('spillway.order.replica.reads');
  const words = ['ANSWERED', 'NOT_ENOUGH', 'FAILED', 'PASSED_OVER'] as const;
  const count = () => words.map((word) => family.of(word).read());
  const before = count();
  const [a, b] = replicas as [Fake, Fake];
  a.state = 'BEHIND';
  await reads(2);
  b.state = 'DEAD';
  await reads(2);
  await read(1);
  expect(count().map((value, i) => value - (before[i] ?? 0))).toEqual([1, 2, 1, 1]);
});
