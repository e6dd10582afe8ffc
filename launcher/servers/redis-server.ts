// One private Redis (or Valkey): no snapshot and no append-only file, on purpose. Redis is the
// gate, and a gate may forget: MySQL arbitrates and the gate is rebuilt from it. It must never
// evict, though: a forgotten key among remembered ones is worse than forgetting all.
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { Redis } from 'ioredis';
import { freePort, LOOPBACK } from '../ports.js';
import { type ProcessTable, untilReady } from '../process-table.js';

const READY_MS_MAX = 20_000;
const PROBE_MS_MAX = 2_000;

/** Returns its URL. */
export async function startRedis(
  table: ProcessTable,
  o: { name: string; program: string; signal?: AbortSignal | undefined },
): Promise<string> {
  const dir = path.join(table.home.dataDir, o.name);
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const port = await freePort();
  const record = await table.start({
    name: o.name,
    role: 'SERVER',
    address: `${LOOPBACK}:${port}`,
    command: o.program,
    args: redisArguments(port, dir),
    cwd: dir,
    env: process.env,
  });
  const url = `redis://${LOOPBACK}:${port}`;
  await untilReady(record, () => askRedis(url), { readyMsMax: READY_MS_MAX, signal: o.signal });
  return url;
}

export function redisArguments(port: number, dir: string): string[] {
  const settings: Record<string, string> = {
    port: String(port),
    bind: LOOPBACK,
    'protected-mode': 'yes',
    dir,
    daemonize: 'no',
    save: '',
    appendonly: 'no',
    'maxmemory-policy': 'noeviction',
  };
  return Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
}

export async function askRedis(url: string): Promise<void> {
  const redis = new Redis(url, {
    lazyConnect: true,
    connectTimeout: PROBE_MS_MAX,
    commandTimeout: PROBE_MS_MAX,
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
  });
  // Refused connections are reported by the promise below; the event is the same news again.
  redis.on('error', () => undefined);
  try {
    await redis.connect();
    await redis.ping();
  } finally {
    redis.disconnect();
  }
}
