// Refuses a Redis that may drop keys by itself: stock and grants are not a cache. A forgotten buyer or
// grant among remembered ones is worse than forgetting all, which the gate notices.

import type { Redis } from 'ioredis';
import { UnsafeSettingsError } from '../unsafe-settings-error.js';
import { masters, type RedisLink } from './connect.js';

/** Throws UnsafeSettingsError with every master that may evict, and how to change it. */
export async function assertNoEviction(link: RedisLink): Promise<void> {
  const problems = await Promise.all(masters(link).map(evictionProblem));
  const found = problems.filter((problem) => problem !== undefined);
  if (found.length > 0) throw new UnsafeSettingsError(found.join('\n'));
}

// Refused without a memory limit too: whoever sets one later would not think of the policy.
async function evictionProblem(redis: Redis): Promise<string | undefined> {
  const memory = await redis.info('memory');
  const policy = /^maxmemory_policy:(.*?)\r?$/m.exec(memory)?.[1] ?? 'unknown';
  if (policy === 'noeviction') return undefined;
  const { host, port } = redis.options;
  return (
    `Redis at ${host}:${port} may evict keys (maxmemory-policy ${policy}). Run there: ` +
    'CONFIG SET maxmemory-policy noeviction, and put the same into its configuration file'
  );
}
