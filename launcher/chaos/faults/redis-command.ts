// One command to one Redis server, on a connection of its own that never sends it twice.

import { Redis } from 'ioredis';
import { LOOPBACK } from '../../ports.js';

const COMMAND_MS_MAX = 10_000;

/** Throws what Redis answers with. */
export async function redisCommand(
  port: number,
  name: string,
  ...args: (string | number)[]
): Promise<unknown> {
  const redis = new Redis(port, LOOPBACK, {
    lazyConnect: true,
    connectTimeout: COMMAND_MS_MAX,
    commandTimeout: COMMAND_MS_MAX,
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    enableReadyCheck: false,
  });
  // The rejected call below says it too.
  redis.on('error', () => undefined);
  try {
    await redis.connect();
    return await redis.call(name, ...args);
  } finally {
    redis.disconnect();
  }
}
