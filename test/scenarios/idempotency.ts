// Promise: one request id is one order for ever, however often and whenever it is sent.
// Method: 200 copies at once to two processes; then the same request again after its SKU has sold
// out, after it was paid, and with another body.
import { expect, test } from '@jest/globals';
import { OrderType } from '../../gen/spillway/order/v1/order_pb.js';
import { refusalOf, soon } from '../harness/clients.js';
import { type Bought, crowd, fresh, Shop, wordOf } from '../harness/shop.js';
import type { TestMesh } from '../harness/test-mesh.js';

const COPIES = 200;
const CLIENTS = 4;

export function idempotency(mesh: () => TestMesh): void {
  const shop = () => new Shop(mesh().clients);
  const orderIdOf = (answer: Bought) => ('order' in answer ? answer.order.orderId : wordOf(answer));

  test(`${COPIES} copies of one request at once are one order`, async () => {
    // Half of the clients know one of the two order processes only, the others only the other.
    const processes = mesh().serviceEnv.ORDER_ADDRESSES?.split(',') ?? [];
    expect(processes).toHaveLength(2);
    const shops = Array.from({ length: CLIENTS }, (_, i) => {
      const order = [processes[i % processes.length] ?? ''];
      return new Shop(mesh().connect({ order }));
    });
    const sku = await shop().sells(COPIES);
    const request = { user: fresh('user'), request: fresh('same'), basket: { [sku]: 1 } };
    const answers = await crowd(Array.from({ length: COPIES }), COPIES, (_, i) =>
      (shops[i % CLIENTS] as Shop).buy(request),
    );
    expect(new Set(answers.map(orderIdOf)).size).toBe(1);
    await shop().stockBecomes(sku, `${COPIES - 1}/1/0 of ${COPIES}`);
    const placed = answers.filter((answer) => 'order' in answer && !answer.duplicate);
    // Each of the others gets it back as one that was there already.
    expect([answers.filter((answer) => 'order' in answer).length, placed.length]).toEqual([
      COPIES,
      1,
    ]);
  });

  test('a retry after selling out, after paying and after cancelling hears the first order', async () => {
    const sku = await shop().sells(1);
    const request = { user: fresh('user'), request: fresh('first'), basket: { [sku]: 1 } };
    const first = orderIdOf(await shop().buy(request));
    const other = { user: fresh('user'), request: fresh('r'), basket: { [sku]: 1 } };
    expect(wordOf(await shop().buy(other))).toBe('SOLD_OUT');
    expect(orderIdOf(await shop().buy(request))).toBe(first);
    await shop().pay(await shop().look(first));
    await shop().stockBecomes(sku, '0/0/1 of 1');
    expect(orderIdOf(await shop().buy(request))).toBe(first);
    await shop().cancel(first);
    await shop().stockBecomes(sku, '1/0/0 of 1');
    expect(orderIdOf(await shop().buy(request))).toBe(first);
    expect(await shop().stock(sku)).toBe('1/0/0 of 1');
  });

  // Of a virtual order inventory hears nothing, so nobody but the order service can notice.
  test.each([
    ['physical', OrderType.PHYSICAL, '9/1/0 of 10'],
    ['virtual', OrderType.VIRTUAL, '10/0/0 of 10'],
  ])('the same id with another body is refused: %s', async (_name, type, stock) => {
    const sku = await shop().sells(10);
    const request = { user: fresh('user'), request: fresh('r'), basket: { [sku]: 1 }, type };
    const first = orderIdOf(await shop().buy(request));
    const { request: requestId, user: userId } = request;
    const lines = [{ skuId: sku, quantity: 2 }];
    const other = mesh().clients.orders.createOrder({ requestId, userId, type, lines }, soon());
    const refused = await refusalOf(other);
    expect([refused.code, refused.reason]).toEqual([6, 'REQUEST_ID_REUSED']);
    expect(orderIdOf(await shop().buy(request))).toBe(first);
    await shop().stockBecomes(sku, stock);
  });

  test('two users may use the same request id', async () => {
    const sku = await shop().sells(10);
    const id = fresh('shared');
    const ids = await Promise.all(
      ['ann', 'bob'].map(async (user) =>
        orderIdOf(await shop().buy({ user: fresh(user), request: id, basket: { [sku]: 1 } })),
      ),
    );
    expect(new Set(ids).size).toBe(2);
  });

  test('a restock and a refund are done once, however often they are sent', async () => {
    const sku = await shop().sells(1);
    const restock = { requestId: fresh('restock'), skuId: sku, delta: 5n };
    await crowd(Array.from({ length: 20 }), 20, () =>
      mesh().clients.inventory.restock(restock, soon()),
    );
    expect(await shop().stock(sku)).toBe('6/0/0 of 6');
    const reused = mesh().clients.inventory.restock({ ...restock, delta: 6n }, soon());
    expect((await refusalOf(reused)).reason).toBe('REQUEST_ID_REUSED');

    const { paymentId } = await shop().paid({ [sku]: 1 });
    const amount = { currency: 'EUR', amountMinor: 300n };
    const refund = { requestId: fresh('refund'), paymentId, amount, reason: 'scratch' };
    const answers = await crowd(Array.from({ length: 20 }), 20, () =>
      mesh().clients.payments.refundPayment(refund, soon()),
    );
    expect(new Set(answers.map((answer) => answer.refund?.refundId)).size).toBe(1);
    expect(answers.at(-1)?.payment?.refunded?.amountMinor).toBe(300n);
  });
}
