// The contract of `status`, state by state.
import { describe, expect, test } from '@jest/globals';
import { isCallable, meshStatus } from './mesh-status.js';
import { emptyState, type State } from './state.js';

const LAUNCHER = { pid: 1, startedAt: 'launcher' };
const record = (name: string, pid: number) => ({
  name,
  pid,
  startedAt: `start of ${pid}`,
  role: 'SERVICE' as const,
  address: `127.0.0.1:${pid}`,
  log: `/logs/${name}.log`,
});

function state(change: Partial<State>): State {
  return {
    ...emptyState(null),
    phase: 'UP',
    processes: [record('redis-1', 10), record('order-1', 11)],
    services: { order: ['127.0.0.1:11'], inventory: [], payment: [], gateway: ['http://g:1'] },
    redisUrls: ['redis://127.0.0.1:10'],
    mysqlUrls: ['mysql://spillway:secret@127.0.0.1:20'],
    ...change,
  };
}

const starting: Partial<State> = { phase: 'STARTING', supervisor: LAUNCHER };
const held: Partial<State> = { supervisor: LAUNCHER };

describe('the summary', () => {
  test.each<[string, State | undefined, number[], string, boolean]>([
    // what                                   state file             pids alive   summary     callable
    ['no state file', undefined, [], 'down', false],
    ['detached and whole', state({}), [10, 11], 'up', true],
    ['held by a launcher', state(held), [1, 10, 11], 'up', true],
    ['one process has ended', state({}), [10], 'degraded', true],
    ['all processes have ended', state({}), [], 'down', false],
    ['being started', state(starting), [1, 10, 11], 'starting', false],
    [
      'start begun, nothing spawned yet',
      state({ ...starting, processes: [] }),
      [1],
      'starting',
      false,
    ],
    ['launcher killed while starting', state(starting), [10], 'leftover', false],
    ['launcher killed later', state(held), [10, 11], 'leftover', false],
    ['launcher and processes killed', state(held), [], 'down', false],
    ['servers in containers', state({ composeProject: 'p', processes: [] }), [], 'up', true],
  ])('%s', (_, given, alive, summary, callable) => {
    const status = meshStatus(given, ({ pid }) => alive.includes(pid));
    expect(status.state).toBe(summary);
    expect(isCallable(status)).toBe(callable);
    if (!callable) expect(status).toMatchObject({ redis: [], mysql: [], services: { order: [] } });
  });
});

test('passwords never reach it', () => {
  const status = meshStatus(state({}), () => true);
  expect(status.mysql).toEqual(['127.0.0.1:20']);
  expect(JSON.stringify(status)).not.toContain('secret');
});

test('it tells where metrics are served, of a mesh that is up', () => {
  const metrics = { 'order-1': '127.0.0.1:30' };
  expect(meshStatus(state({ metrics }), () => true).metrics).toEqual(metrics);
  expect(meshStatus(undefined, () => true).metrics).toEqual({});
});

test('it lists who lives and who has ended', () => {
  const status = meshStatus(state({}), ({ pid }) => pid === 10);
  expect(status.processes).toEqual([
    { name: 'redis-1', pid: 10, address: '127.0.0.1:10', log: '/logs/redis-1.log' },
  ]);
  expect(status.ended).toEqual(['order-1']);
});
