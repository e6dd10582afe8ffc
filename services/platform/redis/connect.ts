// Connects to Redis so that a command is executed at most once per call. The driver's defaults
// re-send commands after a reconnect, which takes stock twice; every one of them is switched off.
// A rejected command is unknown, not failed: its caller asks again under the same key.

import { Redis } from 'ioredis';
import type { Log } from '../log.js';

// A server on the same network answers in milliseconds; longer than this means it is not there.
const CONNECT_MS_MAX = 5_000;
const DISCONNECT_MS_MAX = 500;
const RECONNECT_DELAY_MS_MIN = 50;
const RECONNECT_DELAY_MS_MAX = 1_000;
const READY_MS_MAX = 10_000;

/** Connects in the background, for ever; while it is not connected every command is rejected. */
export function connectRedis(o: { url: string; commandTimeoutMs: number; log: Log }): Redis {
  const redis = new Redis(o.url, {
    lazyConnect: false,
    connectTimeout: CONNECT_MS_MAX,
    // A socket that does not close politely is destroyed.
    disconnectTimeout: DISCONNECT_MS_MAX,
    commandTimeout: o.commandTimeoutMs,
    keepAlive: 10_000,
    noDelay: true,
    enableReadyCheck: true,
    // Commands given while disconnected would run minutes later, after their undo.
    enableOfflineQueue: false,
    // Commands in flight when the connection broke may have run; sending them again is not ours.
    autoResendUnfulfilledCommands: false,
    // Makes them reject at once; the driver otherwise leaves them unsettled for ever.
    maxRetriesPerRequest: 0,
    reconnectOnError: null,
    retryStrategy: (attempt) =>
      Math.min(RECONNECT_DELAY_MS_MAX, RECONNECT_DELAY_MS_MIN * 2 ** Math.min(attempt - 1, 10)),
    // Batches are made by us, so that their bounds are ours too.
    enableAutoPipelining: false,
    autoResubscribe: false,
    stringNumbers: false,
    protocol: 3,
    replyMapping: 'legacy',
  });
  logStateChanges(redis, o.log);
  return redis;
}

// One line per loss, not one per attempt to reconnect.
function logStateChanges(redis: Redis, log: Log): void {
  let lost = false;
  redis.on('ready', () => {
    lost = false;
    log.info('redis ready');
  });
  redis.on('error', (error) => {
    if (!lost) log.warn({ err: error }, 'redis connection failed');
    lost = true;
  });
  redis.on('close', () => {
    if (!lost) log.warn('redis connection closed');
    lost = true;
  });
}

/** Resolves when commands are accepted; throws when that takes longer than `waitMsMax`. */
export async function redisReady(redis: Redis, waitMsMax = READY_MS_MAX): Promise<void> {
  if (redis.status === 'ready') return;
  await new Promise<void>((resolve, reject) => {
    const onReady = () => {
      clearTimeout(timer);
      resolve();
    };
    const timer = setTimeout(() => {
      redis.off('ready', onReady);
      reject(new Error(`Redis at ${nameOf(redis)} was not ready within ${waitMsMax} ms`));
    }, waitMsMax);
    redis.once('ready', onReady);
  });
}

/** Refuses a Redis that may silently drop keys: stock and grants are not a cache. */
export async function assertNoEviction(redis: Redis): Promise<void> {
  const memory = await redis.info('memory');
  const limit = Number(infoField(memory, 'maxmemory') ?? '0');
  const policy = infoField(memory, 'maxmemory_policy') ?? 'noeviction';
  if (limit === 0 || policy === 'noeviction') return;
  throw new Error(
    `Redis at ${nameOf(redis)} evicts keys (${policy}): CONFIG SET maxmemory-policy noeviction`,
  );
}

function infoField(info: string, name: string): string | undefined {
  return new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1];
}

function nameOf(redis: Redis): string {
  return `${redis.options.host}:${redis.options.port}`;
}
