// Opens a Redis Cluster so that a command is executed at most once per call, as with one server. The
// driver may send a command again only where a node has answered that it ran nothing: MOVED, ASK and
// TRYAGAIN. A lost connection, a timeout and CLUSTERDOWN are the caller's to judge.

import { lookup } from 'node:dns';
import { Cluster, type Redis } from 'ioredis';
import { nodeOptions, reconnectDelayMs } from './node-options.js';
import type { RedisTarget } from './url.js';

/** A slot moves in one step; more hops mean that the nodes disagree, and the caller asks again. */
const REDIRECTIONS_MAX = 4;
/** While a slot moves, its keys lie on two nodes for milliseconds. Redirected 4 times: 80 ms in all. */
const TRY_AGAIN_DELAY_MS = 20;
/** Bounds how long a master that hangs is asked after its replica took over. One small command. */
const SLOTS_REFRESH_INTERVAL_MS = 1_000;
/** A node that hangs is not waited for; the next one is asked. */
const SLOTS_REFRESH_MS_MAX = 500;

export function openCluster(target: RedisTarget, commandTimeoutMs: number): Cluster {
  const cluster = new Cluster([...target.nodes], {
    lazyConnect: false,
    clusterRetryStrategy: reconnectDelayMs,
    // A broken connection is not mended but replaced, so nothing of it can be sent again.
    clusterNodeRetryStrategy: null,
    enableOfflineQueue: false,
    // It would ask a node before the node's connection stands, and begin anew.
    enableReadyCheck: false,
    scaleReads: 'master',
    maxRedirections: REDIRECTIONS_MAX,
    retryDelayOnMoved: 0,
    retryDelayOnTryAgain: TRY_AGAIN_DELAY_MS,
    // Zero switches the repeat off: these two leave open whether the command ran, or are for the caller.
    retryDelayOnFailover: 0,
    retryDelayOnClusterDown: 0,
    slotsRefreshTimeout: SLOTS_REFRESH_MS_MAX,
    slotsRefreshInterval: SLOTS_REFRESH_INTERVAL_MS,
    dnsLookup: lookup,
    useSRVRecords: false,
    enableAutoPipelining: false,
    shardedSubscribers: false,
    redisOptions: nodeOptions(target, commandTimeoutMs),
  });
  cluster.on('+node', keepNothing);
  return cluster;
}

// The driver gives every node a queue for commands that come before its connection stands; they would
// run long after their timeout. With lazyConnect off a node connects when it is found, and until then
// its commands are rejected; with the queue off too there is no moment left in which one is kept.
function keepNothing(node: Redis): void {
  node.options.enableOfflineQueue = false;
  settleAsking(node);
}

// The driver sends ASKING before a redirected command and forgets its promise: when the connection
// breaks just then, the rejection would end our process. The command itself is rejected too.
function settleAsking(node: Redis): void {
  const ask = node.asking.bind(node);
  node.asking = () => ask().catch(() => 'OK');
}
