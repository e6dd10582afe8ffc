// Promise: an order goes only where the state machine lets it go, each step once, and whoever watches
// it sees every step.
// Method: one order through its whole life; every step that is not allowed is tried in every state.
import { expect, test } from '@jest/globals';
import { type Order, OrderState } from '../../gen/spillway/order/v1/order_pb.js';
import { refusalOf, soon } from '../harness/clients.js';
import { eventually, fresh, Shop } from '../harness/shop.js';
import type { TestMesh } from '../harness/test-mesh.js';

type Step = 'cancel' | 'ship' | 'deliver' | 'complete' | 'pay' | 'give up payment' | 'refund';
const PRICE = { currency: 'EUR', amountMinor: 1_000n };

function steps(mesh: TestMesh, order: Order): Record<Step, (version?: bigint) => Promise<unknown>> {
  const { orders, payments } = mesh.clients;
  const { orderId, paymentId } = order;
  const track = { carrier: 'DHL', trackingNumber: 'T-1' };
  return {
    cancel: (v) => orders.cancelOrder({ orderId, reason: 'x', expectedVersion: v ?? 0n }, soon()),
    ship: (v) => orders.shipOrder({ orderId, ...track, expectedVersion: v ?? 0n }, soon()),
    deliver: (v) => orders.deliverOrder({ orderId, expectedVersion: v ?? 0n }, soon()),
    complete: (v) => orders.completeOrder({ orderId, expectedVersion: v ?? 0n }, soon()),
    pay: () =>
      payments.startPayment({ paymentId, requestId: fresh('pay'), method: 'card' }, soon()),
    'give up payment': () => payments.cancelPayment({ paymentId }, soon()),
    refund: () =>
      payments.refundPayment({ paymentId, requestId: fresh('refund'), amount: PRICE }, soon()),
  };
}

/** How an order comes to a state, and what it must not do there. */
const ILLEGAL: [keyof typeof OrderState, Step[], Step[]][] = [
  ['PENDING_PAYMENT', [], ['ship', 'deliver', 'complete', 'refund']],
  ['PAID', ['pay'], ['deliver', 'complete', 'pay', 'give up payment']],
  ['SHIPPED', ['pay', 'ship'], ['cancel', 'complete', 'pay', 'give up payment']],
  ['DELIVERED', ['pay', 'ship', 'deliver'], ['cancel', 'ship', 'pay', 'give up payment']],
  ['COMPLETED', ['pay', 'ship', 'deliver', 'complete'], ['cancel', 'ship', 'deliver', 'pay']],
  ['CANCELLED', ['cancel'], ['ship', 'deliver', 'complete', 'pay', 'refund']],
];

async function orderIn(mesh: TestMesh, state: OrderState, path: readonly Step[]): Promise<Order> {
  const shop = new Shop(mesh.clients);
  const order = await shop.order({ [await shop.sells(1)]: 1 });
  const take = steps(mesh, order);
  for (const step of path) {
    await take[step]();
    if (step === 'pay') await shop.becomes(order.orderId, OrderState.PAID);
  }
  return await shop.becomes(order.orderId, state);
}

export function orderLife(mesh: () => TestMesh): void {
  test.each(ILLEGAL)('from %s (by way of %j) there is no %j', async (state, path, illegal) => {
    const order = await orderIn(mesh(), OrderState[state], path);
    const take = steps(mesh(), order);
    const told: Record<string, string> = {};
    for (const step of illegal) told[step] = (await refusalOf(take[step]())).reason;
    expect(told).toEqual(Object.fromEntries(illegal.map((step) => [step, 'TRANSITION_ILLEGAL'])));
    const after = await new Shop(mesh().clients).look(order.orderId);
    expect([after.state, after.version]).toEqual([order.state, order.version]);
  });

  test('a step that is repeated changes nothing, and a stale version is refused', async () => {
    const order = await orderIn(mesh(), OrderState.SHIPPED, ['pay', 'ship']);
    const take = steps(mesh(), order);
    await take.ship();
    const stale = order.version - 1n;
    expect((await refusalOf(take.deliver(stale))).reason).toBe('VERSION_MISMATCH');
    await take.deliver(order.version);
    await take.deliver();
    const after = await new Shop(mesh().clients).look(order.orderId);
    expect(after.version).toBe(order.version + 1n);
  });

  test('an operator may cancel what is shipped: the money goes back, the goods do not', async () => {
    const order = await orderIn(mesh(), OrderState.SHIPPED, ['pay', 'ship']);
    const { orderId, paymentId } = order;
    await mesh().clients.orders.cancelOrder({ orderId, reason: 'lost', asOperator: true }, soon());
    await eventually(
      () => 'the money is not back',
      async () => {
        const { payment } = await mesh().clients.payments.getPayment({ paymentId }, soon());
        return payment?.refunded?.amountMinor === 1_000n;
      },
    );
    const shop = new Shop(mesh().clients);
    await shop.stockBecomes(order.lines[0]?.skuId ?? '', '0/0/1 of 1');
  });
}

export function watching(mesh: () => TestMesh): void {
  test('a watcher sees every version once, and the end', async () => {
    const shop = new Shop(mesh().clients);
    const order = await shop.order({ [await shop.sells(1)]: 1 });
    const take = steps(mesh(), order);
    const seen: string[] = [];
    const watched = (async () => {
      const watch = mesh().clients.orders.watchOrder({ orderId: order.orderId }, soon());
      for await (const sight of watch) {
        seen.push(`${sight.order?.version} ${OrderState[sight.order?.state ?? 0]}`);
      }
    })();
    await take.pay();
    await shop.becomes(order.orderId, OrderState.PAID);
    for (const step of ['ship', 'deliver', 'complete'] as const) await take[step]();
    await watched;
    expect(seen).toEqual([...new Set(seen)]);
    expect(seen.at(-1)).toBe('5 COMPLETED');
  });

  test('a user’s orders are listed newest first, page by page, by state', async () => {
    const shop = new Shop(mesh().clients);
    const sku = await shop.sells(10);
    const user = fresh('lister');
    const ids: string[] = [];
    for (let i = 0; i < 5; i += 1) ids.push((await shop.order({ [sku]: 1 }, { user })).orderId);
    await shop.cancel(ids[1] as string);
    const { orders } = mesh().clients;
    const listed: string[] = [];
    let pageToken = '';
    do {
      const page = await orders.listOrders({ userId: user, pageSize: 2, pageToken }, soon());
      listed.push(...page.orders.map((order) => order.orderId));
      pageToken = page.nextPageToken;
    } while (pageToken !== '');
    expect(listed).toEqual([...ids].reverse());
    const state = OrderState.CANCELLED;
    const cancelled = await orders.listOrders({ userId: user, state }, soon());
    expect(cancelled.orders.map((order) => order.orderId)).toEqual([ids[1]]);
    const foreign = await orders.listOrders({ userId: user, pageSize: 2 }, soon());
    const misused = orders.listOrders(
      { userId: fresh('other'), pageToken: foreign.nextPageToken },
      soon(),
    );
    expect((await refusalOf(misused)).fields[0]?.field).toBe('page_token');
  });
}
