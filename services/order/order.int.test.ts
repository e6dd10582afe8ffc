// Promise: the saga tells the truth about every order whatever its neighbours do: inventory that does
// not answer, a payment service that is down, callers that repeat themselves.
// Method: the whole service over gRPC on two real MySQL servers, with scripted neighbours.

import type { MessageInitShape } from '@bufbuild/protobuf';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { OrderState, OrderType } from '../../gen/spillway/order/v1/order_pb.js';
import {
  type CreateOrderRequestSchema,
  OrderFate,
  OrderService,
  PaymentNews,
  PaymentRecordOutcome,
} from '../../gen/spillway/order/v1/order_service_pb.js';
import { CancelPaymentOutcome } from '../../gen/spillway/payment/v1/payment_service_pb.js';
import { systemClock as clock } from '../platform/clock.js';
import { IdSource } from '../platform/ids.js';
import { createTestDatabase } from '../platform/mysql/database.fixture.js';
import { migrate } from '../platform/mysql/migrate.js';
import { eventually, silent, testUrl } from '../platform/real-servers.fixture.js';
import type { Client } from '../platform/rpc/client.js';
import { RpcError } from '../platform/rpc/errors.js';
import { startLoopback } from '../platform/rpc/loopback.fixture.js';
import { assembleOrder } from './assemble.js';
import { ScriptedInventory, ScriptedPayment } from './neighbours.fixture.js';

let inventory: ScriptedInventory;
let payment: ScriptedPayment;
let client: Client<typeof OrderService>;
const closers: (() => Promise<unknown> | undefined)[] = [];

const soon = () => ({ deadlineMs: Date.now() + 5_000 });

beforeAll(async () => {
  const urls = [testUrl('TEST_MYSQL_1'), testUrl('TEST_MYSQL_2')];
  const database = await createTestDatabase({ urls, poolSize: 12 });
  const { shards } = database;
  const directory = new URL('./infra/mysql/sql/', import.meta.url);
  await migrate(shards, { directory, database: database.name, log: silent });
  inventory = new ScriptedInventory();
  payment = new ScriptedPayment();
  const lease = () => ({ workerId: 1, fromMs: 0, untilMs: Number.MAX_SAFE_INTEGER });
  const service = assembleOrder({
    shards,
    inventory: await inventory.start(),
    payment: await payment.start(),
    ids: new IdSource({ clock, lease }),
    clock,
    log: silent,
    paymentWindowSeconds: 900,
  });
  service.start();
  const loopback = await startLoopback(OrderService, service.handlers, { concurrencyMax: 1_000 });
  client = loopback.client;
  closers.push(
    () => loopback.close(),
    () => service.stop(),
    () => inventory.stop(),
    () => payment.stop(),
    () => database.drop(),
  );
  for (const [skuId, amountMinor, currency] of [
    ['tea', 450n, 'EUR'],
    ['cup', 1_299n, 'EUR'],
    ['pin', 100n, 'USD'],
  ] as const) {
    const unitPrice = { currency, amountMinor };
    await client.putOffer({ offer: { skuId, title: `a ${skuId}`, unitPrice } }, soon());
    inventory.units.set(skuId, 1_000);
  }
});

afterAll(async () => {
  for (const close of closers) await close();
});

beforeEach(() => {
  Object.assign(inventory, { answersLost: 0, down: false });
  Object.assign(payment, { down: false });
  inventory.asked.length = 0;
  payment.asked.length = 0;
});

let requests = 0;
function request(
  changes: MessageInitShape<typeof CreateOrderRequestSchema> = {},
): MessageInitShape<typeof CreateOrderRequestSchema> {
  requests += 1;
  const lines = [
    { skuId: 'tea', quantity: 2 },
    { skuId: 'cup', quantity: 1 },
  ];
  return { userId: `user-${requests % 7}`, requestId: `request-${requests}`, lines, ...changes };
}

async function place(changes: MessageInitShape<typeof CreateOrderRequestSchema> = {}) {
  const { order } = await client.createOrder(request(changes), soon());
  if (!order) throw new Error('no order');
  return order;
}

