// Puts the order service together from its drivers, and says in which order it starts and stops. The
// process (main.ts) and the tests that need a whole service use the same one.

import type { InventoryService } from '../../gen/spillway/inventory/v1/inventory_service_pb.js';
import type { OrderService } from '../../gen/spillway/order/v1/order_service_pb.js';
import type { PaymentService } from '../../gen/spillway/payment/v1/payment_service_pb.js';
import type { Clock } from '../platform/clock.js';
import { RedisEventTransport } from '../platform/events/redis-transport.js';
import { StreamTrimmer } from '../platform/events/stream-trimmer.js';
import type { IdSource } from '../platform/ids.js';
import type { Log } from '../platform/log.js';
import { Loop } from '../platform/loop.js';
import { Outbox } from '../platform/mysql/outbox.js';
import { meterOutbox } from '../platform/mysql/outbox-meter.js';
import { OutboxPublisher } from '../platform/mysql/outbox-publisher.js';
import type { ShardGates } from '../platform/mysql/shard-gates.js';
import type { RedisLink } from '../platform/redis/connect.js';
import type { Client } from '../platform/rpc/client.js';
import type { Handlers } from '../platform/rpc/server.js';
import { orderHandlers } from './api/order-service.js';
import { CancelOrder } from './app/cancel-order.js';
import { CreateOrder } from './app/create-order.js';
import { effectHandlers } from './app/deliver-effects.js';
import { ExpireOrders } from './app/expire-orders.js';
import { GetOrder } from './app/get-order.js';
import { ListOrders } from './app/list-orders.js';
import { OfferBook } from './app/offer-book.js';
import type { OrderStore, Payments } from './app/ports.js';
import { RecordPayment } from './app/record-payment.js';
import { RefundLines } from './app/refund-lines.js';
import { ResolveOrders } from './app/resolve-orders.js';
import { SoldOutWatch } from './app/sold-out-watch.js';
import { ChangeBell, WatchOrder } from './app/watch-order.js';
import * as config from './config.js';
import { changedBody } from './infra/event-stream-client.js';
import { InventoryClient } from './infra/inventory-client.js';
import { CHANGED_KIND } from './infra/mysql/changed-event.js';
import { createdEvent } from './infra/mysql/commit-batch.js';
import { MysqlOfferStore } from './infra/mysql/offer-store.js';
import type { OrderReplicas } from './infra/mysql/order-replicas.js';
import { MysqlOrderStore } from './infra/mysql/order-store.js';
import { orderKeys } from './infra/order-keys.js';
import type { PartsCache } from './infra/parts-cache.js';
import { PaymentClient } from './infra/payment-client.js';
import { StockWatchClient } from './infra/stock-watch-client.js';

export interface OrderDrivers {
  /** Opened: they know where each shard lives. */
  readonly gates: ShardGates;
  readonly inventory: Client<typeof InventoryService>;
  readonly payment: Client<typeof PaymentService>;
  readonly ids: Pick<IdSource, 'next'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly paymentWindowSeconds: number;
  /** Whether losers of a sold-out SKU are refused without asking inventory. */
  readonly soldOutNotice: boolean;
  /** Where the public hears of orders; nobody does without. */
  readonly eventStream?: EventStream | undefined;
  /** Spares MySQL what is known of orders already; off without. */
  readonly cache?: PartsCache | undefined;
  /** Of some servers, for reads that name how much they must know; off without. */
  readonly replicas?: OrderReplicas | undefined;
}

export interface EventStream {
  readonly link: RedisLink;
  /** Of this mesh alone. */
  readonly topic: string;
}

export interface AssembledOrder {
  readonly handlers: Handlers<typeof OrderService>;
  /** Starts what runs in the background: expiry and the relay of the outbox. */
  start(): void;
  /** After the server has drained: lets everything in progress end. */
  stop(): Promise<void>;
}

