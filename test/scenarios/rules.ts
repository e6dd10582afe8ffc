// Promise: an order takes all its lines or none, at the offer's price, within the offer's window and
// the user's limit.
// Method: small shops, each with the one rule that the test is about.
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { expect, test } from '@jest/globals';
import { OrderState, OrderType } from '../../gen/spillway/order/v1/order_pb.js';
import { soon } from '../harness/clients.js';
import { crowd, fresh, Shop, tally, wordOf } from '../harness/shop.js';
import type { TestMesh } from '../harness/test-mesh.js';

export function severalLines(mesh: () => TestMesh): void {
  const shop = () => new Shop(mesh().clients);

  test('when one of several SKUs is short, none of them is held', async () => {
    // Enough SKUs that they lie in several partitions and on both servers.
    const plenty = await Promise.all(Array.from({ length: 6 }, () => shop().sells(10)));
    const short = await shop().sells(1);
    const basket = Object.fromEntries([...plenty, short].map((sku) => [sku, 2]));
    const bought = await shop().buy({ user: fresh('user'), request: fresh('r'), basket });
    expect(wordOf(bought)).toBe('SOLD_OUT');
    for (const sku of plenty) await shop().stockBecomes(sku, '10/0/0 of 10');
    await shop().stockBecomes(short, '1/0/0 of 1');
  });

  test('many who want several scarce SKUs at once end with whole orders only', async () => {
    const skus = await Promise.all(Array.from({ length: 4 }, () => shop().sells(20)));
    // Each buyer wants two of the four; together they want more than there is of each.
    const bought = await crowd(Array.from({ length: 80 }), 80, (_, i) => {
      const pair = [skus[i % 4] as string, skus[(i + 1 + (i % 3)) % 4] as string];
      const basket = Object.fromEntries(pair.map((sku) => [sku, 1]));
      return shop().buy({ user: fresh('user'), request: fresh('r'), basket });
    });
    const held = new Map<string, number>();
    for (const answer of bought) {
      if ('reason' in answer) continue;
      for (const line of answer.order.lines) {
        held.set(line.skuId, (held.get(line.skuId) ?? 0) + line.quantity);
      }
    }
    for (const sku of skus) {
      const units = held.get(sku) ?? 0;
      await shop().stockBecomes(sku, `${20 - units}/${units}/0 of 20`);
    }
    expect(Object.keys(tally(bought.map(wordOf))).sort()).toEqual(['ORDERED', 'SOLD_OUT']);
  });
}

export function offerRules(mesh: () => TestMesh): void {
  const shop = () => new Shop(mesh().clients);

  test('the price is the offer’s, line by line, whatever the caller sends', async () => {
    const cheap = await shop().sells(10, { priceMinor: 250 });
    const dear = await shop().sells(10, { priceMinor: 9_999 });
    const one = { currency: 'EUR', amountMinor: 1n };
    const { order } = await mesh().clients.orders.createOrder(
      {
        requestId: fresh('r'),
        userId: fresh('user'),
        lines: [
          { skuId: cheap, quantity: 3, unitPrice: one },
          { skuId: dear, quantity: 2, unitPrice: one },
        ],
      },
      soon(),
    );
    expect(order?.payable).toMatchObject({ currency: 'EUR', amountMinor: 20_748n });
    expect(order?.lines.map((line) => line.unitPrice?.amountMinor)).toEqual([250n, 9_999n]);
  });

  test('a user gets no more than the limit, in one order or in many', async () => {
    const sku = await shop().sells(100, { limit: 3 });
    const user = fresh('greedy');
    const words = await crowd(Array.from({ length: 10 }), 10, async () =>
      wordOf(await shop().buy({ user, request: fresh('r'), basket: { [sku]: 1 } })),
    );
    expect(tally(words)).toEqual({ ORDERED: 3, USER_LIMIT: 7 });
    const four = { user: fresh('user'), request: fresh('r'), basket: { [sku]: 4 } };
    expect(wordOf(await shop().buy(four))).toBe('USER_LIMIT');
    await shop().stockBecomes(sku, '97/3/0 of 100');
  });

  test.each([
    ['that has not opened', { opensAt: 60_000 }, 'SALE_NOT_OPEN'],
    ['that is over', { opensAt: -120_000, closesAt: -60_000 }, 'SALE_CLOSED'],
    ['that is open', { opensAt: -60_000, closesAt: 60_000 }, 'ORDERED'],
  ])('a sale %s', async (_name, window, word) => {
    const sku = fresh('windowed');
    const at = (offsetMs: number | undefined) =>
      offsetMs === undefined ? undefined : timestampFromMs(Date.now() + offsetMs);
    const { opensAt, closesAt } = { closesAt: undefined, ...window };
    const times = { opensAt: at(opensAt), closesAt: at(closesAt) };
    const unitPrice = { currency: 'EUR', amountMinor: 100n };
    const offer = { skuId: sku, title: 'x', unitPrice, ...withoutUndefined(times) };
    await mesh().clients.orders.putOffer({ offer }, soon());
    await mesh().clients.inventory.restock(
      { requestId: fresh('r'), skuId: sku, delta: 5n },
      soon(),
    );
    const buy = { user: fresh('user'), request: fresh('r'), basket: { [sku]: 1 } };
    expect(wordOf(await shop().buy(buy))).toBe(word);
  });

  test('lines in two currencies make no order, and a virtual order takes no stock', async () => {
    const euro = await shop().sells(5);
    const yen = await shop().sells(5, { currency: 'JPY' });
    const user = fresh('user');
    const mixed = await shop().buy({ user, request: fresh('r'), basket: { [euro]: 1, [yen]: 1 } });
    expect(wordOf(mixed)).toBe('CURRENCY_MIXED');
    const download = await shop().order({ [euro]: 1 }, { type: OrderType.VIRTUAL });
    await shop().pay(download);
    await shop().becomes(download.orderId, OrderState.PAID);
    await shop().stockBecomes(euro, '5/0/0 of 5');
  });
}

function withoutUndefined<T extends object>(given: T): { [K in keyof T]?: NonNullable<T[K]> } {
  const kept = Object.entries(given).filter(([, value]) => value !== undefined);
  return Object.fromEntries(kept) as { [K in keyof T]?: NonNullable<T[K]> };
}
