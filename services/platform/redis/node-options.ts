// The driver's options for every connection to a Redis server, be it alone, behind sentinels or part
// of a cluster. The driver's defaults re-send commands after a reconnect, which takes stock twice;
// every one of them is switched off here, and nothing else decides about re-sending.

import type { RedisOptions } from 'ioredis';
import type { RedisTarget } from './url.js';

// A server on the same network answers in milliseconds; longer than this means it is not there.
const CONNECT_MS_MAX = 5_000;
const DISCONNECT_MS_MAX = 500;
const RECONNECT_DELAY_MS_MIN = 50;
const RECONNECT_DELAY_MS_MAX = 1_000;
/** A server that loads its data is asked again this often whether it has finished. */
const LOADING_LOOK_MS = 1_000;
/**
 * A connection that owes an answer for this many command timeouts leads nowhere: the host is gone or
 * the server hangs. TCP itself would notice after a quarter of an hour.
 */
const SILENT_TIMEOUTS_MAX = 4;

type NodeOptions = RedisOptions & { replyMapping: 'legacy' };

export function nodeOptions(target: RedisTarget, commandTimeoutMs: number): NodeOptions {
  const { username, password } = target;
  return {
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(target.tls ? { tls: {} } : {}),
    db: target.db,
    lazyConnect: false,
    connectTimeout: CONNECT_MS_MAX,
    // A socket that does not close politely is destroyed.
    disconnectTimeout: DISCONNECT_MS_MAX,
    commandTimeout: commandTimeoutMs,
    socketTimeout: SILENT_TIMEOUTS_MAX * commandTimeoutMs,
    keepAlive: 10_000,
    noDelay: true,
    enableReadyCheck: true,
    maxLoadingRetryTime: LOADING_LOOK_MS,
    // Commands given while disconnected would run minutes later, after their undo.
    enableOfflineQueue: false,
    // Commands in flight when the connection broke may have run; sending them again is not ours.
    autoResendUnfulfilledCommands: false,
    // Makes them reject at once; the driver otherwise leaves them unsettled for ever.
    maxRetriesPerRequest: 0,
    reconnectOnError,
    retryStrategy: reconnectDelayMs,
    // Batches are made by us, so that their bounds are ours too.
    enableAutoPipelining: false,
    autoResubscribe: false,
    stringNumbers: false,
    protocol: 3,
    replyMapping: 'legacy',
  };
}

/** For ever, and never more often than once in a while. */
export function reconnectDelayMs(attempt: number): number {
  return Math.min(RECONNECT_DELAY_MS_MAX, RECONNECT_DELAY_MS_MIN * 2 ** Math.min(attempt - 1, 10));
}

// A master that has become a replica is left: the address, or a sentinel, names the new one. 1 means
// reconnect only; 2 would send the command again.
function reconnectOnError(error: Error): 1 | false {
  return /\bREADONLY\b/.test(error.message) ? 1 : false;
}
