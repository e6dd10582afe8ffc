// A private Redis with one replica, and three sentinels that make the replica the master when two of
// them agree that the master is gone. Set up for quick failovers, as the private cluster is.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { redisReady } from '../../services/platform/redis/connect.js';
import { freePort, LOOPBACK } from '../ports.js';
import { type ProcessTable, untilReady } from '../process-table.js';
import { together } from '../together.js';
import {
  askRedis,
  emptyDir,
  startRedis,
  startRedisProgram,
  untilSettled,
  withRedis,
} from './redis-server.js';

/** What the sentinels call the master, and the last part of the URL. */
const MASTER_NAME = 'gate';
const SENTINELS = 3;
const QUORUM = 2;
/** A master that is silent for so long is given up; on one machine nothing is far away. */
const DOWN_AFTER_MS = 1_000;
/** An attempt to fail over that got stuck is made anew after twice this. */
const FAILOVER_MS_MAX = 3_000;
const READY_MS_MAX = 20_000;
/** They find each other through the master, every other second. */
const FORMED_MS_MAX = 20_000;

/** Returns the addresses of the sentinels, the URL of the master they name, and the servers. */
export async function startRedisSentinel(
  table: ProcessTable,
  o: { program: string; signal?: AbortSignal | undefined },
): Promise<{ url: string; nodes: string[] }> {
  const { program, signal } = o;
  const master = await freePort();
  const replica = await freePort();
  const settings = { replicaof: `${LOOPBACK} ${master}` };
  await startRedis(table, { name: 'redis-pair-1', program, port: master, signal });
  await startRedis(table, { name: 'redis-pair-2', program, port: replica, settings, signal });
  const sentinels = Array.from({ length: SENTINELS }, (_, i) => (inner: AbortSignal) => {
    return startSentinel(table, { name: `sentinel-${i + 1}`, program, master, signal: inner });
  });
  const addresses = await together(signal, sentinels);
  const formed = () => Promise.all(addresses.map(askSentinel)).then(() => undefined);
  await untilSettled('the sentinels do not meet', formed, { msMax: FORMED_MS_MAX, signal });
  return {
    url: `redis+sentinel://${addresses.join(',')}/${MASTER_NAME}`,
    nodes: [master, replica].map((port) => `${LOOPBACK}:${port}`),
  };
}

/** It keeps what it learns in its configuration file, so it needs one that it may write. */
async function startSentinel(
  table: ProcessTable,
  o: { name: string; program: string; master: number; signal: AbortSignal },
): Promise<string> {
  const port = await freePort();
  const dir = emptyDir(table, o.name);
  const file = path.join(dir, 'sentinel.conf');
  writeFileSync(file, sentinelSettings(port, dir, o.master), { mode: 0o600 });
  const args = [file, '--sentinel'];
  const record = await startRedisProgram(table, { name: o.name, program: o.program, port, args });
  const address = `${LOOPBACK}:${port}`;
  const probe = () => askRedis(`redis://${address}`);
  await untilReady(record, probe, { readyMsMax: READY_MS_MAX, signal: o.signal });
  return address;
}

function sentinelSettings(port: number, dir: string, master: number): string {
  return `${[
    `port ${port}`,
    `bind ${LOOPBACK}`,
    'protected-mode yes',
    `dir "${dir}"`,
    `sentinel monitor ${MASTER_NAME} ${LOOPBACK} ${master} ${QUORUM}`,
    `sentinel down-after-milliseconds ${MASTER_NAME} ${DOWN_AFTER_MS}`,
    `sentinel failover-timeout ${MASTER_NAME} ${FAILOVER_MS_MAX}`,
    `sentinel parallel-syncs ${MASTER_NAME} 1`,
  ].join('\n')}\n`;
}

/** Throws unless it knows the replica and the other sentinels: else there is no failover yet. */
async function askSentinel(address: string): Promise<void> {
  await withRedis(`redis://${address}`, async (link) => {
    await redisReady(link);
    const master = asRecord((await link.call('sentinel', 'master', MASTER_NAME)) as string[]);
    const { 'num-slaves': replicas, 'num-other-sentinels': others } = master;
    if (replicas === '1' && others === String(SENTINELS - 1)) return;
    throw new Error(`${address} knows ${replicas} replicas and ${others} other sentinels`);
  });
}

function asRecord(pairs: readonly string[]): Record<string, string | undefined> {
  const record: Record<string, string> = {};
  for (let i = 0; i + 1 < pairs.length; i += 2) record[pairs[i] ?? ''] = pairs[i + 1] ?? '';
  return record;
}
