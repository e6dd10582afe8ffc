// Promise: a private cluster and private sentinels come up whole, replace a killed master by
// themselves, and leave nothing behind.
// Method: real servers in a home of their own; the master of a key gets SIGKILL.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { redisReady } from '../../services/platform/redis/connect.js';
import { currentStatus } from '../mesh.js';
import { createHome, type Home, homeAt } from '../paths.js';
import { identifySelf, lives } from '../process-identity.js';
import { ProcessTable } from '../process-table.js';
import { emptyState } from '../state.js';
import { silent } from '../steps.js';
import { findPrograms } from './programs.js';
import { withRedis } from './redis-server.js';
import { type RedisTopology, startRedisTopology } from './redis-topology.js';

jest.setTimeout(60_000);

/** Silence of a second, an election, and a client that looks every second. */
const TAKEN_OVER_MS_MAX = 15_000;

let home: Home;
let table: ProcessTable;

beforeEach(() => {
  home = homeAt(mkdtempSync(path.join(tmpdir(), 'spillway-topology-')));
  createHome(home);
  table = new ProcessTable(home, emptyState(identifySelf()));
});

afterEach(async () => {
  const { processes } = table.state;
  await table.stopAll();
  const left = processes.filter(lives).map(({ name }) => name);
  if (left.length > 0) throw new Error(`still running: ${left.join()}`);
  rmSync(home.dir, { recursive: true });
});

test.each<[RedisTopology, number, string]>([
  ['CLUSTER', 6, 'redis-cluster-1'],
  ['SENTINEL', 2, 'redis-pair-1'],
])('%s', async (topology, servers, victim) => {
  const program = findPrograms(process.env['PATH'] ?? '').redis ?? '';
  const started = await startRedisTopology(table, { topology, program, steps: silent });
  expect(new Set(started.nodes).size).toBe(servers);
  table.state.redisUrls = [started.url];
  table.state.redisNodes = started.nodes;
  table.state.phase = 'UP';
  table.save();
  expect(currentStatus(home).redis).toEqual(started.nodes);

  await withRedis(started.url, async (link) => {
    await redisReady(link);
    // Slot 0, which the first master has.
    await link.set('3560', 'here');
    const record = table.state.processes.find(({ name }) => name === victim);
    if (record === undefined) throw new Error(`${victim} does not run`);
    process.kill(record.pid, 'SIGKILL');
    await expect(link.set('3560', 'lost')).rejects.toThrow();
    const endMs = Date.now() + TAKEN_OVER_MS_MAX;
    while ((await link.set('3560', 'again').catch(() => '')) !== 'OK') {
      expect(Date.now()).toBeLessThan(endMs);
      await sleep(50);
    }
    expect(await link.get('3560')).toBe('again');
  });
});
