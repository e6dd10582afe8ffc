// Promise: CreateOrder tells the truth whatever its neighbours do: inventory that does not answer, a
// payment service that is down, callers that repeat themselves.
// Method: the whole service over gRPC on two real MySQL servers, with scripted neighbours.

import type { MessageInitShape } from '@bufbuild/protobuf';
import { afterAll, beforeEach, describe, expect, test } from '@jest/globals';
import { OrderState, OrderType } from '../../gen/spillway/order/v1/order_pb.js';
import {
  type CreateOrderRequestSchema,
  OrderFate,
} from '../../gen/spillway/order/v1/order_service_pb.js';
import { eventually } from '../platform/real-servers.fixture.js';
import { newRequest, openScene, reason, soon } from './order-scene.fixture.js';

const scene = await openScene();
const { client, inventory, payment, place } = scene;

beforeEach(() => scene.reset());
afterAll(() => scene.close());

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
    [
      'CURRENCY_MIXED',
      {
        lines: [
          { skuId: 'tea', quantity: 1 },
          { skuId: 'pin', quantity: 1 },
        ],
      },
    ],
    ['SOLD_OUT', { lines: [{ skuId: 'tea', quantity: 9_999 }] }],
    [
      'FIELD_INVALID lines[1].sku_id',
      {
        lines: [
          { skuId: 'tea', quantity: 1 },
          { skuId: 'tea', quantity: 1 },
        ],
      },
    ],
    ['FIELD_INVALID lines[0].quantity', { lines: [{ skuId: 'tea', quantity: 0 }] }],
  ])('%s', async (wanted, changes) => {
    expect(await reason(client.createOrder(newRequest(changes), soon()))).toBe(wanted);
  });

  test('60 copies of one request at once take units once and give one order', async () => {
    const before = inventory.units.get('tea');
    const copy = newRequest();
    const answers = await Promise.all(
      Array.from({ length: 60 }, () => client.createOrder(copy, soon())),
    );
    expect(new Set(answers.map(({ order }) => order?.orderId)).size).toBe(1);
    expect(answers.filter(({ duplicate }) => !duplicate)).toHaveLength(1);
    expect(inventory.units.get('tea')).toBe((before ?? 0) - 2);
  });

  test('60 copies of a request that takes no stock give one order too', async () => {
    const copy = newRequest({ type: OrderType.VIRTUAL });
    const answers = await Promise.all(
      Array.from({ length: 60 }, () => client.createOrder(copy, soon())),
    );
    expect(new Set(answers.map(({ order }) => order?.orderId)).size).toBe(1);
    expect(answers.filter(({ duplicate }) => !duplicate)).toHaveLength(1);
  });

  test('the same request id with another body', async () => {
    const first = newRequest();
    await client.createOrder(first, soon());
    const changed = { ...first, paymentWindowSeconds: 61 };
    expect(await reason(client.createOrder(changed, soon()))).toBe('REQUEST_ID_REUSED');
  });

  test('an order outranks what happened since: offer gone, units released', async () => {
    const first = newRequest({ lines: [{ skuId: 'brief', quantity: 1 }] });
    const offer = {
      skuId: 'brief',
      title: 'brief',
      unitPrice: { currency: 'EUR', amountMinor: 1n },
    };
    inventory.units.set('brief', 1);
    await client.putOffer({ offer }, soon());
    const { order } = await client.createOrder(first, soon());
    const closesAt = { seconds: 1n, nanos: 0 };
    await client.putOffer({ offer: { ...offer, closesAt } }, soon());
    const again = await client.createOrder(first, soon());
    expect(again).toMatchObject({ duplicate: true, order: { orderId: order?.orderId } });
    expect(await reason(client.createOrder(newRequest({ lines: first.lines ?? [] }), soon()))).toBe(
      'SALE_CLOSED',
    );

    const second = newRequest();
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
    const copy = newRequest();
    inventory.down = true;
    expect(await reason(client.createOrder(copy, soon()))).toBe('DEPENDENCY_UNAVAILABLE');
    inventory.down = false;
    expect((await client.createOrder(copy, soon())).order?.state).toBe(OrderState.PENDING_PAYMENT);
  });

  test('a reservation that was given up closes its request', async () => {
    const copy = newRequest();
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
    const call = client.createOrder(newRequest(), { deadlineMs: Date.now() + 8 });
    expect(await reason(call)).toMatch(/^$|DEADLINE_EXCEEDED/);
    expect(inventory.held.size).toBe(held);
  });
});
