// Plays one plan: everybody begins at once, asks as often as the plan says, and then the mesh is left
// alone until nothing is left to be told or looked for. The time to pay is over by then.

import type fc from 'fast-check';
import { refundPayment } from '../../services/payment/app/refund-payment.js';
import { resolvePayments } from '../../services/payment/app/resolve-payments.js';
import { startPayment } from '../../services/payment/app/start-payment.js';
import type { Books } from './books.js';
import type { Plan } from './plan.js';
import { LOOK_MS, Lost, ORDER_ID, World } from './world.js';

/** Three units and one, with a discount that does not divide evenly. */
export const LINES = [
  { skuId: 'tea', quantity: 3, unitPriceMinor: 333n },
  { skuId: 'cup', quantity: 1, unitPriceMinor: 1_000n },
] as const;
const TOTAL_MINOR = 1_999n;
const DISCOUNT_MINOR = 100n;
export const PAYABLE_MINOR = TOTAL_MINOR - DISCOUNT_MINOR;
const WINDOW_MS = 60_000;
/** Rounds in which nothing is left to do before it counts as the end; a look is rarer than a round. */
const STILL_ROUNDS = 3;
const ROUNDS_MAX = 60;
const PAYMENT = { orderId: ORDER_ID, part: 'FIRST' } as const;

export async function play(
  plan: Plan,
  scheduler: fc.Scheduler,
  open: () => Promise<Books>,
): Promise<World> {
  const world = new World(await open(), plan, scheduler);
  await place(world);
  await drive(
    scheduler,
    Promise.all(cast(world, plan)).then(() => world.idle()),
  );
  await leaveAlone(world);
  return world;
}

async function place(world: World): Promise<void> {
  const { books, keys, stock } = world;
  const lines = LINES.map((line) => ({ ...line, title: '', attributes: {}, snapshotHash: '' }));
  await stock.hold(keys.reservationId('ann', 'r1'), `${ORDER_ID}`, LINES);
  const placed = await books.orders.commit(
    {
      orderId: ORDER_ID,
      userId: 'ann',
      requestId: 'r1',
      fingerprint: 'f'.repeat(22),
      type: 'PHYSICAL',
      details: undefined,
      currency: 'EUR',
      totalMinor: TOTAL_MINOR,
      discountMinor: DISCOUNT_MINOR,
      payableMinor: PAYABLE_MINOR,
      presale: undefined,
      paymentWindowMs: WINDOW_MS,
      lines,
      fresh: true,
    },
    world.soon(),
  );
  if (placed.outcome !== 'COMMITTED') throw new Error(placed.outcome);
}

/**
 * Gives one turn after the other. Before each, everything that needs none goes as far as it can: on
 * stores in memory that is over with the present task, so a schedule can be repeated from its seed.
 * (waitFor and waitNext count to fifty instead, which is several times slower.)
 */
