// Promise: units of an order are refunded at what was paid for them, once per request; until the goods
// are away their units are for sale again; whatever else pays money back, nobody gets more than he paid.
// Method: one small story per way that a refund can go, told by order, payment and stock.
import { expect, test } from '@jest/globals';
import { type Order, OrderState } from '../../gen/spillway/order/v1/order_pb.js';
import { patiently, refusalOf, soon } from '../harness/clients.js';
import { type Basket, crowd, eventually, fresh, Shop } from '../harness/shop.js';
import type { TestMesh } from '../harness/test-mesh.js';

export function refundLines(mesh: () => TestMesh): void {
  const shop = () => new Shop(mesh().clients);

  test('a unit comes back for sale and its money goes back; the rest stays sold', async () => {
    const tea = await shop().sells(5, { priceMinor: 1_000 });
    const cup = await shop().sells(5, { priceMinor: 300 });
    const order = await shop().paid({ [tea]: 3, [cup]: 1 });
    const { order: after, refund } = await ask(mesh(), order, { [tea]: 2 });
    expect(refund).toMatchObject({ amount: { amountMinor: 2_000n }, unitsReturned: true });
    expect(after?.lines.map((line) => line.refundedQuantity)).toEqual([2, 0]);
    expect([after?.state, after?.version]).toEqual([OrderState.PAID, order.version + 1n]);
    await keeps(mesh(), order, '3300-2000');
    await shop().stockBecomes(tea, '4/0/1 of 5');
    expect(await shop().stock(cup)).toBe('4/0/1 of 5');
  });

  test('a copy of a refund is the first one, also at the same moment', async () => {
    const sku = await shop().sells(5);
    const order = await shop().paid({ [sku]: 3 });
    const requestId = fresh('back');
    const answers = await crowd(Array.from({ length: 20 }), 20, () =>
      ask(mesh(), order, { [sku]: 1 }, { requestId }),
    );
    expect(new Set(answers.map(({ refund }) => refund?.version)).size).toBe(1);
    await keeps(mesh(), order, '3000-1000');
    await shop().stockBecomes(sku, '3/0/2 of 5');
    const other = ask(mesh(), order, { [sku]: 2 }, { requestId });
    expect((await refusalOf(other)).reason).toBe('REQUEST_ID_REUSED');
  });

  test('the last unit ends the order', async () => {
    const sku = await shop().sells(5);
    const order = await shop().paid({ [sku]: 2 });
    await ask(mesh(), order, { [sku]: 1 });
    const { order: over } = await ask(mesh(), order, { [sku]: 1 });
    expect(over?.state).toBe(OrderState.CANCELLED);
    await keeps(mesh(), order, '2000-2000');
    await shop().stockBecomes(sku, '5/0/0 of 5');
    const more = ask(mesh(), order, { [sku]: 1 });
    expect((await refusalOf(more)).reason).toBe('REFUND_EXCEEDS_CAPTURED');
  });

  test('a cancel after it gives back what is left', async () => {
    const sku = await shop().sells(5);
    const order = await shop().paid({ [sku]: 3 });
    await ask(mesh(), order, { [sku]: 1 });
    expect((await shop().cancel(order.orderId))?.state).toBe(OrderState.CANCELLED);
    await keeps(mesh(), order, '3000-3000');
    await shop().stockBecomes(sku, '5/0/0 of 5');
  });

  test('after shipping only the money goes back', async () => {
    const sku = await shop().sells(5);
    const order = await shop().paid({ [sku]: 2 });
    await shop().stockBecomes(sku, '3/0/2 of 5');
    const to = { carrier: 'dhl', trackingNumber: 'T1' };
    await mesh().clients.orders.shipOrder({ orderId: order.orderId, ...to }, soon());
    const { order: after, refund } = await ask(mesh(), order, { [sku]: 2 });
    expect([after?.state, refund?.unitsReturned]).toEqual([OrderState.SHIPPED, false]);
    await keeps(mesh(), order, '2000-2000');
    expect(await shop().stock(sku)).toBe('3/0/2 of 5');
  });

  test('money that was given back out of goodwill is not given back again', async () => {
    const sku = await shop().sells(5);
    const order = await shop().paid({ [sku]: 2 });
    await goodwill(mesh(), order, 700n);
    expect((await shop().look(order.orderId)).state).toBe(OrderState.PAID);
    await ask(mesh(), order, { [sku]: 1 });
    await keeps(mesh(), order, '2000-1700');
    await ask(mesh(), order, { [sku]: 1 });
    await keeps(mesh(), order, '2000-2000');
    await shop().stockBecomes(sku, '5/0/0 of 5');
  });

  test('refunds, a cancel and goodwill at the same moment pay back what was paid', async () => {
    const sku = await shop().sells(60);
    const orders = await crowd(Array.from({ length: 12 }), 6, () => shop().paid({ [sku]: 3 }));
    await crowd(orders, 12, (order) =>
      Promise.allSettled([
        ask(mesh(), order, { [sku]: 1 }),
        ask(mesh(), order, { [sku]: 2 }),
        shop().cancel(order.orderId),
        goodwill(mesh(), order, 100n),
      ]),
    );
    await crowd(orders, 6, (order) => keeps(mesh(), order, '3000-3000'));
    await shop().stockBecomes(sku, '60/0/0 of 60');
  });

  test('what cannot be refunded is refused and changes nothing', async () => {
    const sku = await shop().sells(9);
    const unpaid = await shop().order({ [sku]: 1 });
    const order = await shop().paid({ [sku]: 2 });
    const reasons = async (asked: Promise<unknown>) => (await refusalOf(asked)).reason;
    expect(await reasons(ask(mesh(), unpaid, { [sku]: 1 }))).toBe('TRANSITION_ILLEGAL');
    expect(await reasons(ask(mesh(), order, { [sku]: 3 }))).toBe('REFUND_EXCEEDS_CAPTURED');
    expect(await reasons(ask(mesh(), order, { [fresh('sku')]: 1 }))).toBe('FIELD_INVALID');
    const stale = { expectedVersion: order.version - 1n };
    expect(await reasons(ask(mesh(), order, { [sku]: 1 }, stale))).toBe('VERSION_MISMATCH');
    const gone = { ...order, orderId: '1' };
    expect(await reasons(ask(mesh(), gone, { [sku]: 1 }))).toBe('ORDER_UNKNOWN');
    expect((await shop().look(order.orderId)).version).toBe(order.version);
    await keeps(mesh(), order, '2000-0');
  });
}