async function captured(orderId: string, amountMinor = 2_199n) {
  const { outcomes } = await client.recordPayment(
    {
      records: [
        {
          orderId,
          paymentId: `p-${orderId}`,
          news: PaymentNews.CAPTURED,
          captured: { currency: 'EUR', amountMinor },
        },
      ],
    },
    soon(),
  );
  return outcomes[0];
}

/** The reason of a refusal. */
async function reason(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return 'ok';
  } catch (error) {
    if (!(error instanceof RpcError)) throw error;
    return error.fields[0] ? `${error.reason} ${error.fields[0].field}` : error.reason;
  }
}

describe('CreateOrder', () => {
  test('an order is priced from the offers, stored, and has its payment', async () => {
    const order = await place({ paymentWindowSeconds: 60 });
    expect(order).toMatchObject({
      state: OrderState.PENDING_PAYMENT,
      type: OrderType.PHYSICAL,
      version: 1n,
      total: { currency: 'EUR', amountMinor: 2_199n },
      payable: { currency: 'EUR', amountMinor: 2_199n },
      discount: { currency: 'EUR', amountMinor: 0n },
      paymentId: `p-${order.orderId}`,
      lines: [{ skuId: 'tea', quantity: 2, title: 'a tea' }, { skuId: 'cup' }],
    });
    const heldSeconds = (order.paymentDeadline?.seconds ?? 0n) - (order.createdAt?.seconds ?? 0n);
    expect(heldSeconds).toBe(60n);
    expect(payment.intents.get(order.orderId)).toBe(2_199n);
    const { order: read } = await client.getOrder({ orderId: order.orderId }, soon());
    expect({ ...read, transitions: [] }).toEqual(order);
    expect(read?.transitions).toHaveLength(1);
  });

  test.each<[string, MessageInitShape<typeof CreateOrderRequestSchema>]>([
    ['OFFER_UNKNOWN', { lines: [{ skuId: 'ghost', quantity: 1 }] }],
    ['CURRENCY_MIXED', { lines: [{ skuId: 'tea', quantity: 1 }, { skuId: 'pin', quantity: 1 }] }],
    ['SOLD_OUT', { lines: [{ skuId: 'tea', quantity: 9_999 }] }],
    ['FIELD_INVALID lines[1].sku_id', { lines: [{ skuId: 'tea', quantity: 1 }, { skuId: 'tea', quantity: 1 }] }],
    ['FIELD_INVALID lines[0].quantity', { lines: [{ skuId: 'tea', quantity: 0 }] }],
  ])('%s', async (wanted, changes) => {
    expect(await reason(client.createOrder(request(changes), soon()))).toBe(wanted);
  });

  test('60 copies of one request at once take units once and give one order', async () => {
    const before = inventory.units.get('tea');
    const copy = request();
    const answers = await Promise.all(
      Array.from({ length: 60 }, () => client.createOrder(copy, soon())),
    );
    expect(new Set(answers.map(({ order }) => order?.orderId)).size).toBe(1);
    expect(answers.filter(({ duplicate }) => !duplicate)).toHaveLength(1);
    expect(inventory.units.get('tea')).toBe((before ?? 0) - 2);
  });

  test('60 copies of a request that takes no stock give one order too', async () => {
    const copy = request({ type: OrderType.VIRTUAL });
    const answers = await Promise.all(
      Array.from({ length: 60 }, () => client.createOrder(copy, soon())),
    );
    expect(new Set(answers.map(({ order }) => order?.orderId)).size).toBe(1);
    expect(answers.filter(({ duplicate }) => !duplicate)).toHaveLength(1);
  });

  test('the same request id with another body', async () => {
    const first = request();
    await client.createOrder(first, soon());
    const changed = { ...first, paymentWindowSeconds: 61 };
    expect(await reason(client.createOrder(changed, soon()))).toBe('REQUEST_ID_REUSED');
  });

  test('an order outranks what happened since: offer gone, units released', async () => {
    const first = request({ lines: [{ skuId: 'brief', quantity: 1 }] });
    const offer = { skuId: 'brief', title: 'brief', unitPrice: { currency: 'EUR', amountMinor: 1n } };
    inventory.units.set('brief', 1);
    await client.putOffer({ offer }, soon());
    const { order } = await client.createOrder(first, soon());
    const closesAt = { seconds: 1n, nanos: 0 };
    await client.putOffer({ offer: { ...offer, closesAt } }, soon());
    const again = await client.createOrder(first, soon());
    expect(again).toMatchObject({ duplicate: true, order: { orderId: order?.orderId } });
    expect(await reason(client.createOrder(request({ lines: first.lines ?? [] }), soon()))).toBe(
      'SALE_CLOSED',
    );

    const second = request();
    const placed = await client.createOrder(second, soon());
    await client.cancelOrder({ orderId: placed.order?.orderId ?? '' }, soon());
    for (const [reservationId, orderId] of inventory.held) {
      if (orderId === placed.order?.orderId) inventory.closed.add(reservationId);
    }
    const cancelled = await client.createOrder(second, soon());
    expect(cancelled).toMatchObject({ duplicate: true, order: { state: OrderState.CANCELLED } });
  });

  test('lost answers of inventory are asked for again, and take units once', async () => {
    const before = inventory.units.get('tea') ?? 0;
    inventory.answersLost = 2;
    await place();
    expect(inventory.units.get('tea')).toBe(before - 2);
  });

  test('inventory that stays silent is not known to have refused; the retry succeeds', async () => {
    const copy = request();
    inventory.down = true;
    expect(await reason(client.createOrder(copy, soon()))).toBe('DEPENDENCY_UNAVAILABLE');
    inventory.down = false;
    expect((await client.createOrder(copy, soon())).order?.state).toBe(OrderState.PENDING_PAYMENT);
  });

  test('a reservation that was given up closes its request', async () => {
    const copy = request();
    inventory.answersLost = 9;
    expect(await reason(client.createOrder(copy, soon()))).toBe('DEPENDENCY_UNAVAILABLE');
    inventory.answersLost = 0;
    const orderId = [...inventory.held.values()].at(-1) ?? '';
    const { resolutions } = await client.resolveOrders({ orderIds: [orderId] }, soon());
    expect(resolutions[0]?.fate).toBe(OrderFate.CANCELLED);
    // Its hold is still there, and the commit under its id runs into the tombstone.
    expect(await reason(client.createOrder(copy, soon()))).toBe('REQUEST_CLOSED');
  });

  test('with payment down orders are placed, and their intents follow', async () => {
    payment.down = true;
    const order = await place();
    expect(payment.intents.has(order.orderId)).toBe(false);
    payment.down = false;
    await eventually(() => payment.intents.get(order.orderId) === 2_199n);
  });

  test('a caller without time is refused before anything is held', async () => {
    const held = inventory.held.size;
    const call = client.createOrder(request(), { deadlineMs: Date.now() + 8 });
    expect(await reason(call)).toMatch(/^$|DEADLINE_EXCEEDED/);
    expect(inventory.held.size).toBe(held);
  });
});

