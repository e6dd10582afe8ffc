// Options of every command that may bring up a mesh, declared and read in one place.
import { type Command, InvalidArgumentError, Option } from 'commander';
import { parseRedisUrl } from '../../services/platform/redis/url.js';
import type { MeshSize } from '../mesh-plan.js';
import type { GivenServers } from '../servers/choose-source.js';
import type { RedisTopology } from '../servers/redis-topology.js';

/** A laptop's worth. More processes than that on one machine measure the scheduler. */
const PROCESSES_MAX = 16;

export interface TopologyFlags {
  redisCluster?: true;
  redisSentinel?: true;
}

export interface MeshFlags extends TopologyFlags {
  order: number;
  inventory: number;
  payment: number;
  redis?: string;
  mysql?: string[];
}

export function addMeshOptions(command: Command): Command {
  for (const service of ['order', 'inventory', 'payment']) {
    command.option(`--${service} <n>`, `processes of the ${service} service`, processCount, 1);
  }
  return command
    .addOption(
      new Option('--redis <url>', 'use this Redis and start none; a cluster or sentinels too')
        .env('SPILLWAY_REDIS')
        .argParser(redisUrl),
    )
    .addOption(
      new Option('--mysql <urls>', 'use these MySQL servers (URL,URL) and start none')
        .env('SPILLWAY_MYSQL')
        .argParser((text) => text.split(',').map(mysqlUrl)),
    )
    .addOption(redisClusterOption().conflicts(['redis', 'redisSentinel']))
    .addOption(redisSentinelOption().conflicts(['redis', 'redisCluster']));
}

export function redisClusterOption(): Option {
  return new Option('--redis-cluster', 'a Redis Cluster: three masters, each with a replica');
}

export function redisSentinelOption(): Option {
  return new Option('--redis-sentinel', 'a Redis with a replica, watched by three sentinels');
}

export function readTopology(flags: TopologyFlags): RedisTopology {
  if (flags.redisCluster === true) return 'CLUSTER';
  return flags.redisSentinel === true ? 'SENTINEL' : 'SERVER';
}

export function readMeshFlags(flags: MeshFlags): {
  size: MeshSize;
  given: GivenServers;
  redis: RedisTopology;
} {
  const { order, inventory, payment } = flags;
  const given = { redisUrl: flags.redis, mysqlUrls: flags.mysql ?? [] };
  return { size: { order, inventory, payment }, given, redis: readTopology(flags) };
}

function processCount(text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1 && count <= PROCESSES_MAX) return count;
  throw new InvalidArgumentError(`Give a whole number from 1 to ${PROCESSES_MAX}.`);
}

function redisUrl(text: string): string {
  const target = parseRedisUrl(text);
  if (!('problems' in target)) return text;
  throw new InvalidArgumentError(`The URL ${target.problems.join('; ')}.`);
}

function mysqlUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== 'mysql:' || url.hostname === '' || url.port === '') {
    const example = 'mysql://user:password@127.0.0.1:3306';
    throw new InvalidArgumentError(`Give a URL with host and port, such as ${example}`);
  }
  return text.replace(/\/$/, '');
}
