// Puts the order service together from its drivers, and says in which order it starts and stops. The
// process (main.ts) and the tests that need a whole service use the same one.

import type { InventoryService } from '../../gen/spillway/inventory/v1/inventory_service_pb.js';
import type { OrderService } from '../../gen/spillway/order/v1/order_service_pb.js';
import type { PaymentService } from '../../gen/spillway/payment/v1/payment_service_pb.js';
import type { Clock } from '../platform/clock.js';
import type { IdSource } from '../platform/ids.js';
import type { Log } from '../platform/log.js';
import { Loop } from '../platform/loop.js';
import type { ShardMap } from '../platform/mysql/connect.js';
import { Outbox } from '../platform/mysql/outbox.js';
import type { Client } from '../platform/rpc/client.js';
import type { Handlers } from '../platform/rpc/server.js';
import { orderHandlers } from './api/order-service.js';
import { CancelOrder } from './app/cancel-order.js';
import { CreateOrder } from './app/create-order.js';
import { effectHandlers } from './app/deliver-effects.js';
import { ExpireOrders } from './app/expire-orders.js';
import { ListOrders } from './app/list-orders.js';
import { OfferBook } from './app/offer-book.js';
import { RecordPayment } from './app/record-payment.js';
import { ResolveOrders } from './app/resolve-orders.js';
import { SoldOutWatch } from './app/sold-out-watch.js';
import { ChangeBell, WatchOrder } from './app/watch-order.js';
import * as config from './config.js';
import { InventoryClient } from './infra/inventory-client.js';
import { createdEvent } from './infra/mysql/commit-batch.js';
import { MysqlOfferStore } from './infra/mysql/offer-store.js';
import { MysqlOrderStore } from './infra/mysql/order-store.js';
import { orderKeys } from './infra/order-keys.js';
import { PaymentClient } from './infra/payment-client.js';
import { StockWatchClient } from './infra/stock-watch-client.js';

export interface OrderDrivers {
  readonly shards: ShardMap;
  readonly inventory: Client<typeof InventoryService>;
  readonly payment: Client<typeof PaymentService>;
  readonly ids: Pick<IdSource, 'next'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly paymentWindowSeconds: number;
  /** Whether losers of a sold-out SKU are refused without asking inventory. */
  readonly soldOutNotice: boolean;
}

export interface AssembledOrder {
  readonly handlers: Handlers<typeof OrderService>;
  /** Starts what runs in the background: expiry and the relay of the outbox. */
  start(): void;
  /** After the server has drained: lets everything in progress end. */
  stop(): Promise<void>;
}

export function assembleOrder(drivers: OrderDrivers): AssembledOrder {
  const { shards, clock, log } = drivers;
  const keys = orderKeys(drivers.ids);
  const { stock, payments } = meshOf(drivers);

  const deliverMsMax = config.DELIVER_MS_MAX;
  const handlers = { ...effectHandlers({ stock, payments, keys, clock, deliverMsMax }) };
  const outbox = new Outbox({ shards, handlers, log, clock, ...config.outboxLimits });

  const bell = new ChangeBell();
  const changed = (orderId: bigint) => bell.ring(orderId);
  const orders = new MysqlOrderStore({
    shards,
    outbox,
    clock,
    limits: config.storeLimits,
    changed,
  });
  const offers = new MysqlOfferStore(shards);
  const book = new OfferBook({ store: offers, clock, limits: config.offerBookLimits });

  const limits = config.createLimits(drivers.paymentWindowSeconds);
  const intended = (order: Parameters<typeof createdEvent>[0]) =>
    outbox.settled([createdEvent(order)]);
  const soldOut = drivers.soldOutNotice ? watchSoldOut(drivers) : undefined;
  const saga = { orders, offers: book, stock, payments, keys, clock, limits, intended, soldOut };
  const expire = new ExpireOrders({ orders, payments, clock, limits: config.expireLimits });
  const loops = orders.dueQueues.map((queue) => {
    // One loop per server: one that is down does not keep the orders of the others pending.
    const name = `order.expire.${queue.name}`;
    return new Loop({ name, ...config.expireLoop, run: () => expire.run(queue), log, clock });
  });

  return {
    handlers: orderHandlers({
      create: new CreateOrder(saga),
      cancel: new CancelOrder({ orders, payments }),
      list: new ListOrders({ orders, keys }),
      watch: new WatchOrder({ orders, bell, clock, limits: config.watchLimits }),
      resolve: new ResolveOrders({ orders, keys }),
      record: new RecordPayment({ orders, keys }),
      orders,
      offers,
      book,
      keys,
    }),
    start() {
      for (const loop of loops) loop.start();
      outbox.start();
    },
    async stop() {
      await soldOut?.stop();
      if (soldOut) log.info({ soldOut: soldOut.stats }, 'refused without asking inventory');
      await Promise.all(loops.map((loop) => loop.stop()));
      await orders.stop();
      await outbox.stop();
    },
  };
}

function watchSoldOut({ inventory, clock }: OrderDrivers): SoldOutWatch {
  const source = new StockWatchClient({ client: inventory, clock });
  return new SoldOutWatch({ source, clock, limits: config.soldOutLimits });
}

function meshOf({ inventory, payment, clock }: OrderDrivers) {
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