describe('after the order', () => {
  test('paid, shipped, delivered, completed; a watcher sees every version once', async () => {
    const { orderId } = await place();
    const seen: string[] = [];
    const watching = (async () => {
      for await (const { order } of client.watchOrder({ orderId }, soon())) {
        seen.push(`${order?.version} ${OrderState[order?.state ?? 0]} ${order?.trackingNumber}`);
      }
    })();
    await eventually(() => seen.length === 1);
    expect(await captured(orderId)).toBe(PaymentRecordOutcome.RECORDED);
    expect(await captured(orderId)).toBe(PaymentRecordOutcome.RECORDED);
    await eventually(() => inventory.asked.includes(`confirm ${orderId}`));
    const carrier = { carrier: 'dhl', trackingNumber: 'T1' };
    await client.shipOrder({ orderId, ...carrier, expectedVersion: 2n }, soon());
    await client.shipOrder({ orderId, ...carrier, expectedVersion: 2n }, soon());
    const other = { ...carrier, trackingNumber: 'T2' };
    expect(await reason(client.shipOrder({ orderId, ...other }, soon()))).toBe(
      'TRANSITION_ILLEGAL',
    );
    expect(
      await reason(client.shipOrder({ orderId, ...other, expectedVersion: 2n }, soon())),
    ).toBe('VERSION_MISMATCH');
    expect(await reason(client.completeOrder({ orderId }, soon()))).toBe('TRANSITION_ILLEGAL');
    await client.deliverOrder({ orderId }, soon());
    await client.completeOrder({ orderId }, soon());
    await watching;
    expect(seen).toEqual([
      '1 PENDING_PAYMENT ',
      '2 PAID ',
      '3 SHIPPED T1',
      '4 DELIVERED T1',
      '5 COMPLETED T1',
    ]);
  });

  test('cancelled unpaid: the payment is barred first, then the units come back', async () => {
    const { orderId } = await place();
    const reasonText = { reason: 'changed my mind' };
    const { order } = await client.cancelOrder({ orderId, ...reasonText }, soon());
    expect(order).toMatchObject({ state: OrderState.CANCELLED, version: 2n });
    expect(order?.transitions[1]).toMatchObject({ operator: 'user', remark: 'changed my mind' });
    expect(payment.asked).toEqual([`cancel p-${orderId}`]);
    await eventually(() => inventory.asked.includes(`release ${orderId}`));
    await client.cancelOrder({ orderId, expectedVersion: 1n }, soon());
    expect(await captured(orderId)).toBe(PaymentRecordOutcome.REFUND);
  });

  test.each([
    ['PAYMENT_IN_PROGRESS', CancelPaymentOutcome.IN_PROGRESS],
    ['PAYMENT_IN_PROGRESS', CancelPaymentOutcome.CAPTURED],
    ['DEPENDENCY_UNAVAILABLE', CancelPaymentOutcome.UNKNOWN],
  ])('not cancelled, %s, while its payment says %i', async (wanted, outcome) => {
    const { orderId } = await place();
    payment.cancels.set(`p-${orderId}`, outcome);
    expect(await reason(client.cancelOrder({ orderId }, soon()))).toBe(wanted);
    const { order } = await client.getOrder({ orderId }, soon());
    expect(order?.state).toBe(OrderState.PENDING_PAYMENT);
  });

  test('cancelled after payment: money and units go back', async () => {
    const { orderId } = await place();
    await captured(orderId);
    await client.cancelOrder({ orderId }, soon());
    await eventually(() => inventory.asked.includes(`return ${orderId}`));
    const refund = `refund p-${orderId} 2199 cancel-${orderId}`;
    await eventually(() => payment.asked.includes(refund));
    expect(payment.asked).toEqual([refund]);
    const { resolutions } = await client.resolveOrders({ orderIds: [orderId, 'x1'] }, soon());
    expect(resolutions.map(({ fate }) => fate)).toEqual([OrderFate.RETURNED, OrderFate.CANCELLED]);
  });

  test('effects wait for a neighbour that is down', async () => {
    const { orderId } = await place();
    inventory.down = true;
    await captured(orderId);
    await clock.sleep(50);
    inventory.down = false;
    await eventually(() => inventory.asked.includes(`confirm ${orderId}`));
  });

  test('a shipped order is cancelled by an operator only, and its units stay away', async () => {
    const { orderId } = await place();
    await captured(orderId);
    await client.shipOrder({ orderId, carrier: 'dhl', trackingNumber: 'T1' }, soon());
    expect(await reason(client.cancelOrder({ orderId }, soon()))).toBe('TRANSITION_ILLEGAL');
    await client.cancelOrder({ orderId, asOperator: true }, soon());
    await eventually(() => payment.asked.some((line) => line.startsWith(`refund p-${orderId}`)));
    expect(inventory.asked).not.toContain(`return ${orderId}`);
  });

  test('unpaid orders expire; one whose payment is under way does not', async () => {
    const orders = await Promise.all([1, 2, 3].map(() => place({ paymentWindowSeconds: 1 })));
    const [slow, ...others] = orders.map(({ orderId }) => orderId);
    payment.cancels.set(`p-${slow}`, CancelPaymentOutcome.IN_PROGRESS);
    for (const orderId of others) {
      await eventually(async () => {
        const { order } = await client.getOrder({ orderId }, soon());
        return order?.state === OrderState.CANCELLED;
      });
      const { order } = await client.getOrder({ orderId }, soon());
      expect(order?.transitions[1]).toMatchObject({ operator: 'deadline' });
      await eventually(() => inventory.asked.includes(`release ${orderId}`));
    }
    expect(await captured(slow ?? '')).toBe(PaymentRecordOutcome.RECORDED);
  });

  test('news that cannot be right', async () => {
    const { orderId } = await place();
    expect(await captured(orderId, 1n)).toBe(PaymentRecordOutcome.MISMATCH);
    expect(await captured('123456')).toBe(PaymentRecordOutcome.MISMATCH);
    expect(await captured('abc')).toBe(PaymentRecordOutcome.MISMATCH);
  });

  test('a refund from the payment side cancels what is not shipped', async () => {
    const { orderId } = await place();
    await captured(orderId);
    const record = {
      orderId,
      paymentId: `p-${orderId}`,
      news: PaymentNews.REFUNDED,
      captured: { currency: 'EUR', amountMinor: 2_199n },
    };
    const { outcomes } = await client.recordPayment({ records: [record] }, soon());
    expect(outcomes).toEqual([PaymentRecordOutcome.RECORDED]);
    await eventually(() => inventory.asked.includes(`return ${orderId}`));
    expect(payment.asked).toEqual([]);
  });
});

