// Promise: of a payment, a cancel and the deadline that meet at one order exactly one wins; units and
// money are on the winner's side.
// Method: orders whose deadline is two seconds away; each is paid, cancelled or both around its deadline,
// through both order processes. RACE_TRIALS says how many (10,000 by hand).
import { setTimeout as sleep } from 'node:timers/promises';
import { timestampMs } from '@bufbuild/protobuf/wkt';
import { expect, test } from '@jest/globals';
import { type Order, OrderState } from '../../gen/spillway/order/v1/order_pb.js';
import { PaymentState } from '../../gen/spillway/payment/v1/payment_pb.js';
import { patiently, soon } from '../harness/clients.js';
import { crowd, eventually, Shop, tally } from '../harness/shop.js';
import type { TestMesh } from '../harness/test-mesh.js';

const TRIALS = Number(process.env.RACE_TRIALS ?? 1_500);
const RACING_AT_ONCE = 400;
const LOOKING_AT_ONCE = 25;
const WINDOW_SECONDS = 2;
/** Around the deadline; it is looked for four times a second. */
const FROM_MS = -300;
const SPREAD_MS = 600;
/** Between rivals: about as long as a call takes. */
const APART_MS = 20;
/** A payment and a cancel that race alone do so long before the deadline. */
const WITHOUT_DEADLINE_MS = -1_200;
/** What was claimed while its payment was under way is looked at again after five seconds. */
const SETTLED_MS_MAX = 20_000;
const TRIAL_MS_MAX = 60;

type Rival = 'pay' | 'cancel';
interface Race {
  readonly rivals: readonly Rival[];
  readonly aroundMs: number;
}

const RACES: readonly Race[] = [
  { rivals: ['pay', 'cancel'], aroundMs: WITHOUT_DEADLINE_MS },
  { rivals: ['pay'], aroundMs: FROM_MS },
  { rivals: ['cancel'], aroundMs: FROM_MS },
  { rivals: ['pay', 'cancel'], aroundMs: FROM_MS },
];

export function orderRaces(mesh: () => TestMesh): void {
  test(
    `${TRIALS} orders are paid, cancelled and expire at once: one of the three wins`,
    async () => {
      const shop = new Shop(mesh().clients);
      const sku = await shop.sells(TRIALS);
      const orders = await crowd(Array.from({ length: TRIALS }), RACING_AT_ONCE, async (_, i) => {
        const order = await shop.order({ [sku]: 1 }, { windowSeconds: WINDOW_SECONDS });
        await run(shop, order, RACES[i % RACES.length] as Race);
        return order;
      });
      const ends = await crowd(orders, LOOKING_AT_ONCE, (order) => settled(mesh(), order.orderId));
      const wins = tally(ends.map(({ winner }) => winner));
      const { payment = 0, user = 0, deadline = 0 } = wins;
      expect({ ...wins, sum: payment + user + deadline }).toEqual({ ...wins, sum: TRIALS });
      // Each kind of race was really run: everybody has won some.
      expect(Math.min(payment, user, deadline)).toBeGreaterThan(0);
      const kept = ends.filter(({ state }) => state === OrderState.PAID).length;
      await shop.stockBecomes(sku, `${TRIALS - kept}/0/${kept} of ${TRIALS}`, SETTLED_MS_MAX);
    },
    120_000 + TRIALS * TRIAL_MS_MAX,
  );
}

/** The last one may be refused; who is refused is not what this is about. */
async function run(shop: Shop, order: Order, { rivals, aroundMs }: Race): Promise<void> {
  if (!order.paymentDeadline) throw new Error('an order without a deadline');
  const deadlineMs = timestampMs(order.paymentDeadline);
  const atMs = deadlineMs + aroundMs + Math.random() * SPREAD_MS;
  const verbs = { pay: () => shop.pay(order), cancel: () => shop.cancel(order.orderId) };
  await Promise.allSettled(
    rivals.map(async (rival) => {
      await sleep(Math.max(0, atMs + Math.random() * APART_MS - Date.now()));
      await verbs[rival]();
    }),
  );
}

interface End {
  readonly state: OrderState;
  /** Who ended the wait for money. */
  readonly winner: string;
}

/** Waits until order and payment agree. */
async function settled(mesh: TestMesh, orderId: string): Promise<End> {
  const shop = new Shop(mesh.clients);
  let order: Order | undefined;
  let seen = '';
  await eventually(
    () => `order ${orderId} does not settle: ${seen}`,
    async () => {
      order = await shop.look(orderId);
      seen = `${OrderState[order.state]} ${await money(mesh, order.paymentId)}`;
      return /^PAID SUCCEEDED 1000-0$|^CANCELLED (CANCELLED 0-0|\w+ 1000-1000)$/.test(seen);
    },
    SETTLED_MS_MAX,
  );
  const ended = order?.transitions.filter(({ from }) => from === OrderState.PENDING_PAYMENT) ?? [];
  if (!order || ended.length !== 1) throw new Error(`order ${orderId} ended ${ended.length} times`);
  return { state: order.state, winner: ended[0]?.operator ?? '' };
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
