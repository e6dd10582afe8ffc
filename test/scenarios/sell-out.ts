// Promise: K units sell exactly K times, however many want them at once, and asking twice buys once.
// Method: 800 buyers behind four clients want 100 units at the same time; every fifth sends its
// request twice. Answers, stock, orders and ledger are then counted against each other.
import { expect, test } from '@jest/globals';
import { OrderState } from '../../gen/spillway/order/v1/order_pb.js';
import { soon } from '../harness/clients.js';
import { type Bought, crowd, fresh, Shop, tally, wordOf } from '../harness/shop.js';
import type { TestMesh } from '../harness/test-mesh.js';

const UNITS = 100;
const BUYERS = 800;
const CLIENTS = 4;
const AT_ONCE = 200;

interface Rush {
  skuId: string;
  /** One list per buyer: the answers to all copies of its request. */
  answers: Bought[][];
}

export function sellOut(mesh: () => TestMesh): void {
  let rush: Rush;

  test('exactly K buyers get a unit and all others hear SOLD_OUT', async () => {
    rush = await runRush(mesh());
    const first = rush.answers.map((copies) => wordOf(copies[0] as Bought));
    expect(tally(first)).toEqual({ ORDERED: UNITS, SOLD_OUT: BUYERS - UNITS });
  }, 30_000);

  test('a request sent twice has one answer, and one order id', () => {
    for (const copies of rush.answers) {
      const ids = copies.map((answer) =>
        'order' in answer ? answer.order.orderId : wordOf(answer),
      );
      expect(new Set(ids).size).toBe(1);
    }
    const ids = rush.answers.flatMap(([answer]) =>
      answer && 'order' in answer ? [answer.order.orderId] : [],
    );
    expect(new Set(ids).size).toBe(UNITS);
  });

  test('stock and ledger agree, and every acknowledged order is there', async () => {
    const { clients } = mesh();
    const shop = new Shop(clients);
    expect(await shop.stock(rush.skuId)).toBe(`0/${UNITS}/0 of ${UNITS}`);
    const { entries } = await clients.inventory.listLedger(
      { skuId: rush.skuId, pageSize: 1_000 },
      soon(),
    );
    expect(entries).toHaveLength(1 + UNITS);
    expect(entries.map((entry) => Number(entry.entry))).toEqual(
      Array.from({ length: 1 + UNITS }, (_, i) => 1 + UNITS - i),
    );
    const orders = rush.answers.flatMap(([answer]) =>
      answer && 'order' in answer ? [answer.order] : [],
    );
    const states = await crowd(orders, 50, async (order) => (await shop.look(order.orderId)).state);
    expect(new Set(states)).toEqual(new Set([OrderState.PENDING_PAYMENT]));
  });
}

async function runRush(mesh: TestMesh): Promise<Rush> {
  const shops = Array.from({ length: CLIENTS }, () => new Shop(mesh.connect()));
  const skuId = await (shops[0] as Shop).sells(UNITS, { name: 'hot' });
  const buyers = Array.from({ length: BUYERS }, () => ({
    user: fresh('buyer'),
    request: fresh('rush'),
    basket: { [skuId]: 1 },
  }));
  const answers = await crowd(buyers, AT_ONCE, (buyer, index) => {
    const shop = shops[index % CLIENTS] as Shop;
    const elsewhere = shops[(index + 1) % CLIENTS] as Shop;
    const copies = index % 5 === 0 ? [shop, elsewhere] : [shop];
    return Promise.all(copies.map((through) => through.buy(buyer)));
  });
  return { skuId, answers };
}
