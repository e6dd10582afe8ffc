// Connects to Redis, whatever its topology, so that a command is executed at most once per call and
// every call settles within its command timeout. A rejected command is unknown, not failed: its caller
// asks again under the same key.

import { setTimeout as sleep } from 'node:timers/promises';
import { Cluster, Redis } from 'ioredis';
import type { Log } from '../log.js';
import { counters } from '../telemetry/metrics.js';
import { openCluster } from './cluster.js';
import { nodeOptions, reconnectDelayMs } from './node-options.js';
import { nodeName, parseRedisUrl, type RedisTarget } from './url.js';

const disconnects = counters('spillway.redis.disconnects').of();

/** A connection to one Redis, to the master that sentinels name, or to a cluster. */
export type RedisLink = Redis | Cluster;

const READY_MS_MAX = 10_000;
const READY_LOOK_MS = 10;
/** Of the link, of a cluster's nodes, of sentinels. */
const FAILURE_EVENTS = ['error', 'node error', 'sentinelError'];
/** Sentinels answer from memory; one that does not within a second is passed over. */
const SENTINEL_MS_MAX = 1_000;
/** More than this many tell the same news. */
const SENTINELS_HEARD_MAX = 5;

/** Connects in the background, for ever; while it is not connected every command is rejected. */
export function connectRedis(o: { url: string; commandTimeoutMs: number; log: Log }): RedisLink {
  const target = parseRedisUrl(o.url);
  if ('problems' in target) throw new Error(`The Redis URL ${target.problems.join('; ')}`);
  const link = open(target, o.commandTimeoutMs);
  logStateChanges(link, o.log);
  return link;
}

/** Resolves when all of it accepts commands; throws when that takes longer than `waitMsMax`. */
export async function redisReady(link: RedisLink, waitMsMax = READY_MS_MAX): Promise<void> {
  const endMs = performance.now() + waitMsMax;
  let reason = '';
  const note = (error: Error) => {
    reason = `: ${error.message}`;
  };
  for (const event of FAILURE_EVENTS) link.on(event, note);
  while (!allReady(link) && performance.now() < endMs) await sleep(READY_LOOK_MS);
  for (const event of FAILURE_EVENTS) link.off(event, note);
  if (allReady(link)) return;
  throw new Error(`Redis at ${nameOf(link)} was not ready within ${waitMsMax} ms${reason}`);
}

/** Whether commands are sent now; otherwise they are rejected at once, and nothing has run. */
export function isReady(link: RedisLink): boolean {
  return link.status === 'ready';
}

/** Every node that holds keys now: the one server, or the cluster's masters. */
export function masters(link: RedisLink): Redis[] {
  return link instanceof Cluster ? link.nodes('master') : [link];
}

function open(target: RedisTarget, commandTimeoutMs: number): RedisLink {
  if (target.kind === 'CLUSTER') return openCluster(target, commandTimeoutMs);
  const options = nodeOptions(target, commandTimeoutMs);
  if (target.kind === 'SERVER') return new Redis({ ...target.nodes[0], ...options });
  return new Redis({
    ...options,
    sentinels: [...target.nodes],
    name: target.masterName,
    role: 'master',
    // Only those that were named: what a sentinel calls its peers may not be reachable from here.
    updateSentinels: false,
    sentinelCommandTimeout: SENTINEL_MS_MAX,
    sentinelRetryStrategy: reconnectDelayMs,
    // A master that hangs keeps its connections open; the sentinels' news ends ours.
    failoverDetector: true,
    sentinelMaxConnections: SENTINELS_HEARD_MAX,
    sentinelReconnectStrategy: reconnectDelayMs,
  });
}

function allReady(link: RedisLink): boolean {
  const nodes = masters(link);
  return isReady(link) && nodes.length > 0 && nodes.every(isReady);
}

// One line per loss of a server, not one per attempt to reconnect.
function logStateChanges(link: RedisLink, log: Log): void {
  if (!(link instanceof Cluster)) {
    logOne(link, log, () => nameOf(link));
    return;
  }
  const lost = new Set<string>();
  link.on('+node', (node) => logOne(node, log, () => nameOf(node), lost));
  // Without a listener the driver would print it; the nodes' own lines say why.
  link.on('error', (error) => log.warn({ err: error }, 'redis cluster not found'));
}

function logOne(redis: Redis, log: Log, name: () => string, lost = new Set<string>()): void {
  redis.on('ready', () => {
    lost.delete(name());
    log.info({ node: name() }, 'redis ready');
  });
  redis.on('error', (error) => {
    if (!lost.has(name())) log.warn({ err: error, node: name() }, 'redis connection failed');
    lost.add(name());
  });
  redis.on('close', () => {
    if (!lost.has(name())) {
      log.warn({ node: name() }, 'redis connection closed');
      disconnects.add();
    }
    lost.add(name());
  });
}

function nameOf(link: RedisLink): string {
  if (link instanceof Cluster) {
    return link.nodes().map(nameOf).join(',') || 'every node of the cluster';
  }
  const { host, port, name, sentinels } = link.options;
  if (name) return `${name} of the sentinels ${sentinels?.map(sentinelName).join(',')}`;
  return `${host}:${port}`;
}

function sentinelName(node: { host?: string; port?: number }): string {
  return nodeName({ host: node.host ?? '', port: node.port ?? 0 });
}
