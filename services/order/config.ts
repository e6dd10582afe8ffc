// What the order service is told at start, and the bounds it keeps.

import { z } from 'zod';
import { configFields, readConfig } from '../platform/config.js';
import { traceFields } from '../platform/telemetry/trace-settings.js';
import type { CreateOrderLimits } from './app/create-order.js';
import type { ExpireLimits } from './app/expire-orders.js';
import type { OfferBookLimits } from './app/offer-book.js';
import type { SoldOutWatchLimits } from './app/sold-out-watch.js';
import type { WatchLimits } from './app/watch-order.js';
import type { BatchLimits } from './infra/batch-limits.js';
import type { OrderReplicasLimits } from './infra/mysql/order-replicas.js';
import type { OrderStoreLimits } from './infra/mysql/order-store.js';
import { misplacedReplica, replicaSetting } from './replica-setting.js';

const PAYMENT_WINDOW_SECONDS_DEFAULT = 900;

const fields = z.object({
  LISTEN: configFields.listen,
  LOG_LEVEL: configFields.logLevel,
  /** Where Prometheus may ask for metrics, port 0 for any; not at all when unset. */
  METRICS_LISTEN: configFields.listen.optional(),
  ...traceFields,
  MYSQL_SHARDS: configFields.mysqlShards,
  /** May be asked where their lag does no harm, see infra/mysql/order-replicas.ts. Off when unset. */
  MYSQL_REPLICAS: replicaSetting,
  MYSQL_DATABASE_PREFIX: configFields.databasePrefix,
  INVENTORY_ADDRESSES: configFields.addresses,
  PAYMENT_ADDRESSES: configFields.addresses,
  /** A Redis that may drop keys; best not inventory's, which may not. Off when unset. */
  ORDER_CACHE_URL: configFields.redisUrl.optional(),
  /** A Redis that keeps what it is given: public events of orders go to its streams. Off when unset. */
  EVENT_STREAM_URL: configFields.redisUrl.optional(),
  // As in the contract, a day at most.
  PAYMENT_WINDOW_SECONDS: configFields.int(1, 86_400, PAYMENT_WINDOW_SECONDS_DEFAULT),
  // Whether losers of a sold-out SKU are refused without asking inventory.
  SOLD_OUT_NOTICE: configFields.onOff('on'),
  /** For tests: die or freeze at a named point, see platform/crash-point.ts. */
  CRASH_AT: configFields.crashPlan,
  PAUSE_AT: configFields.crashPlan,
});

const schema = fields.superRefine(({ MYSQL_SHARDS, MYSQL_REPLICAS = [] }, context) => {
  const message = misplacedReplica(MYSQL_REPLICAS, MYSQL_SHARDS);
  if (message) context.addIssue({ code: 'custom', path: ['MYSQL_REPLICAS'], message });
});

export type OrderConfig = z.infer<typeof schema>;

/** Throws ConfigError with everything that is wrong. */
export function readOrderConfig(env: NodeJS.ProcessEnv = process.env): OrderConfig {
  return readConfig(schema, env);
}

// A full queue of the store is worked off within this: 10,000 orders at a sustained 10,000/s. An
// order that waits longer has a caller who will not wait for the rest of it.
const AGE_MS_MAX = 2_000;
const QUEUE_MAX = 10_000;

// At about 11,000 orders/s and 20 ms from end to end some 250 calls are in flight; eight times that
// is a mesh in trouble, and more callers would not help it.
const CALLS_MAX = 2_000;

/**
 * Batches of 256 rows cost 5 ms and bring 50,000 rows/s; larger ones only add waiting. Two in flight
 * hide the commit of one behind the statements of the other.
 */
export const storeLimits: OrderStoreLimits = {
  commit: { itemsMax: 256, queueMax: QUEUE_MAX, ageMsMax: AGE_MS_MAX, concurrency: 2 },
  change: { itemsMax: 256, queueMax: QUEUE_MAX, ageMsMax: AGE_MS_MAX, concurrency: 2 },
  read: { itemsMax: 256, queueMax: QUEUE_MAX, ageMsMax: AGE_MS_MAX, concurrency: 4 },
  // Each try has a fresh connection; a server that loses three COMMITs in a row is not well.
  unknownMax: 3,
};

/** Connections per server: two commits, two changes, eight reads, expiry, relay, and some spare. */
export const POOL_SIZE = 20;

export const replicasLimits: OrderReplicasLimits = {
  // As of a server of its own. All of it is spare: the primaries can answer everything.
  read: storeLimits.read,
  // A lookup by key takes 2 ms; a replica that needs a hundred times as long is no help. As much again
  // is left for the primary, so callers with less than 400 ms do without replicas.
  readMsMax: 200,
  // A page of a state that millions of orders are in takes some 10 ms.
  listMsMax: 1_000,
  // A dead replica then delays one read of each process a second.
  restMs: 1_000,
};