export function assembleOrder(drivers: OrderDrivers): AssembledOrder {
  const { gates, clock, log } = drivers;
  const { shards } = gates;
  const keys = orderKeys(drivers.ids);
  const { stock, payments } = meshOf(drivers);

  const deliverMsMax = config.DELIVER_MS_MAX;
  const effects = effectHandlers({ stock, payments, keys, clock, deliverMsMax });
  const handlers = { ...effects, ...changePublisher(drivers) };
  const outbox = new Outbox({ shards, gates, handlers, log, clock, ...config.outboxLimits });
  meterOutbox(outbox.stats);

  const bell = new ChangeBell();
  const orders = openOrders(drivers, outbox, bell);
  const offers = new MysqlOfferStore(gates);
  const book = new OfferBook({ store: offers, clock, limits: config.offerBookLimits });

  const limits = config.createLimits(drivers.paymentWindowSeconds);
  const intended = (order: Parameters<typeof createdEvent>[0]) =>
    outbox.settled([createdEvent(order)]);
  const soldOut = drivers.soldOutNotice ? watchSoldOut(drivers) : undefined;
  const saga = { orders, offers: book, stock, payments, keys, clock, limits, intended, soldOut };
  const loops = expireLoops(drivers, orders, payments);
  if (drivers.eventStream) loops.push(trimLoop(drivers, drivers.eventStream));

  return {
    handlers: orderHandlers({
      create: new CreateOrder(saga),
      cancel: new CancelOrder({ orders, payments }),
      refund: new RefundLines({ orders }),
      get: new GetOrder({ orders, clock }),
      list: new ListOrders({ orders, keys }),
      watch: new WatchOrder({ orders, bell, clock, limits: config.watchLimits }),
      resolve: new ResolveOrders({ orders, keys }),
      record: new RecordPayment({ orders, payments, keys }),
      orders,
      tracking: orders,
      offers,
      book,
      keys,
    }),
    start() {
      gates.start();
      for (const loop of loops) loop.start();
      outbox.start();
    },
    async stop() {
      await soldOut?.stop();
      if (soldOut) log.info({ soldOut: soldOut.stats }, 'refused without asking inventory');
      await Promise.all(loops.map((loop) => loop.stop()));
      await orders.stop();
      await outbox.stop();
      await gates.stop();
    },
  };
}

function openOrders(drivers: OrderDrivers, outbox: Outbox, bell: ChangeBell): MysqlOrderStore {
  const { gates, clock, cache, replicas, eventStream } = drivers;
  const announced = eventStream !== undefined;
  const changed = (orderId: bigint) => bell.ring(orderId);
  const limits = config.storeLimits;
  const reads = { cache, replicas };
  return new MysqlOrderStore({ gates, outbox, clock, limits, ...reads, announced, changed });
}

function expireLoops({ clock, log }: OrderDrivers, orders: OrderStore, payments: Payments): Loop[] {
  const expire = new ExpireOrders({ orders, payments, clock, limits: config.expireLimits });
  return orders.dueQueues.map((queue) => {
    // One loop per server: one that is down does not keep the orders of the others pending.
    const name = `order.expire.${queue.name}`;
    const run = (signal: AbortSignal) => expire.run(queue, signal);
    return new Loop({ name, ...config.expireLoop, run, log, clock });
  });
}

function changePublisher({ gates, clock, eventStream }: OrderDrivers) {
  if (!eventStream) return {};
  const { shards } = gates;
  const transport = new RedisEventTransport(eventStream);
  const [kind, bodyOf] = [CHANGED_KIND, changedBody];
  const publisher = new OutboxPublisher({ shards, transport, kind, bodyOf, clock });
  return { [CHANGED_KIND]: publisher.publish };
}

function trimLoop({ clock, log }: OrderDrivers, eventStream: EventStream): Loop {
  const trimmer = new StreamTrimmer({ ...eventStream, clock, ...config.eventTrim });
  const run = () => trimmer.run();
  return new Loop({ name: 'order.trim-events', ...config.eventTrimLoop, run, log, clock });
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
