// Promise: a mesh leaves nothing behind, whoever kills what, and two checkouts do not meet. Method:
// real servers in two homes deep below the temp directory, SIGKILL, and a look at who still lives.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import mysql from 'mysql2/promise';
import { down } from './commands/down.js';
import { acquireLock } from './lock.js';
import { currentStatus, endLeftovers, serverUrls, startMesh, stopMesh, withMesh } from './mesh.js';
import { createHome, type Home, homeAt, ROOT } from './paths.js';
import { lives } from './process-identity.js';
import { readState } from './state.js';
import { silent } from './steps.js';

jest.setTimeout(60_000);

/** Deeper than the 107 bytes that the path of a Unix socket may have. */
const DEEP = 'a-directory-with-a-long-name/'.repeat(5);
const options = { serversOnly: true, steps: silent };

let dir: string;
let homes: Home[];
beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'spillway-mesh-'));
  homes = ['a', 'b'].map((name) => homeAt(path.join(dir, DEEP, name)));
  for (const home of homes) createHome(home);
});
afterEach(async () => {
  for (const home of homes) if (existsSync(home.dir)) await endLeftovers(home);
  rmSync(dir, { recursive: true });
});

const at = (i: number): Home => homes[i] as Home;

describe('two homes side by side', () => {
  test('each has its own servers; killing one is seen and mended there, and not felt next door', async () => {
    const tables = await Promise.all(homes.map((home) => startMesh({ ...options, home })));
    const [a, b] = homes.map((home) => currentStatus(home));
    expect(a).toMatchObject({ state: 'up', redis: [expect.any(String)] });
    expect(a?.mysql).toHaveLength(2);
    const addresses = [a, b].flatMap((status) => [
      ...(status?.redis ?? []),
      ...(status?.mysql ?? []),
    ]);
    expect(new Set(addresses).size).toBe(6);

    kill(at(0), 'mysql-2');
    await eventually(() => currentStatus(at(0)).state === 'degraded');
    expect(currentStatus(at(0)).ended).toEqual(['mysql-2']);
    expect(currentStatus(at(1)).state).toBe('up');

    // The next start ends what is left of the old one, and the killed server recovers its data.
    const before = readState(at(0))?.processes ?? [];
    const again = await startMesh({ ...options, home: at(0) });
    expect(before.filter(lives)).toEqual([]);
    expect(currentStatus(at(0)).state).toBe('up');

    const running = homes.flatMap((home) => readState(home)?.processes ?? []);
    expect(running.filter(lives)).toHaveLength(6);
    await Promise.all([again, ...tables.slice(1)].map(stopMesh));
    expect(running.filter(lives)).toEqual([]);
    for (const home of homes) expect(currentStatus(home).state).toBe('down');
  });
});

describe('the servers', () => {
  test('keep what they acknowledged, and let our user into its own databases only', async () => {
    await withMesh({ ...options, home: at(0) }, async (mesh) => {
      expect(mesh.processes.map((p) => p.name).sort()).toEqual(['mysql-1', 'mysql-2', 'redis-1']);
      const urls = serverUrls(at(0));
      const connection = await mysql.createConnection(urls.mysql[0] as string);
      try {
        const [rows] = await connection.query(
          `SELECT @@innodb_flush_log_at_trx_commit AS flushed, @@log_bin AS binlog,
           @@innodb_doublewrite AS doublewrite, @@time_zone AS zone`,
        );
        expect(rows).toEqual([{ flushed: 1, binlog: 0, doublewrite: 1, zone: '+00:00' }]);
        await connection.query('CREATE DATABASE spillway_order');
        await expect(connection.query('CREATE DATABASE other')).rejects.toThrow(/denied/);
      } finally {
        await connection.end();
      }
      const root = new URL(urls.mysql[0] as string);
      root.username = 'root';
      root.password = '';
      await expect(mysql.createConnection(root.href)).rejects.toThrow(/denied/);
    });
    expect(currentStatus(at(0)).state).toBe('down');
  });
});

