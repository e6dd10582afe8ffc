// Promise: a process may die anywhere in expiry, in taking the news of a payment and in delivering what
// an order has caused; every order ends once, and units follow it.
// Method: the mesh's own order process stands still, so that the processes that die are the only ones
// that look; each is started after the other, and the last one lives.
import { expect, test } from '@jest/globals';
import { type Order, OrderState } from '../../gen/spillway/order/v1/order_pb.js';
import { PaymentNews, PaymentRecordOutcome } from '../../gen/spillway/order/v1/order_service_pb.js';
import { PaymentState } from '../../gen/spillway/payment/v1/payment_pb.js';
import { freePort, LOOPBACK } from '../../launcher/ports.js';
import type { CrashPointName } from '../../services/platform/crash-point.js';
import { type MeshClients, patiently, soon } from '../harness/clients.js';
import type { ServiceProcess } from '../harness/service-process.js';
import { eventually } from '../harness/shop.js';
import type { CrashStage } from './crash-stage.js';

const EXPIRY: readonly CrashPointName[] = ['expire.claimed', 'expire.barred'];
const ORDERS = 6;
const UNITS = 10;
/** What a dead process has claimed is claimed again after five seconds. */
const ENDED_MS_MAX = 12_000;
/** A relay that dies keeps its claim for thirty seconds. */
const RELAYED_MS_MAX = 45_000;

/** Time to place the orders and to stop the process that would expire them. */
const WINDOW = { windowSeconds: 3 };

type Orders = MeshClients['orders'];
type Start = (env: Record<string, string>) => Promise<ServiceProcess>;

/** Answers what is to be seen at the very end: a claim of a dead relay lasts for half a minute. */
export function orderCrashes(stage: () => CrashStage, reached: Set<string>): () => Promise<void> {
  test('expiry dies at every step, and its successor ends every unpaid order', async () => {
    const { shop } = stage();
    const sku = await shop.sells(UNITS);
    const placed = Array.from({ length: ORDERS }, () => shop.order({ [sku]: 1 }, WINDOW));
    const ids = (await Promise.all(placed)).map(({ orderId }) => orderId);
    await alone(stage(), async (start) => {
      for (const point of EXPIRY) reached.add(await diesOf(point, start));
      expect(await stage().books([sku])).toBe(`${UNITS - ORDERS}/${ORDERS}/0`);
      await start({});
      await comesTo(stage(), sku, `${UNITS}/0/0`, ENDED_MS_MAX);
    });
    for (const orderId of ids) {
      const { state, transitions } = await shop.look(orderId);
      expect([state, transitions.length]).toEqual([OrderState.CANCELLED, 2]);
      expect(transitions[1]?.operator).toBe('deadline');
    }
  }, 60_000);

  let claimed = '';
  test('news of payments is taken and delivered once, whoever dies of it', async () => {
    const { shop } = stage();
    const [sku, other] = [await shop.sells(UNITS), await shop.sells(UNITS)];
    const [first, second] = [await shop.order({ [sku]: 1 }), await shop.order({ [other]: 1 })];
    await alone(stage(), async (start) => {
      for (const order of [first, second]) await captured(stage(), order);
      const told = (point: CrashPointName, order: Order) =>
        diesOf(point, start, (victim) => tell(ordersAt(stage(), victim), order));

      reached.add(await told('change.before-commit', first));
      expect(await stage().books([sku])).toBe(`${UNITS - 1}/1/0`);
      await told('change.after-commit', first);
      // What it left behind is relayed by the next one, which dies of having done it.
      reached.add(await diesOf('outbox.relayed', start));
      expect(await stage().books([sku])).toBe(`${UNITS - 1}/0/1`);
      reached.add(await told('change.after-commit', second));
      reached.add(await diesOf('outbox.claimed', start));
      expect(await stage().books([other])).toBe(`${UNITS - 1}/1/0`);
    });
    claimed = other;
    for (const order of [first, second]) {
      const outcome = await patiently(() => tell(stage().mesh.clients.orders, order));
      expect(outcome).toBe(PaymentRecordOutcome.RECORDED);
      const { state, version } = await shop.look(order.orderId);
      expect([state, version]).toEqual([OrderState.PAID, 2n]);
    }
  }, 90_000);

  return () => comesTo(stage(), claimed, `${UNITS - 1}/0/1`, RELAYED_MS_MAX);
}

/** While the order process of the mesh stands still. What was started is stopped afterwards. */
async function alone(stage: CrashStage, story: (start: Start) => Promise<void>): Promise<void> {
  const started: ServiceProcess[] = [];
  await stage.mesh.whileFrozen('order-1', async () => {
    try {
      await story(async (env) => {
        const process = await stage.start('order', `${LOOPBACK}:${await freePort()}`, env);
        started.push(process);
        return process;
      });
    } finally {
      await Promise.all(started.map((process) => process.stop()));
    }
  });
}

/** Starts a process that dies at the point, of what it is asked or of its own work. */
async function diesOf(
  point: CrashPointName,
  start: Start,
  ask?: (victim: ServiceProcess) => Promise<unknown>,
): Promise<string> {
  const victim = await start({ CRASH_AT: point });
  if (ask) await expect(ask(victim)).rejects.toThrow();
  expect(await victim.ended).toBe('SIGKILL');
  return await victim.reached;
}

function ordersAt(stage: CrashStage, { address }: ServiceProcess): Orders {
  return stage.mesh.connect({ order: [address] }).orders;
}

async function tell(orders: Orders, { orderId, paymentId, payable }: Order) {
  const captured = { currency: payable?.currency ?? '', amountMinor: payable?.amountMinor ?? 0n };
  const record = { orderId, paymentId, news: PaymentNews.CAPTURED, captured };
  const { outcomes } = await orders.recordPayment({ records: [record] }, soon());
  return outcomes[0];
}

async function captured(stage: CrashStage, order: Order): Promise<void> {
  const { shop, mesh } = stage;
  await shop.pay(order);
  const { paymentId } = order;
  let state = '';
  await eventually(
    () => `payment ${paymentId} is ${state}`,
    async () => {
      const { payment } = await mesh.clients.payments.getPayment({ paymentId }, soon());
      state = PaymentState[payment?.state ?? 0] ?? '';
      return state === 'SUCCEEDED';
    },
  );
}

async function comesTo(
  stage: CrashStage,
  sku: string,
  wanted: string,
  withinMs: number,
): Promise<void> {
  let books = '';
  await eventually(
    () => `${sku}: ${books}, not ${wanted}`,
    async () => {
      books = await stage.books([sku]);
      return books === wanted;
    },
    withinMs,
  );
}
