// Promise: losers are refused without inventory, winners never are, and whatever comes back is sold again.
// Method: 40 units are sold out and wanted by more; inventory is stopped (it cannot have answered
// then), Redis is emptied, an order is cancelled, and units are added.
import { expect, test } from '@jest/globals';
import { RpcError } from '../../services/platform/rpc/errors.js';
import { type MeshClients, soon } from '../harness/clients.js';
import { type BuyOptions, crowd, eventually, fresh, Shop, tally, wordOf } from '../harness/shop.js';
import type { TestMesh } from '../harness/test-mesh.js';

const UNITS = 40;
const LOSERS = 20;
const AT_ONCE = 40;
/** A notice is believed for a second. */
const NOTICE_MS = 1_000;
/** Enough for an answer from memory on a machine that is out of breath. */
const ANSWER_MS_MAX = 500;
/** How long the mesh may take for what it promises within a second. */
const SOON_MS_MAX = 8_000;

export function soldOutNotice(mesh: () => TestMesh): void {
  let sku: string;
  let winners: { want: BuyOptions; orderId: string }[];
  const shop = () => new Shop(mesh().clients);
  const buyer = (): BuyOptions => ({
    user: fresh('user'),
    request: fresh('r'),
    basket: { [sku]: 1 },
  });

  test('losers are refused while inventory stands still, but not for long', async () => {
    sku = await shop().sells(UNITS, { name: 'gone' });
    const wants = Array.from({ length: UNITS }, buyer);
    const bought = await crowd(wants, AT_ONCE, (want) => shop().buy(want));
    winners = wants.map((want, i) => {
      const answer = bought[i];
      if (answer === undefined || !('order' in answer)) throw new Error('a winner lost');
      return { want, orderId: answer.order.orderId };
    });
    for (const clients of orderProcesses(mesh())) {
      // The first losers make the process follow the SKU; a moment later it knows by itself.
      const words = async () => {
        await losers(clients, soon);
        return await mesh().whileFrozen('inventory-1', () => losers(clients, shortly));
      };
      let seen: Record<string, number> = {};
      await eventually(
        () => `answers without inventory: ${JSON.stringify(seen)}`,
        async () => {
          seen = await words();
          return seen['SOLD_OUT'] === LOSERS;
        },
        SOON_MS_MAX,
      );
    }
  }, 60_000);

  test('a notice that is not repeated is not believed', async () => {
    await crowd(orderProcesses(mesh()), 2, (clients) => losers(clients, soon));
    const words = await mesh().whileFrozen('inventory-1', async () => {
      await new Promise((resolve) => setTimeout(resolve, 1.5 * NOTICE_MS));
      return await Promise.all(orderProcesses(mesh()).map((each) => losers(each, shortly)));
    });
    for (const each of words) expect(Object.keys(each)).not.toContain('SOLD_OUT');
  }, 60_000);

  test.each([
    ['while losers are refused', false],
    ['and after Redis has lost everything', true],
  ])(
    'every winner hears of his order again, %s',
    async (_, flush) => {
      for (const clients of orderProcesses(mesh())) await losers(clients, soon);
      if (flush) await mesh().flushRedis();
      for (const clients of orderProcesses(mesh())) {
        const again = await crowd(winners, AT_ONCE, ({ want }) => new Shop(clients).buy(want));
        expect(
          again.map((answer) => ('order' in answer ? answer.order.orderId : wordOf(answer))),
        ).toEqual(winners.map(({ orderId }) => orderId));
      }
      expect(await losers(mesh().clients, soon)).toEqual({ SOLD_OUT: LOSERS });
    },
    30_000,
  );

  test('the unit of a cancelled order is sold again, once', async () => {
    const [winner] = winners.splice(0, 1);
    await shop().cancel(winner?.orderId ?? '');
    expect(await sellSoon(1)).toEqual(1);
    expect(await losers(mesh().clients, soon)).toEqual({ SOLD_OUT: LOSERS });
    await shop().stockBecomes(sku, `0/${UNITS}/0 of ${UNITS}`);
  }, 30_000);

  test('units that are added are sold, all of them', async () => {
    const requestId = fresh('restock');
    await shop().clients.inventory.restock({ requestId, skuId: sku, delta: 5n }, soon());
    expect(await sellSoon(5)).toEqual(5);
    expect(await losers(mesh().clients, soon)).toEqual({ SOLD_OUT: LOSERS });
    await shop().stockBecomes(sku, `0/${UNITS + 5}/0 of ${UNITS + 5}`);
  }, 30_000);

  /** New buyers come until so many have got one. */
  async function sellSoon(units: number): Promise<number> {
    let sold = 0;
    await eventually(
      () => `${sold} of ${units} that came back are sold`,
      async () => {
        const bought = await crowd([0, 1, 2], 3, () => shop().buy(buyer()));
        sold += bought.filter((answer) => 'order' in answer).length;
        return sold >= units;
      },
      SOON_MS_MAX,
    );
    return sold;
  }

  async function losers(
    { orders }: MeshClients,
    until: () => { deadlineMs: number },
  ): Promise<Record<string, number>> {
    const words = await crowd(Array.from({ length: LOSERS }), LOSERS, async () => {
      const { user: userId, request: requestId } = buyer();
      const lines = [{ skuId: sku, quantity: 1 }];
      try {
        await orders.createOrder({ userId, requestId, lines }, until());
        return 'ORDERED';
      } catch (error) {
        if (!(error instanceof RpcError)) throw error;
        return error.reason || 'NO_ANSWER';
      }
    });
    return tally(words);
  }
}

function shortly(): { deadlineMs: number } {
  return { deadlineMs: Date.now() + ANSWER_MS_MAX };
}

const connected = new WeakMap<TestMesh, MeshClients[]>();

/** Clients of one order process each: every process has notices of its own. */
function orderProcesses(mesh: TestMesh): MeshClients[] {
  const known = connected.get(mesh);
  if (known !== undefined) return known;
  const addresses = mesh.serviceEnv['ORDER_ADDRESSES']?.split(',') ?? [];
  const clients = addresses.map((address) => mesh.connect({ order: [address] }));
  connected.set(mesh, clients);
  return clients;
}
