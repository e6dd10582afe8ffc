// Another Redis takes over: with old data, while the first one still serves, or back and forth. The
// replica follows through a proxy that holds the stream: a paused replica would not be stale, since
// the bytes wait in its socket.

import { bites, type ChaosCase, type FaultRun, rebased } from '../chaos-case.js';
import type { Environment } from '../environment.js';
import type { RedisNode } from '../faults/redis-nodes.js';

/** Enough of the sale for the replica to miss some hundred grants. */
const BEHIND_MS = 1_000;

/** Added before the load, so that it is in step when the sale starts. */
async function addReplica(env: Environment): Promise<RedisNode> {
  const replica = await env.redis.add();
  env.links.replica.pass();
  env.links.replica.pointTo(env.redis.master.port);
  await env.redis.follow(replica, env.links.replica.port);
  return replica;
}

async function prepare(env: Environment): Promise<void> {
  replicas.set(env, await addReplica(env));
}

/** One per environment; a case takes it over from its own preparation. */
const replicas = new WeakMap<Environment, RedisNode>();

async function replicaOf(env: Environment): Promise<RedisNode> {
  const prepared = replicas.get(env);
  replicas.delete(env);
  return prepared ?? (await addReplica(env));
}

export const REDIS_FAILOVER_CASES: readonly ChaosCase[] = [
  {
    id: 'T-R4',
    part: 'REDIS',
    topology: 'SERVER',
    story: 'a replica that has missed the last seconds is promoted when its master dies',
    prepare,
    async inject(run) {
      const { env } = run;
      const replica = await replicaOf(env);
      await run.sleep(run.windowMs * 0.3);
      env.links.replica.hold();
      run.mark('replication held');
      await run.sleep(Math.max(BEHIND_MS, run.windowMs * 0.2));
      const { master } = env.redis;
      await env.redis.kill(master);
      await env.redis.promote(replica);
      env.leadTo(replica);
      run.mark('stale replica promoted');
      await run.sleep(run.windowMs * 0.3);
    },
    expects: (seen) => [...bites(seen, 'stale replica promoted'), ...rebased(seen)],
  },
  {
    id: 'T-R5',
    part: 'REDIS',
    topology: 'SERVER',
    story: 'split brain: one inventory process stays with the old master, one goes to the new',
    prepare,
    async inject(run) {
      const { env } = run;
      const replica = await replicaOf(env);
      await run.sleep(run.windowMs * 0.2);
      env.links.replica.hold();
      await run.sleep(Math.min(BEHIND_MS, run.windowMs * 0.1));
      await env.redis.promote(replica);
      env.links.redis[1]?.pointTo(replica.port);
      run.mark('two masters');
      await run.sleep(run.windowMs * 0.5);
      env.links.redis[0]?.pointTo(replica.port);
      run.mark('one master again');
    },
    expects: (seen) => [...bites(seen, 'one master again'), ...rebased(seen)],
  },
  {
    id: 'T-R6',
    part: 'REDIS',
    topology: 'SERVER',
    story: 'flapping: A to B to A, each promoted without what the other sold meanwhile',
    prepare,
    inject: flap,
    expects: (seen) => [
      ...bites(seen, 'promoted redis'),
      ...rebased(seen),
      ...(seen.marked('promoted redis') >= 2 ? [] : ['it never came back to the first']),
    ],
  },
];

async function flap(run: FaultRun): Promise<void> {
  const { env } = run;
  const { redis, links } = env;
  let follower = await replicaOf(env);
  while (run.leftMs() > BEHIND_MS) {
    links.replica.hold();
    await run.sleep(BEHIND_MS);
    const before = redis.master;
    await redis.promote(follower);
    env.leadTo(follower);
    run.mark(`promoted ${follower.name}`);
    await run.sleep(BEHIND_MS / 2);
    // The one that lost follows the winner, forgets what only it knew, and is next.
    links.replica.pass();
    links.replica.pointTo(redis.master.port);
    await redis.follow(before, links.replica.port);
    follower = before;
  }
}