async function drive(scheduler: fc.Scheduler, work: Promise<unknown>): Promise<void> {
  let over = false;
  const end = work.finally(() => {
    over = true;
  });
  // It is awaited below, perhaps long after it has failed.
  end.catch(() => undefined);
  while (!over) {
    await new Promise((resolve) => setImmediate(resolve));
    if (over) break;
    if (scheduler.count() > 0) await scheduler.waitOne();
    // Everybody waits for a server.
    else await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await end;
}

/** Everybody who wants something of the order. */
function cast(world: World, plan: Plan): Promise<unknown>[] {
  const { cancel, orders, ports, refundLines } = world;
  const pay = plan.pays.map((asked, i) =>
    ask(world, `pay ${i}`, asked, async () => {
      const request = { requestId: `pay-${i}`, method: 'card', deadlineMs: world.soon() };
      return (await startPayment(ports, { payment: PAYMENT, ...request })).outcome === 'STARTED';
    }),
  );
  const cancels = plan.cancels.map(({ operator, ...asked }, i) =>
    ask(world, `cancel ${i}`, asked, async () => {
      const command = { orderId: ORDER_ID, operator, remark: '', expectedVersion: 0 };
      return done((await cancel.run(command, world.soon())).outcome);
    }),
  );
  const refunds = plan.refunds.map(({ percent, ...asked }, i) =>
    ask(world, `refund ${i}`, asked, async () => {
      const amountMinor = (PAYABLE_MINOR * BigInt(percent)) / 100n;
      const command = { requestId: `goodwill-${i}`, currency: 'EUR', amountMinor, reason: '' };
      return (await refundPayment(ports, PAYMENT, command, world.soon())).outcome === 'ACCEPTED';
    }),
  );
  const lineRefunds = plan.lineRefunds.map(({ line, quantity, ...asked }, i) =>
    ask(world, `refund of lines ${i}`, asked, async () => {
      const lines = [{ skuId: LINES[line]?.skuId ?? '', quantity }];
      const command = { requestId: `back-${i}`, lines, reason: '', expectedVersion: 0 };
      return (
        (await refundLines.run({ orderId: ORDER_ID, ...command }, world.soon())).outcome ===
        'REFUNDED'
      );
    }),
  );
  const ships = plan.ships.map((asked) =>
    ask(world, 'ship', asked, async () => {
      const to = { carrier: 'dhl', trackingNumber: 'T1', expectedVersion: 0 };
      return done((await orders.change(ORDER_ID, { kind: 'SHIP', ...to }, world.soon())).outcome);
    }),
  );
  return [...pay, ...cancels, ...refunds, ...lineRefunds, ...ships, ...machinery(world, plan)];
}

/** What runs by itself. */
function machinery(world: World, plan: Plan): Promise<unknown>[] {
  const { books } = world;
  const expiry = ask(world, 'expire', { copies: 1, tries: plan.expires }, async () => {
    await books.advance(WINDOW_MS);
    await expire(world);
    return false;
  });
  const looks = ask(world, 'look', { copies: 1, tries: plan.looks }, async () => {
    await books.advance(LOOK_MS);
    await look(world);
    return false;
  });
  const relay = ask(world, 'relay', { copies: 1, tries: plan.relays }, async () => {
    await world.relay();
    return false;
  });
  return [expiry, looks, relay];
}

/** Asks until it is done, or as often as the plan says. */
async function ask(
  world: World,
  label: string,
  { copies, tries }: { readonly copies: number; readonly tries: number },
  once: () => Promise<boolean>,
): Promise<void> {
  const copy = async () => {
    for (let n = 0; n < tries; n++) {
      await world.turn(label);
      try {
        if (await once()) return;
      } catch (error) {
        if (!(error instanceof Lost)) throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: copies }, copy));
}

async function leaveAlone(world: World): Promise<void> {
  const { books, provider } = world;
  world.quiet = true;
  let still = 0;
  for (let round = 1; still < STILL_ROUNDS; round++) {
    if (round > ROUNDS_MAX) throw new Error('the mesh does not come to rest');
    await books.advance(WINDOW_MS);
    await expire(world);
    await look(world);
    // By now whoever wanted to give the order up has done so.
    if (round === STILL_ROUNDS) provider.payLate();
    const told = await world.relay();
    await world.idle();
    still = told === 0 && round > STILL_ROUNDS ? still + 1 : 0;
  }
}

async function expire({ expire: orders, orders: { dueQueues } }: World): Promise<void> {
  for (const queue of dueQueues) await orders.run(queue);
}

async function look(world: World): Promise<void> {
  for (const due of world.books.due) {
    const stepped = {
      name: due.name,
      claim: (...args: Parameters<typeof due.claim>) =>
        world.step('claim due payments', () => due.claim(...args)),
    };
    await resolvePayments(world.ports, stepped);
  }
}

function done(outcome: string): boolean {
  return outcome === 'CHANGED' || outcome === 'UNCHANGED';
}
