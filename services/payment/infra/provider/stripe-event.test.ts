// Webhooks of Stripe: signed by the library's own hand, changed by ours. Whatever does not hold is forged or
// ignored; nothing throws.

import { describe, expect, test } from '@jest/globals';
import { ManualClock } from '../../../platform/clock.js';
import { CircuitBreaker } from './circuit-breaker.js';
import { StripeClient } from './stripe-client.js';
import { fromStripeAmount, toStripeAmount } from './stripe-money.js';
import { StripeProvider } from './stripe-provider.js';

const NOW_SECONDS = 1_800_000_000;
const clock = new ManualClock(NOW_SECONDS * 1_000);
const [NEW, OLD] = ['whsec_the_new_one_0001', 'whsec_the_old_one_0001'] as const;
const client = new StripeClient({
  secretKey: 'sk_test_123',
  baseUrl: 'http://127.0.0.1:9',
  breaker: new CircuitBreaker({ failuresMax: 1, openMs: 1, probeMsMax: 1, clock }),
  connectionsMax: 1,
  waitingMax: 1,
  totalMsMax: 1_000,
});
const returnUrl = 'https://shop.example/paid';
const stripe = new StripeProvider({ client, clock, webhookSecrets: [NEW, OLD], returnUrl });

const metadata = { spillway_payment: 'p-7', spillway_key: 'p-7-1' };
const session = {
  id: 'cs_test_a1',
  object: 'checkout.session',
  status: 'complete',
  payment_status: 'paid',
  amount_total: 1_000,
  currency: 'eur',
  url: null,
  payment_intent: 'pi_1',
  metadata,
};
const refund = {
  id: 're_1',
  object: 'refund',
  status: 'succeeded',
  amount: 400,
  currency: 'eur',
  metadata: { spillway_payment: 'p-7', spillway_key: 'r-1' },
};

function told(type: string, object: object): string {
  const created = NOW_SECONDS - 5;
  return JSON.stringify({ id: 'evt_1', object: 'event', type, created, data: { object } });
}

function sign(payload: string, secret: string = NEW, timestamp = NOW_SECONDS): string {
  return client.webhooks.generateTestHeaderString({ payload, secret, timestamp });
}

const read = (payload: string, signature = sign(payload)) =>
  stripe.readEvent(signature, new TextEncoder().encode(payload));
const PAID = told('checkout.session.completed', session);

describe('an event', () => {
  const charge = {
    number: 'cs_test_a1',
    reference: 'p-7',
    key: 'p-7-1',
    currency: 'EUR',
    amountMinor: 1_000n,
  };
  test.each<[string, object, string, object]>([
    ['checkout.session.completed', session, 'charge.succeeded', charge],
    ['checkout.session.async_payment_succeeded', session, 'charge.succeeded', charge],
    [
      'checkout.session.async_payment_failed',
      { ...session, payment_status: 'unpaid' },
      'charge.failed',
      charge,
    ],
    [
      'checkout.session.expired',
      { ...session, status: 'expired', payment_status: 'unpaid' },
      'charge.failed',
      charge,
    ],
    [
      'refund.updated',
      refund,
      'refund.succeeded',
      { number: 're_1', reference: 'p-7', key: 'r-1', currency: 'EUR', amountMinor: 400n },
    ],
  ])('%s', (type, object, kind, about) => {
    const event = { ...about, kind, eventId: 'stripe-evt_1', createdMs: (NOW_SECONDS - 5) * 1_000 };
    expect(read(told(type, object))).toEqual({ outcome: 'EVENT', event });
  });

  test.each<[string, string, object]>([
    ['of a kind that nobody needs', 'payout.paid', {}],
    ['of a declined card: the buyer may try another', 'payment_intent.payment_failed', {}],
    [
      'of money that comes later',
      'checkout.session.completed',
      { ...session, payment_status: 'unpaid' },
    ],
    ["of somebody else's session", 'checkout.session.completed', { ...session, metadata: {} }],
    ["of somebody else's refund", 'refund.created', { ...refund, metadata: null }],
    ['of a refund that waits', 'refund.created', { ...refund, status: 'pending' }],
  ])('%s is ignored', (_name, type, object) => {
    expect(read(told(type, object))).toEqual({ outcome: 'IGNORED', kind: type });
  });
});

describe('forged', () => {
  test.each<[string, string, string | undefined]>([
    ['no signature', PAID, ''],
    ['another secret', PAID, sign(PAID, 'whsec_guessed_000000001')],
    ['another body', PAID.replace('1000', '1001'), sign(PAID)],
    ['one space more', PAID.replace('{', '{ '), sign(PAID)],
    ['too old', PAID, sign(PAID, NEW, NOW_SECONDS - 301)],
    ['from the future', PAID, sign(PAID, NEW, NOW_SECONDS + 301)],
    ['without a time', PAID, sign(PAID).replace(/^t=[0-9]+,/, '')],
    ['with a time that is none', PAID, sign(PAID).replace(/^t=[0-9]+/, 't=NaN')],
    ['of the test scheme', PAID, sign(PAID).replace('v1=', 'v0=')],
    ['no JSON', 'paid', undefined],
    ['empty', '', ''],
    ['no event', '{"id":"evt_1","object":"charge"}', undefined],
    [
      'no amount',
      told('checkout.session.completed', { ...session, amount_total: null }),
      undefined,
    ],
    [
      'a success without money',
      told('checkout.session.async_payment_succeeded', { ...session, payment_status: 'unpaid' }),
      undefined,
    ],
    ['a refund of nothing', told('refund.created', { object: 'refund' }), undefined],
  ])('%s', (_name, payload, signature) => {
    expect(read(payload, signature ?? sign(payload)).outcome).toBe('FORGED');
  });

  test('the old secret and both ends of the window hold', () => {
    expect(read(PAID, sign(PAID, OLD)).outcome).toBe('EVENT');
    expect(read(PAID, sign(PAID, NEW, NOW_SECONDS - 300)).outcome).toBe('EVENT');
    expect(read(PAID, sign(PAID, NEW, NOW_SECONDS + 300)).outcome).toBe('EVENT');
  });
});

test.each<[string, bigint, number | undefined]>([
  ['EUR', 1_234n, 1_234],
  ['JPY', 500n, 500],
  ['KRW', 500n, 500],
  ['ISK', 5n, 500],
  ['UGX', 5n, 500],
  ['MGA', 500n, 5],
  ['MGA', 501n, undefined],
  ['KWD', 5_120n, 5_120],
  ['KWD', 5_124n, undefined],
])('%s %s is %s there', (currency, amountMinor, there) => {
  expect(toStripeAmount(currency, amountMinor)).toBe(there);
  if (there !== undefined) expect(fromStripeAmount(currency, there)).toBe(amountMinor);
});

test('a part of a króna is no amount of ours', () => {
  expect(fromStripeAmount('ISK', 550)).toBeUndefined();
});
