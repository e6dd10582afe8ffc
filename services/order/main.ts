// The order service process: reads top to bottom as what it needs, what it is made of, and in which
// order it stops. It keeps nothing in memory that MySQL does not have, so any number of it may run.

import { randomUUID } from 'node:crypto';
import { InventoryService } from '../../gen/spillway/inventory/v1/inventory_service_pb.js';
import { OrderService } from '../../gen/spillway/order/v1/order_service_pb.js';
import { PaymentService } from '../../gen/spillway/payment/v1/payment_service_pb.js';
import { systemClock as clock } from '../platform/clock.js';
import { IdSource } from '../platform/ids.js';
import { Lifecycle } from '../platform/lifecycle.js';
import { createLog } from '../platform/log.js';
import { Loop } from '../platform/loop.js';
import { assertDurable, connectShards, type ShardMap } from '../platform/mysql/connect.js';
import { migrate } from '../platform/mysql/migrate.js';
import { Outbox } from '../platform/mysql/outbox.js';
import { WorkerLease } from '../platform/mysql/worker-lease.js';
import { connectClient } from '../platform/rpc/client.js';
import { RpcServer } from '../platform/rpc/server.js';
import { orderHandlers } from './api/order-service.js';
import { CancelOrder } from './app/cancel-order.js';
import { CreateOrder } from './app/create-order.js';
import { effectHandlers } from './app/deliver-effects.js';
import { ExpireOrders } from './app/expire-orders.js';
import { ListOrders } from './app/list-orders.js';
import { OfferBook } from './app/offer-book.js';
import { RecordPayment } from './app/record-payment.js';
import { ResolveOrders } from './app/resolve-orders.js';
import { ChangeBell, WatchOrder } from './app/watch-order.js';
import * as config from './config.js';
import { InventoryClient } from './infra/inventory-client.js';
import { createdEvent } from './infra/mysql/commit-batch.js';
import { MysqlOfferStore } from './infra/mysql/offer-store.js';
import { MysqlOrderStore } from './infra/mysql/order-store.js';
import { orderKeys } from './infra/order-keys.js';
import { PaymentClient } from './infra/payment-client.js';

const log = createLog({ service: 'order', level: 'info' });
const lifecycle = new Lifecycle({ log, stopMsMax: config.STOP_MS_MAX });

await lifecycle.run(async () => {
  const settings = config.readOrderConfig();
  log.level = settings.LOG_LEVEL;

  const shards = await openShards(settings);
  const keys = orderKeys(new IdSource({ clock, lease: await leaseWorkerId(shards) }));
  const { stock, payments } = connectMesh(settings);

  const deliverMsMax = config.DELIVER_MS_MAX;
  const handlers = effectHandlers({ stock, payments, keys, clock, deliverMsMax });
  const outbox = new Outbox({ shards, handlers: { ...handlers }, log, clock, ...config.outboxLimits });
  lifecycle.onStop('outbox', () => outbox.stop());

  const bell = new ChangeBell();
  const changed = (orderId: bigint) => bell.ring(orderId);
  const orders = new MysqlOrderStore({ shards, outbox, clock, limits: config.storeLimits, changed });
  lifecycle.onStop('orders', () => orders.stop());
  const offers = new MysqlOfferStore(shards);
  const book = new OfferBook({ store: offers, clock, limits: config.offerBookLimits });

  const create = new CreateOrder({
    orders,
    offers: book,
    stock,
    payments,
    keys,
    clock,
    limits: config.createLimits(settings.PAYMENT_WINDOW_SECONDS),
    intended: (order) => outbox.settled([createdEvent(order)]),
  });
  const service = orderHandlers({
    create,
    cancel: new CancelOrder({ orders, payments }),
    list: new ListOrders({ orders, keys }),
    watch: new WatchOrder({ orders, bell, clock, limits: config.watchLimits }),
    resolve: new ResolveOrders({ orders, keys }),
    record: new RecordPayment({ orders, keys }),
    orders,
    offers,
    book,
    keys,
  });

  startExpiry(new ExpireOrders({ orders, payments, clock, limits: config.expireLimits }), orders);
  outbox.start();
  await serve(settings.LISTEN, service);
});

async function openShards(settings: config.OrderConfig): Promise<ShardMap> {
  const database = `${settings.MYSQL_DATABASE_PREFIX}order`;
  const poolSize = config.POOL_SIZE;
  const shards = connectShards({ shards: settings.MYSQL_SHARDS, database, poolSize, log });
  lifecycle.onStop('mysql', () => shards.close());
  await assertDurable(shards);
  const directory = new URL('./infra/mysql/sql/', import.meta.url);
  await migrate(shards, { directory, database, log });
  return shards;
}

async function leaseWorkerId(shards: ShardMap) {
  const [server] = shards.servers;
  if (!server) throw new Error('the shard map has no server');
  const windowMs = config.LEASE_WINDOW_MS;
  const lease = new WorkerLease({ server, holder: randomUUID(), clock, log, windowMs });
  lifecycle.onStop('worker lease', () => lease.stop());
  await lease.start();
  return () => lease.current();
}

function connectMesh(settings: config.OrderConfig) {
  const inventory = connectClient(InventoryService, { addresses: settings.INVENTORY_ADDRESSES });
  const payment = connectClient(PaymentService, { addresses: settings.PAYMENT_ADDRESSES });
  lifecycle.onStop('clients', () => {
    inventory.close();
    payment.close();
  });
  const { reserveLimits: reserve, settleLimits: settle } = config;
  return {
    stock: new InventoryClient({ client: inventory, clock, limits: { reserve, close: settle } }),
    payments: new PaymentClient({
      client: payment,
      clock,
      limits: { intend: settle, bar: settle },
    }),
  };
}

// One loop per server, so that one that is down does not keep the others' orders pending.
function startExpiry(expire: ExpireOrders, orders: MysqlOrderStore): void {
  for (const queue of orders.dueQueues) {
    const loop = new Loop({
      name: `order.expire.${queue.name}`,
      intervalMs: config.EXPIRE_INTERVAL_MS,
      errorDelayMs: config.EXPIRE_ERROR_DELAY_MS,
      run: () => expire.run(queue),
      log,
      clock,
    });
    lifecycle.onStop(`expiry ${queue.name}`, () => loop.stop());
    loop.start();
  }
}

async function serve(address: string, service: ReturnType<typeof orderHandlers>): Promise<void> {
  const server = new RpcServer({ log, ...config.serverLimits });
  server.add(OrderService, service, { concurrencyExempt: ['recordPayment', 'resolveOrders'] });
  lifecycle.onStop('server', () => server.stop(config.DRAIN_MS_MAX));
  const port = await server.listen(address);
  server.setServing(true);
  log.info({ port }, 'serving gRPC');
}
