// Looks at the mesh while k6 works: how many units are left, and how many commits and scripts the answers
// took, which is the size of the batches. The servers' own counters are read, not those of the services.

import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import mysql from 'mysql2/promise';
import { redisHosts } from '../../services/platform/redis/url.js';
import type { AuditTargets } from '../audit/look.js';
import { connectMesh } from '../demo/clients.js';
import type { MeshStatus } from '../mesh.js';

export interface Sample {
  readonly atMs: number;
  /** Units of the watched SKUs that can be bought. */
  readonly available: number | undefined;
  /** Since the servers started, over all of them. */
  readonly commits: number | undefined;
  readonly scripts: number | undefined;
}

/** Four looks per second cost the mesh nothing that a run of hundreds of calls per second notices. */
const LOOK_EVERY_MS = 250;
const LOOK_MS_MAX = 2_000;

export interface Watch {
  readonly samples: readonly Sample[];
  stop(): Promise<void>;
}

/** A look that fails leaves a gap: it is a picture, not a proof. */
export async function watchMesh(
  mesh: MeshStatus,
  targets: AuditTargets,
  skuIds: readonly string[],
): Promise<Watch> {
  const clients = connectMesh(mesh.services);
  const counters = await openCounters(targets);
  const samples: Sample[] = [];
  let stopped = false;
  const look = async () => {
    const options = { deadlineMs: Date.now() + LOOK_MS_MAX };
    const [available, commits, scripts] = await Promise.all([
      clients.stock
        .batchGetStock({ skuIds: [...skuIds] }, options)
        .then(({ stocks }) => stocks.reduce((sum, stock) => sum + Number(stock.available), 0))
        .catch(() => undefined),
      counters.commits().catch(() => undefined),
      counters.scripts().catch(() => undefined),
    ]);
    samples.push({ atMs: Date.now(), available, commits, scripts });
  };
  const running = (async () => {
    while (!stopped) {
      await look();
      await sleep(LOOK_EVERY_MS);
    }
  })();
  return {
    samples,
    async stop() {
      stopped = true;
      await running;
      clients.close();
      counters.close();
    },
  };
}

async function openCounters(targets: AuditTargets) {
  const servers = await Promise.all(
    targets.mysqlUrls.map((uri) => mysql.createConnection({ uri })),
  );
  // Of a cluster or of sentinels no single node tells the whole; the picture then lacks its scripts.
  const single = redisHosts(targets.redisUrl).length === 1 && /^rediss?:/.test(targets.redisUrl);
  const redis = single ? new Redis(targets.redisUrl, { maxRetriesPerRequest: 1 }) : undefined;
  redis?.on('error', () => {});
  return {
    async commits() {
      const counts = await Promise.all(servers.map(countCommits));
      return counts.reduce((sum, n) => sum + n, 0);
    },
    async scripts() {
      if (redis === undefined) return undefined;
      const calls = (await redis.info('commandstats')).matchAll(/^cmdstat_evalsha?:calls=(\d+)/gm);
      return [...calls].reduce((sum, [, n]) => sum + Number(n), 0);
    },
    close() {
      for (const server of servers) server.destroy();
      redis?.disconnect();
    },
  };
}

async function countCommits(server: mysql.Connection): Promise<number> {
  const [rows] = await server.query("SHOW GLOBAL STATUS LIKE 'Com_commit'");
  return Number((rows as { Value: string }[])[0]?.Value ?? 0);
}
