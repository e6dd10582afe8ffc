// Starting, recording and ending real child processes (of node; no network).
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { lastLines } from './log-tail.js';
import { createHome, type Home, homeAt } from './paths.js';
import { identifySelf, lives } from './process-identity.js';
import { endProcess, ProcessTable, StartError, untilReady } from './process-table.js';
import { emptyState, readState } from './state.js';

let home: Home;
let table: ProcessTable;
beforeEach(() => {
  home = homeAt(mkdtempSync(path.join(tmpdir(), 'spillway-table-')));
  createHome(home);
  table = new ProcessTable(home, emptyState(identifySelf()));
});
afterEach(async () => {
  for (const record of readState(home)?.processes ?? []) await endProcess(record, 0);
  rmSync(home.dir, { recursive: true });
});

const start = (name: string, script: string, role: 'SERVER' | 'SERVICE' = 'SERVICE') =>
  table.start({
    name,
    role,
    address: '',
    command: process.execPath,
    args: ['-e', script],
    env: { ...process.env, NODE_OPTIONS: '' },
  });

const STAYS = 'console.log("up"); setInterval(() => 0, 1000);';

test('a process is on record as soon as it runs, and off it when it is stopped', async () => {
  const record = await start('order-1', STAYS);
  expect(readState(home)?.processes).toEqual([record]);
  expect(lives(record)).toBe(true);
  await table.stopAll();
  expect(lives(record)).toBe(false);
  expect(readState(home)?.processes).toEqual([]);
});

test('services end before servers', async () => {
  const tellEnd = (text: string) =>
    `process.on("SIGTERM", () => { console.log(Date.now()); process.exit(); }); ${text}`;
  const server = await start('mysql-1', tellEnd(STAYS), 'SERVER');
  const service = await start('order-1', tellEnd(STAYS));
  for (const { log } of [server, service]) while (lastLines(log, 1)[0] !== 'up') await sleep(10);
  await table.stopAll();
  const endOf = (log: string) => Number(lastLines(log, 1)[0]);
  expect(endOf(service.log)).toBeLessThanOrEqual(endOf(server.log));
});

test('a process that dies while starting is told with the end of its log and where that is', async () => {
  const script =
    'for (let i = 0; i < 30; i++) console.log("line " + i); console.error("no database")';
  const record = await start('order-1', script);
  const failed = untilReady(record, () => Promise.reject(new Error('not yet')), {
    readyMsMax: 5_000,
  });
  await expect(failed).rejects.toThrow(StartError);
  await expect(failed).rejects.toThrow(
    /order-1 ended while starting[\s\S]*\| no database\nfull log: /,
  );
  await expect(failed).rejects.not.toThrow(/line 5\n/);
});

test('a taken port is recognised, so that the start can be repeated with another', async () => {
  const record = await start(
    'order-1',
    'throw new Error("listen EADDRINUSE: address already in use")',
  );
  const failed = untilReady(record, () => Promise.reject(new Error('not yet')), {
    readyMsMax: 5_000,
  });
  await expect(failed).rejects.toMatchObject({ addressTaken: true });
});

test('a process that never gets ready is given up, with the reason', async () => {
  const record = await start('order-1', STAYS);
  const failed = untilReady(record, () => Promise.reject(new Error('refused')), {
    readyMsMax: 100,
  });
  await expect(failed).rejects.toThrow(/was not ready after 0.1 s \(refused\)/);
});

test('a process that ignores SIGTERM is killed', async () => {
  const record = await start('order-1', `process.on("SIGTERM", () => 0); ${STAYS}`);
  while (lastLines(record.log, 1)[0] !== 'up') await sleep(10);
  await endProcess(record, 50);
  expect(lives(record)).toBe(false);
});

test('a recycled pid is left alone', async () => {
  const record = await start('order-1', STAYS);
  await endProcess({ ...record, startedAt: 'another' }, 50);
  expect(lives(record)).toBe(true);
});

test('a program that is not there is told by name', async () => {
  const spec = { name: 'redis-1', role: 'SERVER' as const, address: '', args: [], env: {} };
  await expect(table.start({ ...spec, command: '/none/redis-server' })).rejects.toThrow(
    /redis-1: cannot run \/none\/redis-server/,
  );
});