function ask(
  mesh: TestMesh,
  { orderId }: Order,
  basket: Basket,
  o: { requestId?: string; expectedVersion?: bigint } = {},
) {
  const lines = Object.entries(basket).map(([skuId, quantity]) => ({ skuId, quantity }));
  const request = { orderId, requestId: fresh('back'), lines, reason: 'broken', ...o };
  return patiently(() => mesh.clients.orders.refundLines(request, soon()));
}

async function goodwill(mesh: TestMesh, { paymentId }: Order, amountMinor: bigint): Promise<void> {
  const amount = { currency: 'EUR', amountMinor };
  const request = { requestId: fresh('goodwill'), paymentId, amount, reason: 'sorry' };
  await patiently(() => mesh.clients.payments.refundPayment(request, soon()));
}

/** `captured-refunded` of an order's payment. */
async function keeps(mesh: TestMesh, { paymentId }: Order, wanted: string): Promise<void> {
  let seen = '';
  await eventually(
    () => `payment ${paymentId} is ${seen}, not ${wanted}`,
    async () => {
      const { payment } = await patiently(() =>
        mesh.clients.payments.getPayment({ paymentId }, soon()),
      );
      seen = `${payment?.captured?.amountMinor}-${payment?.refunded?.amountMinor}`;
      return seen === wanted;
    },
  );
}
