// Promise: what the provider's books and ours say differently is found, with its cause; what the provider
// can answer is repaired by asking it, and the rest waits for a person.
// Method: callbacks are lost, contradicted and truly signed though false; then the two books are compared.
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { Order } from '../../gen/spillway/order/v1/order_pb.js';
import { OrderState } from '../../gen/spillway/order/v1/order_pb.js';
import { PaymentState } from '../../gen/spillway/payment/v1/payment_pb.js';
import type { ReconcileReport } from '../../launcher/reconcile/run-reconcile.js';
import { soon } from '../harness/clients.js';
import { postCallback } from '../harness/raw-callback.js';
import { eventually, fresh, Shop } from '../harness/shop.js';
import type { TestMesh } from '../harness/test-mesh.js';

const STORY_MS_MAX = 90_000;
const SETTLED_MS_MAX = 20_000;
const PRICE = { currency: 'EUR', amount_minor: 1_000 };

export function reconciled(mesh: () => TestMesh): void {
  const shop = () => new Shop(mesh().clients);
  let told: Order;
  let late: Order;
  let believed: Order;

  beforeAll(async () => {
    const sku = await shop().sells(10, { name: 'reconcile' });
    await mesh().provider.command([{ fault: 'lose', rate: 1 }]);
    told = await shop().order({ [sku]: 1 });
    believed = await shop().order({ [sku]: 1 });
    late = await shop().order({ [sku]: 1 }, { windowSeconds: 1 });
    await paidThere(mesh(), told, 'card');
    expect(await claim(mesh(), told, 'charge.failed')).toBe('200');
    await failedThere(mesh(), believed);
    expect(await claim(mesh(), believed, 'charge.succeeded')).toBe('200');
    await paidTooLate(mesh(), late);
  }, STORY_MS_MAX);

  describe('what differs', () => {
    test(
      'is found with its cause, and nothing is touched',
      async () => {
        const report = await mesh().reconcile({ repair: false });
        expect(report.ok).toBe(false);
        expect(causesOf(report, told)).toEqual(['CONTRADICTED differs']);
        expect(causesOf(report, believed)).toEqual(['CHARGE_MISSING differs']);
        expect((await shop().look(told.orderId)).state).toBe(OrderState.PENDING_PAYMENT);
      },
      STORY_MS_MAX,
    );

    test(
      'is repaired by asking the provider again, but for what it cannot answer',
      async () => {
        const report = await mesh().reconcile({ repair: true });
        expect(causesOf(report, told)).toEqual(['CONTRADICTED repaired']);
        expect(causesOf(report, believed)).toEqual(['CHARGE_MISSING differs']);
        await shop().becomes(told.orderId, OrderState.PAID, SETTLED_MS_MAX);
        await eventually(
          () => 'what came too late was not paid back',
          async () => (await mesh().provider.moneyOf(late.paymentId)).length === 2,
          SETTLED_MS_MAX,
        );
        const back = await mesh().provider.moneyOf(late.paymentId);
        expect(back).toEqual(['charge 1000', 'refund 1000']);
      },
      STORY_MS_MAX,
    );

    test(
      'the second run finds nothing but what waits for a person',
      async () => {
        await mesh().provider.command([]);
        const report = await mesh().reconcile({ repair: true });
        expect([causesOf(report, told), causesOf(report, late)]).toEqual([[], []]);
        expect(causesOf(report, believed)).toEqual(['CHARGE_MISSING differs']);
        expect(await mesh().provider.moneyOf(told.paymentId)).toEqual(['charge 1000']);
      },
      STORY_MS_MAX,
    );
  });

  test('a signed success of a charge that the provider says has failed is not believed', async () => {
    const sku = await shop().sells(1, { name: 'reconcile' });
    const order = await shop().order({ [sku]: 1 });
    await failedThere(mesh(), order);
    await paymentBecomes(mesh(), order, PaymentState.FAILED);
    mesh().alarms();
    expect(await claim(mesh(), order, 'charge.succeeded')).toBe('403 EVENT_FORGED');
    await paymentBecomes(mesh(), order, PaymentState.FAILED);
    expect(mesh().alarms()).toEqual(['PAYMENT_MISMATCH']);
  });
}

function causesOf({ differences }: ReconcileReport, { paymentId }: Order): string[] {
  return differences
    .filter(({ payment }) => payment === paymentId)
    .map(({ cause, repaired }) => `${cause} ${repaired ? 'repaired' : 'differs'}`);
}

async function paidThere({ clients, provider }: TestMesh, order: Order, method: string) {
  await new Shop(clients).pay(order, method);
  await eventually(
    () => 'the provider has not captured it',
    async () => (await provider.moneyOf(order.paymentId)).includes('charge 1000'),
  );
}

async function failedThere(mesh: TestMesh, order: Order): Promise<void> {
  await new Shop(mesh.clients).pay(order, 'card_declined');
  await eventually(
    () => 'the provider has not declined it',
    async () => {
      const url = `${mesh.provider.url}/v1/charges?idempotency_key=${order.paymentId}-1`;
      const { status } = (await (await fetch(url)).json()) as { status: string };
      return status === 'failed';
    },
  );
}

/** The buyer opens the page when the order has long been given up. */
async function paidTooLate(mesh: TestMesh, order: Order): Promise<void> {
  const { paymentId } = order;
  const request = { paymentId, requestId: fresh('pay'), method: 'card_redirect' };
  const { redirectUrl } = await mesh.clients.payments.startPayment(request, soon());
  await new Shop(mesh.clients).becomes(order.orderId, OrderState.CANCELLED, SETTLED_MS_MAX);
  await (await fetch(redirectUrl)).text();
}

async function paymentBecomes(mesh: TestMesh, order: Order, state: PaymentState): Promise<void> {
  const { paymentId } = order;
  let seen: PaymentState | undefined;
  await eventually(
    () => `the payment is ${PaymentState[seen ?? 0]}`,
    async () => {
      seen = (await mesh.clients.payments.getPayment({ paymentId }, soon())).payment?.state;
      return seen === state;
    },
    SETTLED_MS_MAX,
  );
}

/** Truly signed, as if the provider were wrong about its own charge. */
async function claim(mesh: TestMesh, { paymentId }: Order, type: string): Promise<string> {
  const key = `${paymentId}-1`;
  const number = await mesh.provider.numberOf(key);
  const data = { number, reference: paymentId, amount: PRICE, idempotency_key: key };
  const body = JSON.stringify({ id: `evt_claimed_${number}`, type, data });
  return await postCallback(mesh.gateway, { body, signature: mesh.provider.sign(body) });
}
