// What the serving guard asks, one check per server, so that a silent one hides no unsafe one.

import { assertDurable, type ShardMap } from '../../platform/mysql/connect.js';
import { masters, type RedisLink } from '../../platform/redis/connect.js';
import { assertNoEviction } from '../../platform/redis/eviction.js';
import { UnsafeSettingsError } from '../../platform/unsafe-settings-error.js';
import type { SafetyCheck } from '../app/ports.js';

/** Anew for each look: the masters of a cluster change. */
export function safetyChecks(shards: ShardMap, redis: RedisLink): SafetyCheck[] {
  const databases = shards.servers.map((server) => ({
    name: `mysql ${server.name}`,
    problem: () => problemOf(assertDurable({ servers: [server] })),
  }));
  const gates = masters(redis).map((node) => ({
    name: `redis ${node.options.name ?? `${node.options.host}:${node.options.port}`}`,
    problem: () => problemOf(assertNoEviction(node)),
  }));
  return [...databases, ...gates];
}

async function problemOf(check: Promise<void>): Promise<string | undefined> {
  try {
    await check;
    return undefined;
  } catch (error) {
    if (error instanceof UnsafeSettingsError) return error.message;
    throw error;
  }
}