/** Connections per replica: four batches of reads, and lists. */
export const REPLICA_POOL_SIZE = 8;

/** One script call of inventory takes 128 items best, and four calls keep its stages busy. */
export const reserveLimits: BatchLimits = {
  itemsMax: 128,
  queueMax: QUEUE_MAX,
  ageMsMax: AGE_MS_MAX,
  concurrency: 4,
};

/** Intents, cancels, confirms, releases and returns: one commit of the peer each. */
export const settleLimits: BatchLimits = {
  itemsMax: 256,
  queueMax: QUEUE_MAX,
  ageMsMax: AGE_MS_MAX,
  concurrency: 4,
};

export function createLimits(paymentWindowSeconds: number): CreateOrderLimits {
  return {
    // A reserve and a commit on an idle mesh take about 5 ms; with less than this left, the caller
    // would be gone before the answer.
    budgetMsMin: 10,
    // A reply that is lost is asked for at once; inventory that is gone is not waited for.
    reserveRetry: { attemptsMax: 3, delayMsMin: 10, delayMsMax: 80 },
    // Longer than any lock wait (2 s) and its retry. The units are held for 60 s, so there is time.
    commitMsMax: 8_000,
    // The intent is stored anyway; waiting for it only makes the first StartPayment sure to find it.
    intentMsMax: 500,
    paymentWindowMs: paymentWindowSeconds * 1000,
  };
}

export const offerBookLimits: OfferBookLimits = {
  // As promised in the contract: a change reaches orders placed more than a second later.
  ageMsMax: 1_000,
  // At about 300 bytes each, 3 MB.
  entriesMax: 10_000,
  batchMax: 256,
  queueMax: QUEUE_MAX,
  concurrency: 2,
};

export const watchLimits: WatchLimits = {
  lookIntervalMs: 500,
  lookMsMax: 2_000,
  // 2,000 watchers look 4,000 times a second, in about 50 statements.
  watchersMax: 2_000,
};

export const soldOutLimits: SoldOutWatchLimits = {
  // A filter of 250 KB each at the most: 25 MB. Beyond the hundred that losers want most, they ask.
  streamsMax: 100,
  idleMsMax: 10_000,
  // Seven heartbeats.
  silentMsMax: 3_000,
  coldMsMin: 1_000,
  sweepIntervalMs: 500,
  // Long enough that a SKU that sells out again and again costs next to nothing.
  reopenMsMin: 100,
  reopenMsMax: 10_000,
  restingMax: 1_000,
};

export const expireLimits: ExpireLimits = {
  // One call to payment and one change batch.
  batchMax: 256,
  // Longer than a run, so that nobody works on the same orders at the same time.
  leaseMs: 5_000,
  runMsMax: 4_000,
  // A backlog gets a quarter of the time of its server's loop; resting less makes new orders wait.
  restShare: 3,
  // What has just become due waits for one rest and one batch, and may be late by 2 s.
  restMsMax: 500,
};
export const expireLoop = { intervalMs: 250, errorDelayMs: 1_000 };

export const outboxLimits = {
  // What a process delivers itself is done long before; what it leaves behind is late by this.
  firstDelayMs: 2_000,
  batchMax: 256,
  // With delays that double up to a minute this is 16 hours: longer than any repair of a peer.
  attemptsMax: 1_000,
};
/** Well below the outbox's bound for a handler: an order's versions may follow each other in one. */
export const EVENT_STREAM_MS_MAX = 2_000;
/**
 * A reader of public events who comes late finds a quarter of an hour: at 1,000/s and 400 bytes each,
 * 0.4 GB. 16 streams that lose 10,000 entries per run keep up with 32,000/s.
 */
export const eventTrim = { keepMs: 15 * 60 * 1_000, entriesMax: 10_000 };
export const eventTrimLoop = { intervalMs: 5_000, errorDelayMs: 5_000 };
/** Below the outbox's own bound for a handler. */
export const DELIVER_MS_MAX = 5_000;

/** Ids stop when the database is away for longer. */
export const LEASE_WINDOW_MS = 30_000;

export const serverLimits = {
  deadlineMsDefault: 5_000,
  deadlineMsMax: 30_000,
  concurrencyMax: CALLS_MAX,
};

/** A stop lets the calls in flight finish, commits included. */
export const DRAIN_MS_MAX = 6_000;
/** Drain, and then loops, deliveries and pools. */
export const STOP_MS_MAX = DRAIN_MS_MAX + 6_000;
