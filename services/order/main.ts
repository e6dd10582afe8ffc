// The order service process: configuration, drivers, and the order in which it stops. It keeps nothing
// in memory that MySQL does not have, so any number of it may run.

import { InventoryService } from '../../gen/spillway/inventory/v1/inventory_service_pb.js';
import { OrderService } from '../../gen/spillway/order/v1/order_service_pb.js';
import { PaymentService } from '../../gen/spillway/payment/v1/payment_service_pb.js';
import { systemClock as clock } from '../platform/clock.js';
import { armCrashPoints } from '../platform/crash-point.js';
import { IdSource } from '../platform/ids.js';
import { Lifecycle } from '../platform/lifecycle.js';
import { createLog } from '../platform/log.js';
import {
  assertDurable,
  connectServer,
  connectShards,
  type ShardMap,
} from '../platform/mysql/connect.js';
import { migrate } from '../platform/mysql/migrate.js';
import { outboxLook } from '../platform/mysql/outbox-meter.js';
import { rowLockLook } from '../platform/mysql/row-lock-look.js';
import { ShardGates } from '../platform/mysql/shard-gates.js';
import { leaseHolder, WorkerLease } from '../platform/mysql/worker-lease.js';
import { connectRedis, redisReady } from '../platform/redis/connect.js';
import { assertNoEviction } from '../platform/redis/eviction.js';
import { connectClient } from '../platform/rpc/client.js';
import { RpcServer } from '../platform/rpc/server.js';
import { openMetrics } from '../platform/telemetry/open-metrics.js';
import { startTracing } from '../platform/telemetry/trace-export.js';
import { type AssembledOrder, assembleOrder, type EventStream } from './assemble.js';
import * as config from './config.js';
import { orderLook } from './infra/mysql/order-look.js';
import { OrderReplicas } from './infra/mysql/order-replicas.js';
import { CACHE_MS_MAX, RedisPartsCache } from './infra/redis/parts-cache.js';

const log = createLog({ service: 'order', level: 'info' });
const lifecycle = new Lifecycle({ log, stopMsMax: config.STOP_MS_MAX });

await lifecycle.run(async () => {
  const settings = config.readOrderConfig();
  log.level = settings.LOG_LEVEL;
  armCrashPoints({ crashAt: settings.CRASH_AT, pauseAt: settings.PAUSE_AT, log });
  const instance = settings.LISTEN;
  await startTracing({ service: 'order', instance, settings, log, lifecycle });

  const gates = await openShards(settings);
  const ids = new IdSource({ clock, lease: await leaseWorkerId(gates.shards) });
  const inventory = connectClient(InventoryService, { addresses: settings.INVENTORY_ADDRESSES });
  const payment = connectClient(PaymentService, { addresses: settings.PAYMENT_ADDRESSES });
  lifecycle.onStop('clients', () => {
    inventory.close();
    payment.close();
  });

  const paymentWindowSeconds = settings.PAYMENT_WINDOW_SECONDS;
  const soldOutNotice = settings.SOLD_OUT_NOTICE;
  const cache = openCache(settings);
  const eventStream = openEventStream(settings);
  const replicas = openReplicas(settings, gates.shards);
  const drivers = { gates, replicas, inventory, payment, ids, cache, eventStream, clock, log };
  const order = assembleOrder({ ...drivers, paymentWindowSeconds, soldOutNotice });
  lifecycle.onStop('order', () => order.stop());
  order.start();

  const { shards } = gates;
  const looks = [orderLook(shards), outboxLook(shards), rowLockLook(shards)];
  const address = settings.METRICS_LISTEN;
  await openMetrics({ service: 'order', address, looks, clock, log, lifecycle });
  await serve(settings.LISTEN, order);
});

async function openShards(settings: config.OrderConfig): Promise<ShardGates> {
  const database = `${settings.MYSQL_DATABASE_PREFIX}order`;
  const poolSize = config.POOL_SIZE;
  const shards = connectShards({ shards: settings.MYSQL_SHARDS, database, poolSize, log });
  lifecycle.onStop('mysql', () => shards.close());
  await assertDurable(shards);
  const directory = new URL('./infra/mysql/sql/', import.meta.url);
  await migrate(shards, { directory, database, log });
  const gates = new ShardGates({ shards, database, clock, log });
  await gates.open();
  return gates;
}

// Not waited for: whatever a replica does not answer, its primary does.
function openReplicas(settings: config.OrderConfig, shards: ShardMap): OrderReplicas | undefined {
  const { MYSQL_REPLICAS: entries, MYSQL_DATABASE_PREFIX: prefix } = settings;
  if (entries === undefined) return undefined;
  const database = `${prefix}order`;
  const poolSize = config.REPLICA_POOL_SIZE;
  const servers = entries.map(({ from, url }) => {
    // Of which shards it may tell, its gates say.
    const server = connectServer({ url, database, poolSize });
    lifecycle.onStop('mysql replica', () => server.pool.end());
    return { primary: shards.configuredFor(from), server };
  });
  const names = servers.map(({ server }) => server.name);
  log.info({ replicas: names, database, poolSize }, 'mysql replicas');
  return new OrderReplicas({ servers, clock, log, limits: config.replicasLimits });
}

// Not waited for: the service is whole without it.
function openCache(settings: config.OrderConfig): RedisPartsCache | undefined {
  const url = settings.ORDER_CACHE_URL;
  if (url === undefined) return undefined;
  const link = connectRedis({ url, commandTimeoutMs: CACHE_MS_MAX, log });
  const cache = new RedisPartsCache({ link, clock, mesh: settings.MYSQL_DATABASE_PREFIX });
  lifecycle.onStop('cache', () => {
    log.info({ cache: cache.stats }, 'order cache');
    link.disconnect();
  });
  return cache;
}

// Not waited for either: what it does not take stays in the outbox.
function openEventStream(settings: config.OrderConfig): EventStream | undefined {
  const url = settings.EVENT_STREAM_URL;
  if (url === undefined) return undefined;
  const link = connectRedis({ url, commandTimeoutMs: config.EVENT_STREAM_MS_MAX, log });
  lifecycle.onStop('event stream', () => link.disconnect());
  redisReady(link)
    .then(() => assertNoEviction(link))
    .catch((error: unknown) => log.error({ err: error }, 'public events may be lost or late'));
  return { link, topic: `${settings.MYSQL_DATABASE_PREFIX}order` };
}

async function leaseWorkerId(shards: ShardMap) {
  // Wherever shard 0 moves: the leases of all processes must stand in one table.
  const server = shards.configuredFor(0);
  const windowMs = config.LEASE_WINDOW_MS;
  const lease = new WorkerLease({ server, holder: leaseHolder(), clock, log, windowMs });
  lifecycle.onStop('worker lease', () => lease.stop());
  await lease.start();
  return () => lease.current();
}

async function serve(address: string, order: AssembledOrder): Promise<void> {
  const server = new RpcServer({ log, ...config.serverLimits });
  // News of payments and check-backs free what an overload holds, so they get through it.
  const concurrencyExempt = ['recordPayment', 'resolveOrders'] as const;
  server.add(OrderService, order.handlers, { concurrencyExempt });
  lifecycle.onStop('server', () => server.stop(config.DRAIN_MS_MAX));
  const port = await server.listen(address);
  server.setServing(true);
  log.info({ port }, 'serving gRPC');
}
