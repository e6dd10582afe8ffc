// The Stripe adapter against Stripe's own mock server, which knows every parameter of the API. Not tried
// online: what only the real Stripe does, these tests cannot know.

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type StripeMock, startStripeMock } from '../../../../test/harness/stripe-mock.js';
import { ManualClock, systemClock } from '../../../platform/clock.js';
import { CircuitBreaker } from './circuit-breaker.js';
import { StripeClient } from './stripe-client.js';
import { StripeFront } from './stripe-front.fixture.js';
import { StripeProvider } from './stripe-provider.js';

const BUILD_MS_MAX = 10 * 60_000;
const SECRETS = ['whsec_the_new_one_0001', 'whsec_the_old_one_0001'] as const;
const NOW_MS = 1_800_000_000_000;
const ORDER = {
  key: 'p-7-1',
  paymentId: 'p-7',
  currency: 'EUR',
  amountMinor: 1_000n,
  method: 'stripe',
};
const REFUND = { key: 'r-1', currency: 'EUR', amountMinor: 400n };

let mock: StripeMock;
let front: StripeFront;
let client: StripeClient;
let stripe: StripeProvider;
const clock = new ManualClock(NOW_MS);

beforeAll(async () => {
  mock = await startStripeMock();
}, BUILD_MS_MAX);
afterAll(() => mock?.stop());

beforeEach(async () => {
  front = new StripeFront(mock.url);
  client = new StripeClient({
    secretKey: 'sk_test_123',
    baseUrl: await front.start(),
    breaker: new CircuitBreaker({
      failuresMax: 3,
      openMs: 60_000,
      probeMsMax: 1_000,
      clock: systemClock,
    }),
    connectionsMax: 4,
    waitingMax: 4,
    totalMsMax: 2_000,
  });
  const returnUrl = 'https://shop.example/paid';
  stripe = new StripeProvider({ client, clock, webhookSecrets: SECRETS, returnUrl });
});
afterEach(async () => {
  client.close();
  await front.stop();
});

async function charged(): Promise<string> {
  const answer = await stripe.charge(ORDER);
  if (answer.outcome !== 'ACCEPTED') throw new Error(`not charged: ${answer.reason}`);
  return answer.charge.number;
}
async function paid(): Promise<string> {
  const number = await charged();
  const payment_intent = { id: 'pi_1', status: 'succeeded' };
  front.change(number, { status: 'complete', payment_status: 'paid', payment_intent });
  return number;
}
const routes = () => front.asked.map(({ route }) => route);

describe('a charge', () => {
  test('is a page for the buyer, of this amount and nothing else', async () => {
    const answer = await stripe.charge(ORDER);
    expect(answer).toEqual({
      outcome: 'ACCEPTED',
      charge: {
        number: expect.stringMatching(/^cs_/),
        state: 'INITIALISED',
        redirectUrl: expect.stringMatching(/^https:/),
        currency: 'EUR',
        amountMinor: 1_000n,
      },
    });
    const [asked] = front.asked;
    expect(asked?.judged).toBe(200);
    expect(Object.fromEntries(asked?.form ?? [])).toEqual({
      mode: 'payment',
      client_reference_id: 'p-7',
      success_url: 'https://shop.example/paid',
      cancel_url: 'https://shop.example/paid',
      'line_items[0][quantity]': '1',
      'line_items[0][price_data][currency]': 'eur',
      'line_items[0][price_data][unit_amount]': '1000',
      'line_items[0][price_data][product_data][name]': 'p-7',
      'adaptive_pricing[enabled]': 'false',
      allow_promotion_codes: 'false',
      'automatic_tax[enabled]': 'false',
      'metadata[spillway_payment]': 'p-7',
      'metadata[spillway_key]': 'p-7-1',
      'payment_intent_data[metadata][spillway_payment]': 'p-7',
      'payment_intent_data[metadata][spillway_key]': 'p-7-1',
    });
    expect(asked?.headers).toMatchObject({
      'idempotency-key': 'p-7-1',
      'stripe-version': '2026-10-28.endive',
      authorization: 'Bearer sk_test_123',
    });
    expect(asked?.headers).not.toHaveProperty('x-stripe-client-telemetry');
  });

  test('asked for again is the same charge, also when its answer was lost', async () => {
    front.mood = 'LOST';
    expect((await stripe.charge(ORDER)).outcome).toBe('UNKNOWN');
    front.mood = 'WELL';
    expect(await charged()).toBe(await charged());
    expect(front.sessions.size).toBe(1);
  });

  test('of another amount under the same key: nobody knows what became of the first', async () => {
    await charged();
    const other = await stripe.charge({ ...ORDER, amountMinor: 1_001n });
    expect(other.outcome).toBe('UNKNOWN');
  });

  test('in an amount that Stripe does not take is refused here', async () => {
    const odd = await stripe.charge({ ...ORDER, currency: 'KWD', amountMinor: 1_001n });
    expect([odd.outcome, front.asked]).toEqual(['REFUSED', []]);
  });

  test('answered with a sample that says no amount is not believed', async () => {
    const bare = new StripeClient({
      secretKey: 'sk_test_123',
      baseUrl: mock.url,
      breaker: new CircuitBreaker({ failuresMax: 1, openMs: 1, probeMsMax: 1, clock: systemClock }),
      connectionsMax: 1,
      waitingMax: 1,
      totalMsMax: 10_000,
    });
    const returnUrl = 'https://shop.example/paid';
    const plain = new StripeProvider({ client: bare, clock, webhookSecrets: SECRETS, returnUrl });
    const reason = 'an answer with missing parts';
    expect(await plain.charge(ORDER)).toEqual({ outcome: 'UNKNOWN', reason });
    bare.close();
  });
});

