// Inventory's settings, all from the environment, all checked before anything starts.

import { z } from 'zod';
import { configFields, readConfig } from '../platform/config.js';
import { traceFields } from '../platform/telemetry/trace-settings.js';

const schema = z.object({
  LISTEN: configFields.listen,
  LOG_LEVEL: configFields.logLevel,
  /** Where Prometheus may ask for metrics, port 0 for any; not at all when unset. */
  METRICS_LISTEN: configFields.listen.optional(),
  ...traceFields,
  MYSQL_SHARDS: configFields.mysqlShards,
  MYSQL_DATABASE_PREFIX: configFields.databasePrefix,
  REDIS_URL: configFields.redisUrl,
  /** The order service, for check-back. */
  ORDER_ADDRESSES: configFields.addresses,
  /** How long units are held before the order service is asked about the order. */
  HOLD_MS: configFields.ms(1_000, 86_400_000, 60_000),
  /** How often holds that have ended are looked for. */
  CHECK_BACK_INTERVAL_MS: configFields.ms(50, 60_000, 500),
  /** How often Redis is compared with MySQL; two looks find a drift. */
  AUDIT_INTERVAL_MS: configFields.ms(50, 60_000, 1_000),
  /** A SKU that falls below so many units is told of in the log; 0 tells of none. */
  LOW_STOCK_BELOW: configFields.int(0, 1_000_000, 10),
  /** For tests: die or freeze at a named point, see platform/crash-point.ts. */
  CRASH_AT: configFields.crashPlan,
  PAUSE_AT: configFields.crashPlan,
});

export type InventoryConfig = z.infer<typeof schema>;

/** Throws ConfigError with everything that is wrong. */
export function readInventoryConfig(env: NodeJS.ProcessEnv = process.env): InventoryConfig {
  return readConfig(schema, env);
}

/** Settles hold one connection per server; the rest are closings, rebases, holds and reads. */
export const MYSQL_POOL_SIZE = 8;
/** Redis answers in under a millisecond; half a second without one means that it will not. */
export const REDIS_COMMAND_MS_MAX = 500;
/** For callers that set no deadline, and the longest that one may ask for. */
export const DEADLINE_MS_DEFAULT = 5_000;
export const DEADLINE_MS_MAX = 30_000;
/** Calls are batches, so a few hundred in flight are tens of thousands of reservations. */
export const CALLS_MAX = 2_000;
export const DRAIN_MS_MAX = 5_000;
export const STOP_MS_MAX = 15_000;
export const LOOP_ERROR_DELAY_MS = 1_000;
/** A SKU that empties and refills all the time is a line a second. */
export const LOW_STOCK_INTERVAL_MS = 1_000;
/** How long a store with unsafe settings may go unnoticed; a look is one small query per server. */
export const GUARD_INTERVAL_MS = 5_000;
/** A Redis that refuses does so thousands of times a second. */
export const REFUSAL_LOG_INTERVAL_MS = 1_000;
