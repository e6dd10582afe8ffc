// A private Redis Cluster, or a Redis with sentinels, for tests that kill parts of it: nobody else uses
// it, and it is gone after them. Made by the launcher's own functions.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createHome, homeAt } from '../../launcher/paths.js';
import { identifySelf } from '../../launcher/process-identity.js';
import { ProcessTable } from '../../launcher/process-table.js';
import { findPrograms } from '../../launcher/servers/programs.js';
import { type RedisTopology, startRedisTopology } from '../../launcher/servers/redis-topology.js';
import { emptyState } from '../../launcher/state.js';
import { silent } from '../../launcher/steps.js';

export interface TestRedis {
  /** As REDIS_URL has it. */
  url: string;
  /** SIGKILL for the server at host:port. */
  kill(address: string): void;
  stop(): Promise<void>;
}

export async function startTestRedis(topology: RedisTopology): Promise<TestRedis> {
  const home = homeAt(mkdtempSync(path.join(tmpdir(), 'spillway-redis-')));
  createHome(home);
  const table = new ProcessTable(home, emptyState(identifySelf()));
  const stop = async () => {
    await table.stopAll();
    rmSync(home.dir, { recursive: true, force: true });
  };
  try {
    const program = findPrograms(process.env['PATH'] ?? '').redis;
    if (program === undefined) throw new Error('redis-server (or valkey-server) not found');
    const { url } = await startRedisTopology(table, { topology, program, steps: silent });
    const kill = (address: string) => {
      const record = table.state.processes.find((one) => one.address === address);
      if (record === undefined) throw new Error(`no server of ours at ${address}`);
      process.kill(record.pid, 'SIGKILL');
    };
    return { url, kill, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