describe('what is found', () => {
  test.each<[string, Record<string, unknown>, string]>([
    ['waits for its buyer', {}, 'INITIALISED'],
    ['paid', { status: 'complete', payment_status: 'paid' }, 'SUCCEEDED'],
    ['free of charge', { status: 'complete', payment_status: 'no_payment_required' }, 'SUCCEEDED'],
    ['money comes later', { status: 'complete', payment_status: 'unpaid' }, 'PROCESSING'],
    [
      'money did not come',
      {
        status: 'complete',
        payment_status: 'unpaid',
        payment_intent: { id: 'pi_1', status: 'requires_payment_method' },
      },
      'FAILED',
    ],
    ['expired', { status: 'expired', payment_status: 'unpaid' }, 'FAILED'],
  ])('%s', async (_name, change, state) => {
    const number = await charged();
    front.change(number, change);
    const found = await stripe.find('p-7-1', number);
    expect(found).toMatchObject({ outcome: 'FOUND', charge: { number, state } });
    expect(front.asked.map(({ judged }) => judged)).toEqual([200, 200]);
  });

  test('without a number nobody can have paid, and nobody is asked', async () => {
    expect(await stripe.find('p-7-1', '')).toEqual({ outcome: 'NOT_FOUND' });
    expect(front.asked).toEqual([]);
  });

  test('a number that Stripe does not know, and one of another key', async () => {
    expect(await stripe.find('p-7-1', 'cs_other')).toEqual({ outcome: 'NOT_FOUND' });
    expect((await stripe.find('p-8-1', await charged())).outcome).toBe('UNKNOWN');
  });
});

describe('a refund', () => {
  test('is made once, however often and however late it is asked for', async () => {
    const order = { ...REFUND, chargeNumber: await paid() };
    const first = await stripe.refund(order);
    expect(first).toEqual({ outcome: 'SUCCEEDED', number: expect.stringMatching(/^re_/) });
    front.forgetKeys();
    expect(await stripe.refund(order)).toEqual(first);
    const made = front.asked.filter(({ route }) => route === 'POST /v1/refunds');
    expect(made).toHaveLength(1);
    expect(made[0]?.headers['idempotency-key']).toBe('r-1');
    expect(Object.fromEntries(made[0]?.form ?? [])).toEqual({
      payment_intent: 'pi_1',
      amount: '400',
      'metadata[spillway_payment]': 'p-7',
      'metadata[spillway_key]': 'r-1',
    });
    expect(front.asked.every(({ judged }) => judged === 200)).toBe(true);
  });

  test('another one of the same payment is another one', async () => {
    const chargeNumber = await paid();
    await stripe.refund({ ...REFUND, chargeNumber });
    await stripe.refund({ ...REFUND, chargeNumber, key: 'r-2' });
    expect(front.refunds).toHaveLength(2);
  });

  test.each([
    ['pending', 'UNKNOWN'],
    ['failed', 'REFUSED'],
    ['canceled', 'REFUSED'],
  ])('that is %s is %s', async (status, outcome) => {
    const order = { ...REFUND, chargeNumber: await paid() };
    await stripe.refund(order);
    Object.assign(front.refunds[0] ?? {}, { status });
    expect((await stripe.refund(order)).outcome).toBe(outcome);
  });

  test('of a session that nobody has paid is refused', async () => {
    const answer = await stripe.refund({ ...REFUND, chargeNumber: await charged() });
    expect(answer.outcome).toBe('REFUSED');
  });
});

describe('no answer, or one that settles nothing: asked once, never on our own', () => {
  test.each<[StripeFront['mood'], string]>([
    ['SILENT', 'UNKNOWN'],
    [500, 'UNKNOWN'],
    [503, 'UNKNOWN'],
    [429, 'UNKNOWN'],
    [409, 'UNKNOWN'],
    [401, 'UNKNOWN'],
    [403, 'UNKNOWN'],
    [400, 'REFUSED'],
    [402, 'REFUSED'],
  ])('%s', async (mood, outcome) => {
    front.mood = mood;
    expect((await stripe.charge(ORDER)).outcome).toBe(outcome);
    expect(routes()).toEqual(['POST /v1/checkout/sessions']);
  });

  test('a Stripe that is down is not asked for a while; one that says later is', async () => {
    front.mood = 429;
    for (let i = 0; i < 4; i += 1) await stripe.charge(ORDER);
    expect(stripe.up()).toBe(true);
    front.mood = 500;
    for (let i = 0; i < 4; i += 1) await stripe.charge(ORDER);
    expect([stripe.up(), front.asked.length]).toEqual([false, 7]);
  });
});