test('unknown orders and offers', async () => {
  for (const orderId of ['1', '0', 'abc', '9223372036854775808', '92233720368547758070']) {
    expect(await reason(client.getOrder({ orderId }, soon()))).toBe('ORDER_UNKNOWN');
    expect(await reason(client.cancelOrder({ orderId }, soon()))).toBe('ORDER_UNKNOWN');
    const watch = client.watchOrder({ orderId }, soon())[Symbol.asyncIterator]();
    expect(await reason(watch.next())).toBe('ORDER_UNKNOWN');
  }
  expect(await reason(client.getOffer({ skuId: 'ghost' }, soon()))).toBe('OFFER_UNKNOWN');
});

test('lists are paged, and a page token belongs to its listing', async () => {
  const userId = 'pager';
  const ids: string[] = [];
  for (let i = 0; i < 5; i++) ids.push((await place({ userId })).orderId);
  const seen: string[] = [];
  let pageToken = '';
  do {
    const page = await client.listOrders({ userId, pageSize: 2, pageToken }, soon());
    seen.push(...page.orders.map(({ orderId }) => orderId));
    pageToken = page.nextPageToken;
  } while (pageToken !== '');
  expect(seen).toEqual(ids.reverse());
  const { nextPageToken } = await client.listOrders({ userId, pageSize: 2 }, soon());
  const foreign = [
    { userId: 'other', pageToken: nextPageToken },
    { userId, state: OrderState.PAID, pageToken: nextPageToken },
    { userId, pageToken: `${nextPageToken}x` },
    { userId, pageToken: 'nonsense' },
  ];
  for (const listing of foreign) {
    expect(await reason(client.listOrders(listing, soon()))).toBe('FIELD_INVALID page_token');
  }
});

test('offers grow by version when they change, and a window must open before it closes', async () => {
  const offer = { skuId: 'new', title: 'n', unitPrice: { currency: 'EUR', amountMinor: 5n } };
  const put = async (changes: object = {}) =>
    (await client.putOffer({ offer: { ...offer, ...changes } }, soon())).offer?.version;
  expect([await put(), await put(), await put({ userLimit: 3 }), await put({ title: 'm' })]).toEqual(
    [1n, 1n, 2n, 3n],
  );
  const at = (seconds: bigint) => ({ seconds, nanos: 0 });
  expect(await reason(put({ opensAt: at(9n), closesAt: at(9n) }))).toBe(
    'FIELD_INVALID offer.closes_at',
  );
  const { offer: read } = await client.getOffer({ skuId: 'new' }, soon());
  expect(read).toMatchObject({ title: 'm', version: 3n, userLimit: 0 });
  expect(read?.opensAt).toBeUndefined();
});
