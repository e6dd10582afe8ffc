// One private Redis (or Valkey): no snapshot and no append-only file, on purpose. Redis is the
// gate, and a gate may forget: MySQL arbitrates and the gate is rebuilt from it. It must never
// evict, though: a forgotten key among remembered ones is worse than forgetting all.
import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createLog } from '../../services/platform/log.js';
import {
  connectRedis,
  masters,
  type RedisLink,
  redisReady,
} from '../../services/platform/redis/connect.js';
import { freePort, LOOPBACK } from '../ports.js';
import { type ProcessTable, untilReady } from '../process-table.js';
import type { ProcessRecord } from '../state.js';

const READY_MS_MAX = 20_000;
const PROBE_MS_MAX = 2_000;
const LOOK_MS = 40;

export interface RedisSpec {
  name: string;
  program: string;
  port?: number;
  /** Added to what every server is told. */
  settings?: Readonly<Record<string, string>>;
  signal?: AbortSignal | undefined;
}

/** Returns its URL. */
export async function startRedis(table: ProcessTable, o: RedisSpec): Promise<string> {
  const port = o.port ?? (await freePort());
  const dir = emptyDir(table, o.name);
  const args = [...redisArguments(port, dir), ...asArguments(o.settings ?? {})];
  const record = await startRedisProgram(table, { ...o, port, args });
  const url = `redis://${LOOPBACK}:${port}`;
  await untilReady(record, () => askRedis(url), { readyMsMax: READY_MS_MAX, signal: o.signal });
  return url;
}

export async function startRedisProgram(
  table: ProcessTable,
  o: { name: string; program: string; port: number; args: readonly string[] },
): Promise<ProcessRecord> {
  return await table.start({
    name: o.name,
    role: 'SERVER',
    address: `${LOOPBACK}:${o.port}`,
    command: o.program,
    args: o.args,
    cwd: redisDir(table, o.name),
    env: process.env,
  });
}

/** What an earlier run left, such as a cluster's idea of its nodes, is about ports that are gone. */
export function emptyDir(table: ProcessTable, name: string): string {
  const dir = redisDir(table, name);
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  return dir;
}

function redisDir(table: ProcessTable, name: string): string {
  return path.join(table.home.dataDir, name);
}

export function redisArguments(port: number, dir: string): string[] {
  return asArguments({
    port: String(port),
    bind: LOOPBACK,
    'protected-mode': 'yes',
    dir,
    daemonize: 'no',
    save: '',
    appendonly: 'no',
    'maxmemory-policy': 'noeviction',
    // A replica is of use at once, and nobody else is coming.
    'repl-diskless-sync': 'yes',
    'repl-diskless-sync-delay': '0',
  });
}

function asArguments(settings: Readonly<Record<string, string>>): string[] {
  return Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
}

/** Throws unless every master that the URL leads to answers, with the reason of the last failure. */
export async function askRedis(url: string): Promise<void> {
  await withRedis(url, async (link) => {
    await redisReady(link, PROBE_MS_MAX);
    await Promise.all(masters(link).map((redis) => redis.ping()));
  });
}

export async function withRedis<T>(url: string, work: (link: RedisLink) => Promise<T>): Promise<T> {
  const log = createLog({ service: 'launcher', level: 'silent' });
  const link = connectRedis({ url, commandTimeoutMs: PROBE_MS_MAX, log });
  try {
    return await work(link);
  } finally {
    link.disconnect();
  }
}

/** Looks again and again until it does not throw any more; then the last reason is thrown. */
export async function untilSettled(
  what: string,
  look: () => Promise<void>,
  o: { msMax: number; signal?: AbortSignal | undefined },
): Promise<void> {
  for (const endMs = Date.now() + o.msMax; ; await sleep(LOOK_MS)) {
    o.signal?.throwIfAborted();
    try {
      await look();
      return;
    } catch (e) {
      if (Date.now() < endMs) continue;
      throw new Error(`${what}: ${(e as Error).message}`, { cause: e });
    }
  }
}
