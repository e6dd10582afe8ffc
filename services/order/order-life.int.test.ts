// Promise: after an order is placed, money, units and states follow each other, also when a neighbour is
// away for a while.
// Method: the whole service over gRPC on two real MySQL servers, with scripted neighbours.

import { afterAll, beforeEach, describe, expect, test } from '@jest/globals';
import { OrderState } from '../../gen/spillway/order/v1/order_pb.js';
import {
  OrderFate,
  PaymentNews,
  PaymentRecordOutcome,
} from '../../gen/spillway/order/v1/order_service_pb.js';
import { CancelPaymentOutcome } from '../../gen/spillway/payment/v1/payment_service_pb.js';
import { systemClock as clock } from '../platform/clock.js';
import { eventually } from '../platform/real-servers.fixture.js';
import { openScene, reason, soon } from './order-scene.fixture.js';

const scene = await openScene();
const { client, inventory, payment, place, news } = scene;

beforeEach(() => scene.reset());
afterAll(() => scene.close());

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
    expect(await news(orderId)).toBe(PaymentRecordOutcome.RECORDED);
    expect(await news(orderId)).toBe(PaymentRecordOutcome.RECORDED);
    await eventually(() => inventory.asked.includes(`confirm ${orderId}`));
    const carrier = { carrier: 'dhl', trackingNumber: 'T1' };
    await client.shipOrder({ orderId, ...carrier, expectedVersion: 2n }, soon());
    await client.shipOrder({ orderId, ...carrier, expectedVersion: 2n }, soon());
    const other = { ...carrier, trackingNumber: 'T2' };
    expect(await reason(client.shipOrder({ orderId, ...other }, soon()))).toBe(
      'TRANSITION_ILLEGAL',
    );
    expect(await reason(client.shipOrder({ orderId, ...other, expectedVersion: 2n }, soon()))).toBe(
      'VERSION_MISMATCH',
    );
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
    expect(await news(orderId)).toBe(PaymentRecordOutcome.REFUND);
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
    await news(orderId);
    await client.cancelOrder({ orderId }, soon());
    await eventually(() => inventory.asked.includes(`return ${orderId}`));
    const refund = `refund p-${orderId} 2199 cancel`;
    await eventually(() => payment.asked.includes(refund));
    expect(payment.asked).toEqual([refund]);
    const { resolutions } = await client.resolveOrders({ orderIds: [orderId, 'x1'] }, soon());
    expect(resolutions.map(({ fate }) => fate)).toEqual([OrderFate.RETURNED, OrderFate.CANCELLED]);
  });

  test('effects wait for a neighbour that is down', async () => {
    const { orderId } = await place();
    inventory.down = true;
    await news(orderId);
    await clock.sleep(50);
    inventory.down = false;
    await eventually(() => inventory.asked.includes(`confirm ${orderId}`));
  });

  test('a shipped order is cancelled by an operator only, and its units stay away', async () => {
    const { orderId } = await place();
    await news(orderId);
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
    expect(await news(slow ?? '')).toBe(PaymentRecordOutcome.RECORDED);
  });

  test('news that cannot be right', async () => {
    const { orderId } = await place();
    expect(await news(orderId, PaymentNews.CAPTURED, 1n)).toBe(PaymentRecordOutcome.MISMATCH);
    expect(await news('123456')).toBe(PaymentRecordOutcome.MISMATCH);
    expect(await news('abc')).toBe(PaymentRecordOutcome.MISMATCH);
  });

  test('a refund from the payment side cancels what is not shipped', async () => {
    const { orderId } = await place();
    await news(orderId);
    const outcome = await news(orderId, PaymentNews.REFUNDED);
    expect(outcome).toBe(PaymentRecordOutcome.RECORDED);
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
  expect([
    await put(),
    await put(),
    await put({ userLimit: 3 }),
    await put({ title: 'm' }),
    await put({ title: 'm', attributes: { b: 'ä "', a: '1' } }),
    await put({ title: 'm', attributes: { a: '1', b: 'ä "' } }),
  ]).toEqual([1n, 1n, 2n, 3n, 4n, 4n]);
  const at = (seconds: bigint) => ({ seconds, nanos: 0 });
  expect(await reason(put({ opensAt: at(9n), closesAt: at(9n) }))).toBe(
    'FIELD_INVALID offer.closes_at',
  );
  expect(await reason(put({ opensAt: at(2n ** 62n) }))).toBe('FIELD_INVALID offer.opens_at');
  const { offer: read } = await client.getOffer({ skuId: 'new' }, soon());
  const attributes = { a: '1', b: 'ä "' };
  expect(read).toMatchObject({ title: 'm', version: 4n, userLimit: 0, attributes });
  expect(read?.opensAt).toBeUndefined();
});