describe('withMesh', () => {
  test('takes its mesh down when the work fails, and uses a running one without ending it', async () => {
    const broken = withMesh({ ...options, home: at(0) }, () => Promise.reject(new Error('broken')));
    await expect(broken).rejects.toThrow('broken');
    expect(currentStatus(at(0)).state).toBe('down');

    const table = await startMesh({ ...options, home: at(0) });
    const seen = await withMesh({ ...options, home: at(0) }, (mesh) => Promise.resolve(mesh.redis));
    expect(seen).toEqual(currentStatus(at(0)).redis);
    expect(currentStatus(at(0)).state).toBe('up');
    await stopMesh(table);
  });

  test('does not start beside a launcher that is at work', async () => {
    const release = acquireLock(at(0), 'up');
    await expect(withMesh({ ...options, home: at(0) }, () => Promise.resolve())).rejects.toThrow(
      /another launcher/,
    );
    release();
  });
});

describe('a launcher that is killed', () => {
  test('while holding a mesh leaves servers that down finds, and --wipe leaves nothing', async () => {
    const launcher = spawnLauncher(at(0), ['up', '--servers-only']);
    await eventually(() => currentStatus(at(0)).state === 'up');
    const running = readState(at(0))?.processes ?? [];
    launcher.kill('SIGKILL');
    await once(launcher, 'exit');
    expect(currentStatus(at(0)).state).toBe('leftover');
    expect(running.filter(lives)).toHaveLength(3);

    await down(at(0), true);
    expect(running.filter(lives)).toEqual([]);
    expect(existsSync(at(0).dir)).toBe(false);
  });

  test('while running tests leaves servers that the next test run ends', async () => {
    const first = spawnLauncher(at(0), ['with-servers', '--', 'sleep', '60']);
    await eventually(() => testStates(at(0)).some((state) => state.mysqlUrls.length === 2));
    const abandoned = testStates(at(0)).flatMap((state) => state.processes);
    first.kill('SIGKILL');
    await once(first, 'exit');
    expect(abandoned.filter(lives)).toHaveLength(3);

    const second = spawnLauncher(at(0), ['with-servers', '--', 'sh', '-c', 'exit 7']);
    expect(await once(second, 'exit')).toEqual([7, null]);
    expect(abandoned.filter(lives)).toEqual([]);
    expect(testStates(at(0))).toEqual([]);
  });
});

test('Ctrl-C while tests run ends the command, then the servers', async () => {
  const launcher = spawnLauncher(at(0), ['with-servers', '--', 'sleep', '60']);
  await eventually(() => testStates(at(0)).some((state) => state.mysqlUrls.length === 2));
  const running = testStates(at(0)).flatMap((state) => state.processes);
  launcher.kill('SIGINT');
  expect(await once(launcher, 'exit')).toEqual([130, null]);
  expect(running.filter(lives)).toEqual([]);
});

function spawnLauncher(home: Home, args: string[]) {
  const main = path.join(ROOT, 'dist', 'launcher', 'main.js');
  const env = { ...process.env, SPILLWAY_HOME: home.dir };
  return spawn(process.execPath, [main, ...args], { env, stdio: 'ignore' });
}

function testStates(home: Home) {
  return readdirSync(home.dir)
    .filter((name) => name.startsWith('test-'))
    .flatMap((name) => readState(homeAt(path.join(home.dir, name))) ?? []);
}

function kill(home: Home, name: string): void {
  const record = readState(home)?.processes.find((p) => p.name === name);
  if (record === undefined) throw new Error(`${name} does not run`);
  process.kill(record.pid, 'SIGKILL');
}

async function eventually(condition: () => boolean): Promise<void> {
  for (const endMs = Date.now() + 30_000; !condition(); await sleep(20)) {
    if (Date.now() > endMs) throw new Error('it did not happen within 30 s');
  }
}
