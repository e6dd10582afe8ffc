// A payment service that has Stripe beside the sandbox: from the buyer's page to the capture, by a webhook or by
// asking, and back again. Stripe is its own mock server with a memory.

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { PaymentState } from '../../../../gen/spillway/payment/v1/payment_pb.js';
import { type StripeMock, startStripeMock } from '../../../../test/harness/stripe-mock.js';
import { testUrl } from '../../../platform/real-servers.fixture.js';
import { paymentConfig } from '../../config.js';
import { type PaymentMesh, startPaymentMesh } from '../../service.fixture.js';
import { StripeFront } from './stripe-front.fixture.js';

const START_MS_MAX = 10 * 60_000;
const PAID_MS_MAX = 10_000;
const SECRET = 'whsec_of_the_test_0001';
/** As long as those of Stripe are. */
const NUMBER = `cs_test_${'a'.repeat(58)}`;

let mock: StripeMock;
let front: StripeFront;
let mesh: PaymentMesh;
let lastOrder = 2n ** 40n;

beforeAll(async () => {
  mock = await startStripeMock();
  front = new StripeFront(mock.url, NUMBER);
  const mysqlUrls = [testUrl('TEST_MYSQL_1'), testUrl('TEST_MYSQL_2')];
  mesh = await startPaymentMesh(mysqlUrls, {
    STRIPE_SECRET_KEY: 'sk_test_123',
    STRIPE_WEBHOOK_SECRETS: SECRET,
    STRIPE_RETURN_URL: 'https://shop.example/paid',
    STRIPE_URL: await front.start(),
  });
}, START_MS_MAX);
afterAll(async () => {
  await mesh?.stop();
  await front?.stop();
  await mock?.stop();
});

const soon = () => ({ deadlineMs: Date.now() + PAID_MS_MAX });

async function begun(): Promise<{ paymentId: string; redirectUrl: string }> {
  lastOrder += 1n;
  const amount = { currency: 'EUR', amountMinor: 1_000n };
  const inAnHour = BigInt(Math.floor(Date.now() / 1_000) + 3_600);
  const deadline = { seconds: inAnHour, nanos: 0 };
  const wanted = { orderId: `${lastOrder}`, userId: 'ann', amount, deadline };
  await mesh.client.createPayment(wanted, soon());
  const paymentId = `p-${lastOrder}`;
  const start = { paymentId, requestId: 'r', method: 'stripe' };
  const { redirectUrl } = await mesh.client.startPayment(start, soon());
  return { paymentId, redirectUrl };
}

async function becomes(paymentId: string, state: PaymentState): Promise<void> {
  const endMs = Date.now() + PAID_MS_MAX;
  let seen: PaymentState | undefined;
  while (seen !== state && Date.now() < endMs) {
    seen = (await mesh.client.getPayment({ paymentId }, soon())).payment?.state;
    if (seen !== state) await new Promise((resolve) => setTimeout(resolve, 50));
  }
  expect(PaymentState[seen ?? 0]).toBe(PaymentState[state]);
}

test('the buyer is sent to its page; having paid there is found by asking, and goes back', async () => {
  const { paymentId, redirectUrl } = await begun();
  expect(redirectUrl).toMatch(/^https:/);
  await becomes(paymentId, PaymentState.INITIALISED);
  const payment_intent = { id: 'pi_1', status: 'succeeded' };
  front.change(NUMBER, { status: 'complete', payment_status: 'paid', payment_intent });
  expect(await mesh.client.lookAgain({ paymentId }, soon())).toMatchObject({ answered: true });
  await becomes(paymentId, PaymentState.SUCCEEDED);
  const { payment } = await mesh.client.getPayment({ paymentId }, soon());
  expect(payment?.providerNumber).toBe(NUMBER);

  const amount = { currency: 'EUR', amountMinor: 400n };
  const refund = { requestId: 'back', paymentId, amount, reason: '' };
  await mesh.client.refundPayment(refund, soon());
  const endMs = Date.now() + PAID_MS_MAX;
  while (front.refunds.length === 0 && Date.now() < endMs) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  expect(front.refunds).toMatchObject([{ amount: 400 }]);
});

test('a key alone is not enough to begin', () => {
  expect(() => paymentConfig({ STRIPE_SECRET_KEY: 'sk_test_123' })).toThrow(/LISTEN/);
  const rest = {
    LISTEN: '127.0.0.1:0',
    MYSQL_SHARDS: '0-63=mysql://u:p@127.0.0.1:1',
    ORDER_ADDRESSES: '127.0.0.1:1',
    PROVIDER_URL: 'http://127.0.0.1:1',
    PROVIDER_SECRETS: SECRET,
    CALLBACK_URL: 'http://127.0.0.1:1/callbacks/sandbox',
  };
  expect(paymentConfig(rest).STRIPE_SECRET_KEY).toBeUndefined();
  const missing = () => paymentConfig({ ...rest, STRIPE_SECRET_KEY: 'sk_test_123' });
  expect(missing).toThrow(/STRIPE_WEBHOOK_SECRETS.*\n.*STRIPE_RETURN_URL/);
});
