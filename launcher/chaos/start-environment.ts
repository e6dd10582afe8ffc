// Starts the mesh of a chaos run. Invariant: what is started stands in the private home's state.json,
// so even a killed run leaves nothing that the next command cannot find and end.

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import path from 'node:path';
import { shardRanges } from '../mesh-plan.js';
import { createHome, type Home, homeAt } from '../paths.js';
import { freePort, LOOPBACK } from '../ports.js';
import { identifySelf } from '../process-identity.js';
import { ProcessTable } from '../process-table.js';
import { findPrograms } from '../servers/programs.js';
import { emptyState } from '../state.js';
import { together } from '../together.js';
import { DATABASE_PREFIX, Environment, type Links } from './environment.js';
import { FaultProxy } from './faults/fault-proxy.js';
import { MYSQL_SERVERS, MysqlNodes } from './faults/mysql-nodes.js';
import { RedisClusterNodes } from './faults/redis-cluster-nodes.js';
import { RedisNodes } from './faults/redis-nodes.js';
import { type ServiceNode, ServiceNodes } from './faults/service-nodes.js';

const INVENTORIES = 2;

export interface EnvironmentOptions {
  /** The checkout's home; the run gets a private one inside it. */
  readonly home: Home;
  /** How long inventory holds units before it asks about their order. */
  readonly holdMs: number;
  readonly topology: 'SERVER' | 'CLUSTER';
  readonly signal: AbortSignal;
}

/** Needs Redis and MySQL as programs: it kills them. */
export async function startEnvironment(o: EnvironmentOptions): Promise<Environment> {
  const programs = findPrograms(process.env['PATH'] ?? '');
  if (programs.redis === undefined || programs.mysql === undefined) {
    throw new Error(
      'chaos kills its servers, so it needs redis-server and mysqld (or mariadbd) as programs.',
    );
  }
  const table = privateTable(o.home);
  const redis = new RedisNodes(table, programs.redis);
  const clustered = o.topology === 'CLUSTER';
  const cluster = clustered ? new RedisClusterNodes(table, programs.redis) : undefined;
  const mysql = new MysqlNodes(table, programs.mysql);
  try {
    await together(o.signal, [
      (signal) => (cluster === undefined ? redis.addMaster() : cluster.start(signal)),
      (signal) => mysql.startAll(signal),
    ]);
    const links = await makeLinks(redis, mysql);
    const { holdMs } = o;
    const nodes = await planServices({ mysql, links, holdMs, redisUrl: cluster?.url() });
    const services = new ServiceNodes(table, nodes);
    await together(
      o.signal,
      services.nodes.map((node) => (signal: AbortSignal) => services.start(node, signal)),
    );
    return new Environment({ table, redis, cluster, mysql, services, links, holdMs });
  } catch (error) {
    await table.stopAll();
    rmSync(table.home.dir, { recursive: true, force: true });
    throw error;
  }
}

/** Named like the home of a test run, so whoever looks for abandoned ones finds this too. */
function privateTable(home: Home): ProcessTable {
  mkdirSync(home.dir, { recursive: true, mode: 0o700 });
  const own = homeAt(mkdtempSync(path.join(home.dir, 'test-chaos-')));
  createHome(own);
  const table = new ProcessTable(own, emptyState(identifySelf()));
  table.save();
  return table;
}

async function makeLinks(redis: RedisNodes, mysql: MysqlNodes): Promise<Links> {
  const toMysql = (name: string) =>
    Array.from(
      { length: MYSQL_SERVERS },
      (_, server) => new FaultProxy(`${name} to mysql-${server + 1}`, mysql.port(server)),
    );
  const inventories = Array.from({ length: INVENTORIES }, (_, i) => `inventory-${i + 1}`);
  const master = redis.master.port;
  const links = {
    redis: inventories.map((name) => new FaultProxy(`${name} to redis`, master)),
    mysql: inventories.map(toMysql),
    orderMysql: toMysql('order-1'),
    order: new FaultProxy('inventory to order', await freePort()),
    replica: new FaultProxy('replica to master', master),
  };
  const all = [...links.redis, ...links.mysql.flat(), ...links.orderMysql];
  await Promise.all([...all, links.order, links.replica].map((link) => link.listen()));
  return links;
}

async function planServices(o: {
  mysql: MysqlNodes;
  links: Links;
  holdMs: number;
  /** Where there is no proxy in between. */
  redisUrl: string | undefined;
}): Promise<ServiceNode[]> {
  const { mysql, links } = o;
  const addresses: string[] = [];
  for (let i = 0; i < INVENTORIES; i += 1) addresses.push(`${LOOPBACK}:${await freePort()}`);
  const order: ServiceNode = {
    name: 'order-1',
    program: 'order',
    // Where the link to the order service leads.
    address: `${LOOPBACK}:${links.order.targetPort}`,
    env: {
      MYSQL_SHARDS: shardsThrough(mysql, links.orderMysql),
      INVENTORY_ADDRESSES: addresses.join(','),
      // Nobody pays in these runs.
      PAYMENT_ADDRESSES: `${LOOPBACK}:${await freePort()}`,
    },
  };
  const inventories = addresses.map(
    (address, i): ServiceNode => ({
      name: `inventory-${i + 1}`,
      program: 'inventory',
      address,
      env: {
        MYSQL_SHARDS: shardsThrough(mysql, links.mysql[i] ?? []),
        REDIS_URL: o.redisUrl ?? `redis://${LOOPBACK}:${links.redis[i]?.port}`,
        ORDER_ADDRESSES: `${LOOPBACK}:${links.order.port}`,
        HOLD_MS: String(o.holdMs),
        CHECK_BACK_INTERVAL_MS: '200',
      },
    }),
  );
  return [order, ...inventories].map((node) => ({
    ...node,
    env: { ...node.env, LISTEN: node.address, MYSQL_DATABASE_PREFIX: DATABASE_PREFIX },
  }));
}

function shardsThrough(mysql: MysqlNodes, links: readonly FaultProxy[]): string {
  return shardRanges(
    mysql.urls.map((url, server) => {
      const through = new URL(url);
      through.port = String(links[server]?.port ?? 0);
      return through.href;
    }),
  );
}
