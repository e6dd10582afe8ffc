// Promise: paid units are sold, cancelled and expired ones come back, money and units move together,
// and of a payment and a cancel that race exactly one wins.
// Method: one small story per way an order can go, then fifty races, told by order, payment and stock.
import { type Timestamp, timestampMs } from '@bufbuild/protobuf/wkt';
import { describe, expect, test } from '@jest/globals';
import { OrderState } from '../../gen/spillway/order/v1/order_pb.js';
import { PaymentState } from '../../gen/spillway/payment/v1/payment_pb.js';
import { patiently, refusalOf, soon } from '../harness/clients.js';
import { crowd, eventually, fresh, Shop } from '../harness/shop.js';
import type { TestMesh } from '../harness/test-mesh.js';

export function payAndCancel(mesh: () => TestMesh): void {
  const shop = () => new Shop(mesh().clients);

  test('paying sells the units', async () => {
    const sku = await shop().sells(5);
    const order = await shop().order({ [sku]: 2 });
    expect(await shop().stock(sku)).toBe('3/2/0 of 5');
    await shop().pay(order);
    await shop().becomes(order.orderId, OrderState.PAID);
    await shop().stockBecomes(sku, '3/0/2 of 5');
    expect(await money(mesh(), order.paymentId)).toBe('SUCCEEDED 2000-0');
  });

  test('a declined card leaves the order payable, and another card pays it', async () => {
    const sku = await shop().sells(5);
    const order = await shop().order({ [sku]: 1 });
    await shop().pay(order, 'card_declined');
    await moneyBecomes(mesh(), order.paymentId, 'FAILED 0-0');
    expect((await shop().look(order.orderId)).state).toBe(OrderState.PENDING_PAYMENT);
    await shop().pay(order);
    await shop().becomes(order.orderId, OrderState.PAID);
  });

  test('cancelling an unpaid order gives its units back', async () => {
    const sku = await shop().sells(5);
    const order = await shop().order({ [sku]: 2 });
    expect((await shop().cancel(order.orderId))?.state).toBe(OrderState.CANCELLED);
    await shop().stockBecomes(sku, '5/0/0 of 5');
    expect(await money(mesh(), order.paymentId)).toBe('CANCELLED 0-0');
  });

  test('cancelling a paid order gives units and money back', async () => {
    const sku = await shop().sells(5);
    const order = await shop().paid({ [sku]: 2 });
    expect((await shop().cancel(order.orderId))?.state).toBe(OrderState.CANCELLED);
    await shop().stockBecomes(sku, '5/0/0 of 5');
    await moneyBecomes(mesh(), order.paymentId, 'SUCCEEDED 2000-2000');
  });

  test('a full refund cancels an order that has not been shipped; a part of it does not', async () => {
    const sku = await shop().sells(5);
    const order = await shop().paid({ [sku]: 2 });
    await refund(mesh(), order.paymentId, 500n);
    expect((await shop().look(order.orderId)).state).toBe(OrderState.PAID);
    await refund(mesh(), order.paymentId, 1_500n);
    await shop().becomes(order.orderId, OrderState.CANCELLED);
    await shop().stockBecomes(sku, '5/0/0 of 5');
    const more = refund(mesh(), order.paymentId, 1n);
    expect((await refusalOf(more)).reason).toBe('REFUND_EXCEEDS_CAPTURED');
  });

  test('an unpaid order is cancelled within two seconds of its deadline', async () => {
    const sku = await shop().sells(5);
    const order = await shop().order({ [sku]: 2 }, { windowSeconds: 1 });
    const cancelled = await shop().becomes(order.orderId, OrderState.CANCELLED, 4_500);
    const { paymentDeadline, updatedAt } = cancelled;
    const lateMs = timeMs(updatedAt) - timeMs(paymentDeadline);
    expect([lateMs >= 0, lateMs < 2_000]).toEqual([true, true]);
    expect(cancelled.transitions.at(-1)?.operator).toBe('deadline');
    await shop().stockBecomes(sku, '5/0/0 of 5');
    const late = mesh().clients.payments.startPayment(
      { paymentId: order.paymentId, requestId: fresh('pay'), method: 'card' },
      soon(),
    );
    expect((await refusalOf(late)).code).toBe(9);
  });
}

const RACES = 50;

export function payCancelRaces(mesh: () => TestMesh): void {
  describe(`${RACES} orders are paid and cancelled at the same moment`, () => {
    test('each ends on one side, with its units and its money on the same side', async () => {
      const shop = new Shop(mesh().clients);
      const sku = await shop.sells(RACES);
      const orders = await crowd(Array.from({ length: RACES }), 25, () => shop.order({ [sku]: 1 }));
      await crowd(orders, RACES, (order) =>
        Promise.allSettled([shop.pay(order), shop.cancel(order.orderId)]),
      );
      const ends = await crowd(orders, 25, (order) => settled(mesh(), order.orderId));
      const paid = ends.filter((end) => end === 'PAID kept').length;
      const cancelled = ends.filter((end) => end === 'CANCELLED returned').length;
      expect({ paid, cancelled, sum: paid + cancelled }).toEqual({ paid, cancelled, sum: RACES });
      await shop.stockBecomes(sku, `${cancelled}/0/${paid} of ${RACES}`);
    }, 30_000);
  });
}

function timeMs(at: Timestamp | undefined): number {
  if (!at) throw new Error('a time is missing');
  return timestampMs(at);
}

/** Waits until order and payment agree and tells how. */
async function settled(mesh: TestMesh, orderId: string): Promise<string> {
  const shop = new Shop(mesh.clients);
  let end = '';
  await eventually(
    () => `order ${orderId} does not settle: ${end}`,
    async () => {
      const order = await shop.look(orderId);
      end = `${OrderState[order.state]} ${await money(mesh, order.paymentId)}`;
      return /^PAID SUCCEEDED 1000-0$|^CANCELLED (CANCELLED 0-0|\w+ 1000-1000)$/.test(end);
    },
    10_000,
  );
  return end.startsWith('PAID') ? 'PAID kept' : 'CANCELLED returned';
}

/** `STATE captured-refunded`. */
async function money(mesh: TestMesh, paymentId: string): Promise<string> {
  const { payment } = await patiently(() =>
    mesh.clients.payments.getPayment({ paymentId }, soon()),
  );
  const captured = payment?.captured?.amountMinor ?? 0n;
  const refunded = payment?.refunded?.amountMinor ?? 0n;
  return `${PaymentState[payment?.state ?? 0]} ${captured}-${refunded}`;
}

async function moneyBecomes(mesh: TestMesh, paymentId: string, wanted: string): Promise<void> {
  let seen = '';
  await eventually(
    () => `payment ${paymentId} is ${seen}, not ${wanted}`,
    async () => {
      seen = await money(mesh, paymentId);
      return seen === wanted;
    },
  );
}

async function refund(mesh: TestMesh, paymentId: string, amountMinor: bigint): Promise<void> {
  const requestId = fresh('refund');
  const amount = { currency: 'EUR', amountMinor };
  await patiently(() =>
    mesh.clients.payments.refundPayment({ requestId, paymentId, amount, reason: 'broken' }, soon()),
  );
}
