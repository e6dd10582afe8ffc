// A private Redis Cluster: three masters, each with a replica that takes over by itself. It is set up
// for quick failovers, so that a test or a demonstration sees one within seconds.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { redisReady } from '../../services/platform/redis/connect.js';
import { freePortPair, LOOPBACK } from '../ports.js';
import type { ProcessTable } from '../process-table.js';
import { together } from '../together.js';
import { findProgram } from './programs.js';
import { startRedis, untilSettled, withRedis } from './redis-server.js';

const execFileAsync = promisify(execFile);

const MASTERS = 3;
const REPLICAS_PER_MASTER = 1;
/** A cluster's second port, by which its nodes talk, has this distance from the first. */
const BUS_PORT_DISTANCE = 10_000;
/** Takes a second; on a machine that is busy, many. */
const CREATE_MS_MAX = 60_000;
const FORMED_MS_MAX = 20_000;

/** What each node is told; it keeps its own idea of the cluster in its directory. */
export const CLUSTER_SETTINGS = {
  'cluster-enabled': 'yes',
  'cluster-config-file': 'nodes.conf',
  // A master that is silent for so long is replaced; on one machine nothing is far away.
  'cluster-node-timeout': '1000',
  // The partitions of the other masters go on.
  'cluster-require-full-coverage': 'no',
  // However old its memory: MySQL arbitrates, and a SKU is loaded anew where the memory is no good.
  'cluster-replica-validity-factor': '0',
};

/** Returns the addresses of its nodes, masters first. */
export async function startRedisCluster(
  table: ProcessTable,
  o: { program: string; signal?: AbortSignal | undefined },
): Promise<string[]> {
  const cli = clusterTool();
  const nodes = Array.from({ length: MASTERS * (1 + REPLICAS_PER_MASTER) }, (_, i) => {
    return async (signal: AbortSignal) => {
      const name = `redis-cluster-${i + 1}`;
      const port = await freePortPair(BUS_PORT_DISTANCE);
      const { program } = o;
      await startRedis(table, { name, program, port, settings: CLUSTER_SETTINGS, signal });
      return `${LOOPBACK}:${port}`;
    };
  });
  const addresses = await together(o.signal, nodes);
  const how = ['--cluster-replicas', String(REPLICAS_PER_MASTER), '--cluster-yes'];
  await execFileAsync(cli, ['--cluster', 'create', ...addresses, ...how], {
    timeout: CREATE_MS_MAX,
    ...(o.signal === undefined ? {} : { signal: o.signal }),
  });
  const formed = () => Promise.all(addresses.map(askNode)).then(() => undefined);
  const patience = { msMax: FORMED_MS_MAX, signal: o.signal };
  await untilSettled('the cluster does not form', formed, patience);
  return addresses;
}

/**
 * Throws unless the node sees the whole cluster and every replica in its place, and, if it is a
 * replica itself, has its master's data.
 */
async function askNode(address: string): Promise<void> {
  await withRedis(`redis://${address}`, async (link) => {
    await redisReady(link);
    const cluster = String(await link.call('cluster', 'info'));
    const replication = String(await link.call('info', 'replication'));
    // Each range of slots: first, last, then a master and its replicas.
    const ranges = (await link.call('cluster', 'slots')) as unknown[][];
    const placed = ranges.every((range) => range.length === 3 + REPLICAS_PER_MASTER);
    if (!cluster.includes('cluster_state:ok') || ranges.length !== MASTERS || !placed) {
      throw new Error(`${address} does not see all of it`);
    }
    if (replication.includes('master_link_status:down')) throw new Error(`${address} has no data`);
  });
}

function clusterTool(): string {
  const cli = findProgram(['redis-cli', 'valkey-cli'], process.env['PATH'] ?? '');
  if (cli !== undefined) return cli;
  throw new Error(
    'redis-cli (or valkey-cli) not found: it makes the cluster. Package: redis-tools',
  );
}
