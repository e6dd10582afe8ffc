// Promise: in a cluster too a command runs at most once per call, and its call settles within the
// command timeout.
// Method: two stand-ins for nodes that answer as they are told and count what they have run; a real
// cluster cannot be made to say TRYAGAIN at the right moment.

import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { eventually, silent } from '../real-servers.fixture.js';
import { connectRedis, isReady, masters, type RedisLink, redisReady } from './connect.js';
import { type Behaviour, FakeNode } from './fake-node.fixture.js';

const TIMEOUT_MS = 300;
/** Far above the timeout, far below the driver's patience with its own repeats. */
const SETTLED_MS_MAX = 1_500;

let a: FakeNode;
let b: FakeNode;
let link: RedisLink;

beforeEach(async () => {
  a = new FakeNode();
  b = new FakeNode();
  b.owner = a;
  await Promise.all([a.listen(), b.listen()]);
  link = connect();
  await redisReady(link);
});

afterEach(async () => {
  link.disconnect();
  await Promise.all([a.close(), b.close()]);
});

function connect(): RedisLink {
  const url = `redis+cluster://${a.address},${b.address}`;
  return connectRedis({ url, commandTimeoutMs: TIMEOUT_MS, log: silent });
}

const MOVED = '-MOVED 1 B';
const BACK = '-MOVED 1 A';
const ASK = '-ASK 1 B';
const TRY_AGAIN = '-TRYAGAIN Multiple keys request during rehashing of slot';
const DOWN = '-CLUSTERDOWN The cluster is down';
const twenty = (behaviour: Behaviour) => Array<Behaviour>(20).fill(behaviour);

describe('one call', () => {
  test.each<[string, { a: Behaviour[]; b?: Behaviour[]; runs: number; answer: RegExp | number }]>([
    ['that runs', { a: ['RUN'], runs: 1, answer: -1 }],
    ['whose connection breaks', { a: ['RUN_AND_CUT', 'RUN'], runs: 1, answer: /closed/ }],
    ['whose answer is lost', { a: ['RUN_AND_HUSH', 'RUN'], runs: 1, answer: /timed out/ }],
    ['that moved', { a: [MOVED], b: ['RUN'], runs: 1, answer: -1 }],
    ['that moved, and broke', { a: [MOVED], b: ['RUN_AND_CUT', 'RUN'], runs: 1, answer: /closed/ }],
    // The look around that MOVED begins finds no second owner, and ends that connection.
    [
      'that moved, unheard',
      { a: [MOVED], b: ['RUN_AND_HUSH'], runs: 1, answer: /closed|timed out/ },
    ],
    ['that moves', { a: [ASK], b: ['RUN'], runs: 1, answer: -1 }],
    ['that moves, and broke', { a: [ASK], b: ['RUN_AND_CUT', 'RUN'], runs: 1, answer: /closed/ }],
    ['between two nodes', { a: [TRY_AGAIN, 'RUN'], runs: 1, answer: -1 }],
    ['between two, and broke', { a: [TRY_AGAIN, 'RUN_AND_CUT'], runs: 1, answer: /closed/ }],
    ['between two for long', { a: twenty(TRY_AGAIN), runs: 0, answer: /Too many/ }],
    ['that nobody owns up to', { a: twenty(MOVED), b: twenty(BACK), runs: 0, answer: /Too many/ }],
    ['without a cluster', { a: [DOWN, 'RUN'], runs: 0, answer: /CLUSTERDOWN/ }],
    ['to a replica', { a: ['-READONLY no', 'RUN'], runs: 0, answer: /READONLY/ }],
    ['while data is loaded', { a: ['-LOADING data', 'RUN'], runs: 0, answer: /LOADING/ }],
  ])('%s', async (_, { a: onA, b: onB = [], runs, answer }) => {
    await meet();
    a.script.push(...onA.map(named));
    b.script.push(...onB.map(named));
    const startMs = performance.now();
    const settled = await link.call('decr', 'k').catch((e: Error) => e.message);
    if (typeof answer === 'number') expect(settled).toBe(answer);
    else expect(settled).toMatch(answer);
    expect(performance.now() - startMs).toBeLessThan(SETTLED_MS_MAX);
    // What the driver kept for later would arrive by now.
    await sleep(300);
    expect(a.runs + b.runs).toBe(runs);
  });
});

test('a redirection to a node that is not connected yet is refused, not kept for later', async () => {
  a.script.push(`-ASK 1 ${b.address}`);
  await expect(link.call('decr', 'k')).rejects.toThrow('closed');
  await eventually(() => isReady(link));
  expect(b.arrivals).toBe(0);
});

test('ASKING that is lost with its connection rejects the call and harms nobody else', async () => {
  const strays: unknown[] = [];
  const note = (reason: unknown) => strays.push(reason);
  process.on('unhandledRejection', note);
  await meet();
  b.cutsAtAsking = true;
  a.script.push(`-ASK 1 ${b.address}`);
  await expect(link.call('decr', 'k')).rejects.toThrow('closed');
  await sleep(50);
  process.off('unhandledRejection', note);
  expect(strays).toEqual([]);
});

test('a cluster that is lost is found again, by whatever node answers', async () => {
  a.cut();
  await expect(link.call('decr', 'k')).rejects.toThrow();
  await eventually(async () => (await link.call('decr', 'k').catch(() => 0)) !== 0);
  a.owner = b;
  b.owner = b;
  await a.close();
  await eventually(async () => (await link.call('decr', 'k').catch(() => 0)) !== 0);
  expect(b.runs).toBeGreaterThan(0);
  expect(masters(link).map((node) => node.options.port)).toEqual([b.port]);
  await a.listen();
});

function named(behaviour: Behaviour): Behaviour {
  return behaviour.replace(/ A$/, ` ${a.address}`).replace(/ B$/, ` ${b.address}`) as Behaviour;
}

test('a master that hangs is left when another has taken over', async () => {
  await meet();
  a.hangs = true;
  b.owner = b;
  await eventually(async () => (await link.call('decr', 'k').catch(() => 0)) === -1);
  expect(b.runs).toBe(1);
});

/** Lets the client connect to the second node, by one redirection. */
async function meet(): Promise<void> {
  a.script.push(`-ASK 1 ${b.address}`);
  await link.call('decr', 'k').catch(() => undefined);
  await eventually(() => masters(link).every(isReady) && masters(link).length === 2);
}
