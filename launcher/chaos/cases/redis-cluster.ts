// What happens to a Redis Cluster: masters lose their memory, are replaced, stand still, or hand a
// slot over while it is being sold from.

import { LOOPBACK } from '../../ports.js';
import { bites, type ChaosCase, type FaultRun, rebased, repeat } from '../chaos-case.js';
import type { ClusterNode, RedisClusterNodes } from '../faults/redis-cluster-nodes.js';
import { redisCommand } from '../faults/redis-command.js';

/** Longer than the cluster takes to replace a silent master. */
const REPLACED_MS = 3_000;
/** Long enough for a script to meet a slot of which one key has moved and another has not. */
const BETWEEN_KEYS_MS = 60;
const MIGRATE_MS_MAX = 2_000;
const SWEEPS_MAX = 20;
/** Three per SKU, and few SKUs share a slot. */
const KEYS_MAX = 100;

export const REDIS_CLUSTER_CASES: readonly ChaosCase[] = [
  {
    id: 'T-R1',
    part: 'REDIS',
    topology: 'CLUSTER',
    story: 'kill -9 of one master after the other; each comes back at once, empty, as a master',
    inject: (run) =>
      repeat(run, { timesMax: 8, timesMin: 3, pauseMs: 800, busyMs: 200 }, async (turn) => {
        const master = await pick(run, turn);
        await clusterOf(run).kill(master.port);
        await clusterOf(run).revive(master.port);
        run.mark('master restarted empty');
      }),
    expects: (seen) => [...bites(seen, 'master restarted empty'), ...rebased(seen)],
  },
  {
    id: 'T-R4',
    part: 'REDIS',
    topology: 'CLUSTER',
    story: 'replicas take over: by force from a living master, then from one that is killed',
    async inject(run) {
      for (let turn = 0; turn === 0 || run.leftMs() > REPLACED_MS; turn += 1) {
        await run.sleep(500);
        const master = await pick(run, turn);
        const nodes = await clusterOf(run).nodes();
        const replica = nodes.find((node) => node.masterId === master.id);
        if (replica !== undefined) {
          await redisCommand(replica.port, 'CLUSTER', 'FAILOVER', 'TAKEOVER');
          run.mark('takeover');
        }
        await run.sleep(500);
        const next = await pick(run, turn + 1);
        await clusterOf(run).kill(next.port);
        run.mark('master killed');
        await run.sleep(REPLACED_MS);
        await clusterOf(run).revive(next.port);
      }
    },
    expects: (seen) => [...bites(seen, 'takeover', 'master killed'), ...rebased(seen)],
  },
  {
    id: 'T-R10',
    part: 'REDIS',
    topology: 'CLUSTER',
    story: 'the slot of a SKU moves key by key to another master and back while it is sold',
    inject: (run) =>
      repeat(run, { timesMax: 8, timesMin: 1, pauseMs: 300, busyMs: 500 }, async (turn) => {
        await moveSlot(run, run.skuIds[turn % run.skuIds.length] ?? '');
      }),
    expects: (seen) => [...bites(seen, 'slot moved'), ...rebased(seen)],
  },
  {
    id: 'T-R11',
    part: 'REDIS',
    topology: 'CLUSTER',
    story: 'a master stands still (SIGSTOP) until it is replaced, and goes on as if nothing were',
    inject: (run) =>
      repeat(run, { timesMax: 3, timesMin: 1, pauseMs: 500, busyMs: REPLACED_MS }, async (turn) => {
        const master = await pick(run, turn);
        clusterOf(run).pause(master.port);
        run.mark('master stands still');
        await run.sleep(REPLACED_MS);
        clusterOf(run).resumeAll();
      }),
    expects: (seen) => bites(seen, 'master stands still'),
  },
];

function clusterOf(run: FaultRun): RedisClusterNodes {
  const { cluster } = run.env;
  if (cluster === undefined) throw new Error('this case needs --redis-cluster');
  return cluster;
}

async function pick(run: FaultRun, turn: number): Promise<ClusterNode> {
  const masters = await clusterOf(run).masters();
  const chosen = masters.sort((a, b) => a.port - b.port)[turn % masters.length];
  if (chosen === undefined) throw new Error('the cluster has no master');
  return chosen;
}

/** Asks every master for the SKU's keys: how they are built is inventory's business. */
async function moveSlot(run: FaultRun, skuId: string): Promise<void> {
  const masters = await clusterOf(run).masters();
  for (const from of masters) {
    const [key] = (await redisCommand(from.port, 'KEYS', `*${skuId}*`)) as string[];
    const to = masters.find((node) => node.id !== from.id);
    if (key === undefined || to === undefined) continue;
    const slot = Number(await redisCommand(from.port, 'CLUSTER', 'KEYSLOT', key));
    await redisCommand(to.port, 'CLUSTER', 'SETSLOT', slot, 'IMPORTING', from.id);
    await redisCommand(from.port, 'CLUSTER', 'SETSLOT', slot, 'MIGRATING', to.id);
    await moveKeys(run, { slot, from, to });
    for (const node of [to, from, ...masters]) {
      await redisCommand(node.port, 'CLUSTER', 'SETSLOT', slot, 'NODE', to.id);
    }
    run.mark(`slot moved: ${slot}`);
    return;
  }
}

/** One key at a time, until none is left: new ones may appear on the way. */
async function moveKeys(
  run: FaultRun,
  { slot, from, to }: { slot: number; from: ClusterNode; to: ClusterNode },
): Promise<void> {
  for (let sweep = 0; sweep < SWEEPS_MAX; sweep += 1) {
    const found = await redisCommand(from.port, 'CLUSTER', 'GETKEYSINSLOT', slot, KEYS_MAX);
    const keys = found as string[];
    if (keys.length === 0) return;
    for (const key of keys) {
      const where = [LOOPBACK, to.port, key, 0, MIGRATE_MS_MAX, 'REPLACE'] as const;
      await redisCommand(from.port, 'MIGRATE', ...where);
      await run.sleep(BETWEEN_KEYS_MS);
    }
  }
  throw new Error(`slot ${slot} does not become empty`);
}
