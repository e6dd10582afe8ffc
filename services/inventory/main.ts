// The inventory process: wires Redis, MySQL and the order service to the use cases, and serves.

import { InventoryService } from '../../gen/spillway/inventory/v1/inventory_service_pb.js';
import { systemClock as clock } from '../platform/clock.js';
import { armCrashPoints } from '../platform/crash-point.js';
import { Lifecycle } from '../platform/lifecycle.js';
import { createLog, type Log } from '../platform/log.js';
import { Loop } from '../platform/loop.js';
import { assertDurable, connectShards, type ShardMap } from '../platform/mysql/connect.js';
import { migrate } from '../platform/mysql/migrate.js';
import { rowLockLook } from '../platform/mysql/row-lock-look.js';
import { connectRedis, masters, type RedisLink, redisReady } from '../platform/redis/connect.js';
import { assertNoEviction } from '../platform/redis/eviction.js';
import { RpcServer } from '../platform/rpc/server.js';
import { openMetrics } from '../platform/telemetry/open-metrics.js';
import { startTracing } from '../platform/telemetry/trace-export.js';
import { Throttle } from '../platform/throttle.js';
import { inventoryHandlers } from './api/inventory-service.js';
import { Auditor } from './app/auditor.js';
import { CheckBack } from './app/check-back.js';
import { CloseReservations } from './app/close-reservations.js';
import { HoldParts } from './app/hold-parts.js';
import { LowStock } from './app/low-stock.js';
import { Rebase } from './app/rebase.js';
import { Refunds } from './app/refunds.js';
import { ReserveStock } from './app/reserve-stock.js';
import { RestockSku } from './app/restock-sku.js';
import { ServingGuard } from './app/serving-guard.js';
import { StockFeed } from './app/stock-feed.js';
import * as settings from './config.js';
import { MysqlStockBook } from './infra/mysql/stock-book.js';
import { stockLook } from './infra/mysql/stock-look.js';
import { OrderClient } from './infra/order-client.js';
import { RedisGate } from './infra/redis/gate.js';
import { RedisLoadedSkus } from './infra/redis/loaded-skus.js';
import { safetyChecks } from './infra/safety-checks.js';

const log = createLog({ service: 'inventory', level: 'info' });
const lifecycle = new Lifecycle({ log, stopMsMax: settings.STOP_MS_MAX });

await lifecycle.run(async () => {
  const config = settings.readInventoryConfig();
  log.level = config.LOG_LEVEL;
  armCrashPoints({ crashAt: config.CRASH_AT, pauseAt: config.PAUSE_AT, log });
  const instance = config.LISTEN;
  await startTracing({ service: 'inventory', instance, settings: config, log, lifecycle });
  const shards = await openMysql(config);
  const redis = await openRedis(config);
  const gate = new RedisGate(redis, refusalLog());
  const book = new MysqlStockBook(shards, { holdMs: config.HOLD_MS });
  lifecycle.onStop('book', () => book.stop());
  const rebase = new Rebase({ gate, book, clock, log });
  lifecycle.onStop('rebase', () => rebase.stop());
  const refunds = new Refunds({ gate, rebase, clock, log });
  lifecycle.onStop('refunds', () => refunds.stop());
  book.onRefund((units) => refunds.send(units));
  const loaded = new RedisLoadedSkus(() => masters(redis));
  const auditor = new Auditor({ gate, book, rebase, loaded, clock, log });
  lifecycle.onStop('auditor', () => auditor.stop());
  startLoops(config, { book, auditor });

  const server = new RpcServer({
    log,
    deadlineMsDefault: settings.DEADLINE_MS_DEFAULT,
    deadlineMsMax: settings.DEADLINE_MS_MAX,
    concurrencyMax: settings.CALLS_MAX,
  });
  const parts = new HoldParts({ gate, book, rebase, refunds, clock, watch: auditor });
  const guard = new ServingGuard({
    checks: () => safetyChecks(shards, redis),
    onChange: (safe) => server.setServing(safe),
    log,
  });
  server.add(
    InventoryService,
    inventoryHandlers({
      reserve: new ReserveStock({ parts, book }),
      close: new CloseReservations(book),
      restock: new RestockSku({ book, rebase }),
      book,
      feed: new StockFeed({ book, clock, log }),
      guard,
    }),
  );
  const port = await server.listen(config.LISTEN);
  lifecycle.onStop('server', () => server.stop(settings.DRAIN_MS_MAX));
  server.setServing(true);
  await openMetrics({
    service: 'inventory',
    address: config.METRICS_LISTEN,
    looks: [stockLook(shards, { lowBelow: config.LOW_STOCK_BELOW }), rowLockLook(shards)],
    clock,
    log,
    lifecycle,
  });
  startLoop('guard', settings.GUARD_INTERVAL_MS, () => guard.look(), log);
  log.info({ port }, 'serving');
});

async function openMysql(config: settings.InventoryConfig): Promise<ShardMap> {
  const database = `${config.MYSQL_DATABASE_PREFIX}inventory`;
  const shards = connectShards({
    shards: config.MYSQL_SHARDS,
    database,
    poolSize: settings.MYSQL_POOL_SIZE,
    log,
  });
  lifecycle.onStop('mysql', () => shards.close());
  await assertDurable(shards);
  const directory = new URL('./infra/mysql/sql/', import.meta.url);
  await migrate(shards, { directory, database, log });
  return shards;
}

async function openRedis(config: settings.InventoryConfig): Promise<RedisLink> {
  const redis = connectRedis({
    url: config.REDIS_URL,
    commandTimeoutMs: settings.REDIS_COMMAND_MS_MAX,
    log,
  });
  lifecycle.onStop('redis', () => redis.disconnect());
  await redisReady(redis);
  await assertNoEviction(redis);
  return redis;
}

function startLoops(
  config: settings.InventoryConfig,
  o: { book: MysqlStockBook; auditor: Auditor },
): void {
  const orders = new OrderClient({ addresses: config.ORDER_ADDRESSES, log });
  lifecycle.onStop('order client', () => orders.close());
  const checkBack = new CheckBack({ book: o.book, orders, clock, log });
  startLoop('check-back', config.CHECK_BACK_INTERVAL_MS, () => checkBack.look(), log);
  startLoop('audit', config.AUDIT_INTERVAL_MS, () => o.auditor.look(), log);
  const lowStock = new LowStock({ book: o.book, below: config.LOW_STOCK_BELOW, log });
  startLoop('low stock', settings.LOW_STOCK_INTERVAL_MS, () => tell(lowStock), log);
}

function tell(lowStock: LowStock): Promise<'IDLE'> {
  lowStock.tell();
  return Promise.resolve('IDLE');
}

function startLoop(
  name: string,
  intervalMs: number,
  run: () => Promise<'MORE' | 'IDLE'>,
  loopLog: Log,
): void {
  const errorDelayMs = settings.LOOP_ERROR_DELAY_MS;
  const loop = new Loop({ name, intervalMs, errorDelayMs, run, log: loopLog });
  loop.start();
  lifecycle.onStop(name, () => loop.stop());
}

// Full memory or a demoted master: the gate cannot work, and every buyer is told to come back.
function refusalLog(): (word: string) => void {
  const throttle = new Throttle(clock, settings.REFUSAL_LOG_INTERVAL_MS);
  return (word) => {
    const times = throttle.count();
    if (times > 0) log.error({ word, times }, 'redis refuses to run scripts');
  };
}
