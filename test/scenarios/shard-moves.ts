// Promise: while a shard of orders goes from one MySQL server to the other and back, buyers of that shard
// go on: none is refused, each order they were told of is there at once and exists once, and what
// follows from it happens.
// Method: buyers whose orders all lie in one shard order, look, list, pay and cancel through two order
// processes, while the shard is moved MOVES times.
import { expect, test } from '@jest/globals';
import { OrderState } from '../../gen/spillway/order/v1/order_pb.js';
import { shardOf } from '../../services/platform/shard.js';
import { soon } from '../harness/clients.js';
import { ShardMover } from '../harness/shard-mover.js';
import { fresh, Shop } from '../harness/shop.js';
import type { TestMesh } from '../harness/test-mesh.js';

/** An even number: at the end it is where it was. */
const MOVES = 20;
const BUYERS = 6;
const SHARD = 21;
const MS_MAX = 180_000;

export function shardMoves(mesh: () => TestMesh): void {
  test(
    `a shard moves ${MOVES} times under buyers`,
    async () => {
      const shop = new Shop(mesh().clients);
      const mover = new ShardMover(mesh());
      const sku = await shop.sells(1_000_000);
      let done = false;
      const told: { id: string; state: OrderState }[] = [];
      const buyers = Array.from({ length: BUYERS }, async () => {
        for (let i = 0; !done; i++) told.push(await visit(shop, sku, i));
      });
      const stopped = Promise.all(buyers).finally(() => {
        done = true;
      });
      const closedMs: number[] = [];
      try {
        for (let move = 0; move < MOVES && !done; move++) {
          closedMs.push((await mover.move(SHARD)).closed_ms);
        }
      } finally {
        done = true;
      }
      await stopped;

      expect(closedMs).toHaveLength(MOVES);
      expect(told.length).toBeGreaterThan(MOVES);
      const { onOwner, elsewhere } = await mover.lying(SHARD);
      expect(elsewhere).toEqual([]);
      const ids = told.map(({ id }) => id);
      expect(ids.filter((id) => !onOwner.includes(id))).toEqual([]);
      expect(new Set(onOwner).size).toBe(onOwner.length);
      for (const { id, state } of told) await shop.becomes(id, state);
      const sold = told.filter(({ state }) => state === OrderState.PAID).length;
      const held = told.filter(({ state }) => state === OrderState.PENDING_PAYMENT).length;
      const left = 1_000_000 - sold - held;
      await shop.stockBecomes(sku, `${left}/${held}/${sold} of 1000000`, 20_000);
    },
    MS_MAX,
  );

  test('the books of a shard that has moved are found and in order', async () => {
    const mover = new ShardMover(mesh());
    await mover.move(SHARD);
    const { problems, shards_apart } = await mesh().audit();
    await mover.move(SHARD);
    expect({ problems, shards_apart }).toEqual({ problems: [], shards_apart: 1 });
    expect((await mesh().audit()).shards_apart).toBe(0);
  }, 60_000);
}

/** One buyer of the shard, and what has become of the order at last. */
async function visit(shop: Shop, sku: string, turn: number) {
  const user = buyerOf(SHARD);
  const order = await shop.order({ [sku]: 1 }, { user });
  const id = order.orderId;
  expect((await shop.look(id)).lines).toHaveLength(1);
  const list = await shop.clients.orders.listOrders({ userId: user }, soon());
  expect(list.orders.map(({ orderId }) => orderId)).toEqual([id]);
  if (turn % 3 === 0) return { id, state: OrderState.PENDING_PAYMENT };
  if (turn % 3 === 1) {
    expect((await shop.cancel(id))?.state).toBe(OrderState.CANCELLED);
    return { id, state: OrderState.CANCELLED };
  }
  await shop.pay(order);
  return { id, state: OrderState.PAID };
}

/** Another one each time. */
function buyerOf(shard: number): string {
  for (;;) {
    const user = fresh('mover');
    if (shardOf(user) === shard) return user;
  }
}
