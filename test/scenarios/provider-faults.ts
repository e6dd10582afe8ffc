// Promise: whatever a payment provider does to its callbacks and answers, each order is paid once, no money
// is kept that is not owed, and no forged word is believed.
// Method: the sandbox is told to misbehave, one way at a time, then in all ways at once.
import { describe, expect, test } from '@jest/globals';
import type { Order } from '../../gen/spillway/order/v1/order_pb.js';
import { OrderState } from '../../gen/spillway/order/v1/order_pb.js';
import { PaymentState } from '../../gen/spillway/payment/v1/payment_pb.js';
import { patiently, soon } from '../harness/clients.js';
import { crowd, eventually, fresh, Shop } from '../harness/shop.js';
import type { TestMesh } from '../harness/test-mesh.js';

/** A lost callback is found when the provider is asked, some seconds later; machines may be busy. */
const PAID_MS_MAX = 20_000;
const STORY_MS_MAX = 60_000;

const FAULTS: readonly (readonly [string, { fault: string; [more: string]: unknown }])[] = [
  ['comes six times', { fault: 'duplicate', copies: 5 }],
  ['is lost', { fault: 'lose' }],
  ['comes late', { fault: 'delay', ms: 700 }],
  ['is overtaken', { fault: 'reorder', ms: 700 }],
  ['is contradicted afterwards', { fault: 'contradict', when: 'after' }],
  ['contradicts an earlier one', { fault: 'contradict', when: 'before' }],
  ['comes, but the charge was never answered', { fault: 'silence' }],
  ['comes, but at first the provider was out of order', { fault: 'outage' }],
];

/** What a person must look at: it was truly signed, as if the provider were wrong. */
const FORGERIES: readonly (readonly [string, string[]])[] = [
  ['signature', []],
  ['body', []],
  ['stale', []],
  ['future', []],
  ['amount', ['PAYMENT_MISMATCH']],
  ['currency', ['PAYMENT_MISMATCH']],
  ['reference', ['PAYMENT_MISMATCH']],
];

export function providerFaults(mesh: () => TestMesh): void {
  const shop = () => new Shop(mesh().clients);
  const provider = () => mesh().provider;
  const ordered = async () => {
    const sku = await shop().sells(5);
    return await shop().order({ [sku]: 1 });
  };

  describe('a callback', () => {
    test.each(FAULTS)(
      '%s: paid once',
      async (_name, fault) => {
        const order = await ordered();
        const rule = { ...fault, next: 1, of: 'charge', reference: order.paymentId };
        await provider().command([rule]);
        await shop().pay(order);
        await shop().becomes(order.orderId, OrderState.PAID, PAID_MS_MAX);
        const { fault: name } = fault;
        await eventually(
          () => `no ${name} has happened`,
          async () => (await provider().counts())[name] === 1,
        );
        expect(await mesh().provider.moneyOf(order.paymentId)).toEqual(['charge 1000']);
      },
      STORY_MS_MAX,
    );

    test.each(FORGERIES)(
      'is forged by its %s: refused, and the true one is taken',
      async (how, alarms) => {
        const order = await ordered();
        await provider().command([{ fault: 'forge', how, next: 1, reference: order.paymentId }]);
        await shop().pay(order);
        await shop().becomes(order.orderId, OrderState.PAID, PAID_MS_MAX);
        await eventually(
          () => 'it was not forged',
          async () => (await provider().counts())['forge'] === 1,
        );
        const raised: string[] = [];
        await eventually(
          () => `alarms: ${raised.join()}, not ${alarms.join()}`,
          async () => raised.push(...mesh().alarms()) >= alarms.length,
        );
        expect(raised).toEqual(alarms);
        expect((await provider().counts())['forged_taken']).toBe(0);
        expect(await mesh().provider.moneyOf(order.paymentId)).toEqual(['charge 1000']);
      },
      STORY_MS_MAX,
    );
  });
}

const BUYERS = 40;

export function providerChaos(mesh: () => TestMesh): void {
  const RULES = [
    { fault: 'duplicate', rate: 0.3, copies: 3 },
    { fault: 'lose', rate: 0.1 },
    { fault: 'delay', rate: 0.1, ms: 300 },
    { fault: 'reorder', rate: 0.2, ms: 500 },
    { fault: 'contradict', rate: 0.1, when: 'before' },
    { fault: 'contradict', rate: 0.1, when: 'after' },
    { fault: 'decline', rate: 0.2 },
    { fault: 'outage', rate: 0.1 },
    { fault: 'silence', rate: 0.05 },
    { fault: 'forge', rate: 0.2, how: 'body' },
  ];

  test(
    'all of it at once: every buyer pays in the end, and surplus money goes back',
    async () => {
      const shop = new Shop(mesh().clients);
      const sku = await shop.sells(BUYERS);
      const orders = await crowd(Array.from({ length: BUYERS }), BUYERS, () =>
        shop.order({ [sku]: 1 }),
      );
      await mesh().provider.command(RULES, 11);
      await crowd(orders, BUYERS, (order) => payWhateverHappens(mesh(), order));
      const counts = await mesh().provider.counts();
      await mesh().provider.command([]);
      const happened = Object.keys(counts).filter((name) => counts[name] !== 0);
      expect(happened).toEqual(expect.arrayContaining(['duplicate', 'contradict', 'decline']));
      await shop.stockBecomes(sku, `0/0/${BUYERS} of ${BUYERS}`, PAID_MS_MAX);
      await eventually(
        () => 'money is missing or too much',
        async () => {
          const kept = await crowd(orders, BUYERS, (order) => keptMinor(mesh(), order));
          return kept.every((minor) => minor === 1_000);
        },
        PAID_MS_MAX,
      );
    },
    STORY_MS_MAX * 2,
  );
}

/** As a buyer does: begins again after a decline, waits while an attempt is open. */
async function payWhateverHappens(mesh: TestMesh, order: Order): Promise<void> {
  const { payments } = mesh.clients;
  const { paymentId } = order;
  const shop = new Shop(mesh.clients);
  const begin = () =>
    patiently(() =>
      payments.startPayment({ paymentId, requestId: fresh('pay'), method: 'card' }, soon()),
    );
  let seen = '';
  await eventually(
    () => `the order is not paid: ${seen}`,
    async () => {
      if ((await shop.look(order.orderId)).state === OrderState.PAID) return true;
      const { payment } = await payments.getPayment({ paymentId }, soon());
      seen = PaymentState[payment?.state ?? 0] ?? '';
      const free = [PaymentState.NOT_STARTED, PaymentState.FAILED];
      // Somebody else's callback may have come in between: then it is looked at again.
      if (free.includes(payment?.state ?? 0)) await begin().catch(() => undefined);
      return false;
    },
    STORY_MS_MAX,
  );
}

async function keptMinor({ provider }: TestMesh, { paymentId }: Order): Promise<number> {
  const movements = await provider.movements(paymentId);
  const signed = movements.map((m) => (m.kind === 'charge' ? m.amount_minor : -m.amount_minor));
  return signed.reduce((sum, minor) => sum + minor, 0);
}
