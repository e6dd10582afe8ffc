// The private Redis in the topology that was asked for. The services notice the difference in
// REDIS_URL only.
import type { ProcessTable } from '../process-table.js';
import type { Steps } from '../steps.js';
import { startRedisCluster } from './redis-cluster.js';
import { startRedisSentinel } from './redis-sentinel.js';
import { startRedis } from './redis-server.js';

export type RedisTopology = 'SERVER' | 'CLUSTER' | 'SENTINEL';

export interface StartedRedis {
  /** As REDIS_URL has it. */
  url: string;
  /** host:port of every server that holds data, replicas too. */
  nodes: string[];
}

export async function startRedisTopology(
  table: ProcessTable,
  o: { topology: RedisTopology; program: string; steps: Steps; signal?: AbortSignal | undefined },
): Promise<StartedRedis> {
  let started: StartedRedis = { url: '', nodes: [] };
  const { step, start } = TOPOLOGIES[o.topology];
  const detail = () => {
    const [first = '', ...others] = started.nodes;
    return others.length === 0 ? first : `${first} and ${others.length} more`;
  };
  await o.steps.step(step, detail, async () => {
    started = await start(table, o);
  });
  return started;
}

type Start = (
  table: ProcessTable,
  o: { program: string; signal?: AbortSignal | undefined },
) => Promise<StartedRedis>;

const TOPOLOGIES: Record<RedisTopology, { step: string; start: Start }> = {
  SERVER: {
    step: 'redis-1',
    async start(table, o) {
      const url = await startRedis(table, { name: 'redis-1', ...o });
      return { url, nodes: [new URL(url).host] };
    },
  },
  CLUSTER: {
    step: 'redis-cluster',
    async start(table, o) {
      const nodes = await startRedisCluster(table, o);
      return { url: `redis+cluster://${nodes.join(',')}`, nodes };
    },
  },
  SENTINEL: { step: 'redis-sentinel', start: startRedisSentinel },
};
