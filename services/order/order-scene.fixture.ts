// A whole order service for tests: over gRPC, on two real MySQL servers, with scripted neighbours and
// three things on sale.

import type { MessageInitShape } from '@bufbuild/protobuf';
import {
  type CreateOrderRequestSchema,
  OrderService,
  PaymentNews,
} from '../../gen/spillway/order/v1/order_service_pb.js';
import { systemClock as clock } from '../platform/clock.js';
import { IdSource } from '../platform/ids.js';
import { createTestDatabase } from '../platform/mysql/database.fixture.js';
import { migrate } from '../platform/mysql/migrate.js';
import { ShardGates } from '../platform/mysql/shard-gates.js';
import { silent, testUrl } from '../platform/real-servers.fixture.js';
import type { Client } from '../platform/rpc/client.js';
import { RpcError } from '../platform/rpc/errors.js';
import { startLoopback } from '../platform/rpc/loopback.fixture.js';
import { assembleOrder, type EventStream } from './assemble.js';
import { ScriptedInventory, ScriptedPayment } from './neighbours.fixture.js';

type CreateRequest = MessageInitShape<typeof CreateOrderRequestSchema>;

const PAYABLE_MINOR = 2_199n;

export const soon = () => ({ deadlineMs: Date.now() + 5_000 });

interface SceneOptions {
  /** Of the MySQL servers, when they are not to be reached directly. */
  readonly urls?: string[];
  /** Off: no statement is sent but for a call. */
  readonly background?: boolean;
  readonly eventStream?: EventStream;
}

export async function openScene(o: SceneOptions = {}) {
  const inventory = new ScriptedInventory();
  const payment = new ScriptedPayment();
  const tables = await openTables(o.urls ?? [testUrl('TEST_MYSQL_1'), testUrl('TEST_MYSQL_2')]);
  const { gates } = tables;
  const lease = () => ({ workerId: 1, fromMs: 0, untilMs: Number.MAX_SAFE_INTEGER });
  const service = assembleOrder({
    gates,
    inventory: await inventory.start(),
    payment: await payment.start(),
    ids: new IdSource({ clock, lease }),
    clock,
    log: silent,
    paymentWindowSeconds: 900,
    soldOutNotice: true,
    eventStream: o.eventStream,
  });
  if (o.background !== false) service.start();
  const limits = { concurrencyMax: 1_000 };
  const loopback = await startLoopback(OrderService, service.handlers, limits);
  const { client } = loopback;
  await openSale(client, inventory);
  return {
    client,
    inventory,
    payment,
    gates,
    shards: gates.shards,
    database: tables.name,
    ...callsOf(client),
    reset: () => {
      Object.assign(inventory, { answersLost: 0, down: false });
      Object.assign(payment, { down: false });
      inventory.asked.length = 0;
      payment.asked.length = 0;
    },
    close: async () => {
      await loopback.close();
      await service.stop();
      await inventory.stop();
      await payment.stop();
      await tables.drop();
    },
  };
}

let requests = 0;

/** Another one each time: two cups of tea, 21.99 EUR. */
export function newRequest(changes: CreateRequest = {}): CreateRequest {
  requests += 1;
  const lines = [
    { skuId: 'tea', quantity: 2 },
    { skuId: 'cup', quantity: 1 },
  ];
  return { userId: `user-${requests % 7}`, requestId: `request-${requests}`, lines, ...changes };
}

/** The reason of a refusal, with the field that it names. */
export async function reason(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return 'ok';
  } catch (error) {
    if (!(error instanceof RpcError)) throw error;
    return error.fields[0] ? `${error.reason} ${error.fields[0].field}` : error.reason;
  }
}

async function openTables(urls: string[]) {
  const database = await createTestDatabase({ urls, poolSize: 12 });
  const directory = new URL('./infra/mysql/sql/', import.meta.url);
  await migrate(database.shards, { directory, database: database.name, log: silent });
  const { name, shards } = database;
  const gates = new ShardGates({ shards, database: name, clock, log: silent });
  await gates.open();
  return { name, gates, drop: () => database.drop() };
}

async function openSale(client: Client<typeof OrderService>, inventory: ScriptedInventory) {
  for (const [skuId, amountMinor, currency] of [
    ['tea', 450n, 'EUR'],
    ['cup', 1_299n, 'EUR'],
    ['pin', 100n, 'USD'],
  ] as const) {
    const unitPrice = { currency, amountMinor };
    await client.putOffer({ offer: { skuId, title: `a ${skuId}`, unitPrice } }, soon());
    inventory.units.set(skuId, 1_000);
  }
}

function callsOf(client: Client<typeof OrderService>) {
  return {
    place: async (changes: CreateRequest = {}) => {
      const { order } = await client.createOrder(newRequest(changes), soon());
      if (!order) throw new Error('no order');
      return order;
    },
    /** The news of a payment, and what the order made of it. */
    news: async (orderId: string, news = PaymentNews.CAPTURED, amountMinor = PAYABLE_MINOR) => {
      const captured = { currency: 'EUR', amountMinor };
      const record = { orderId, paymentId: `p-${orderId}`, news, captured };
      const { outcomes } = await client.recordPayment({ records: [record] }, soon());
      return outcomes[0];
    },
  };
}
