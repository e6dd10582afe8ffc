// Starting, cancelling and refunding, from every state: what is answered, and what it leads to.

import { describe, expect, test } from '@jest/globals';
import { cancelOrBar, cancelPayment } from './cancel.js';
import { compareIntent } from './create.js';
import { nextLookMs } from './look.js';
import type { PaymentState } from './payment.js';
import { applyChange, type Decision, type PaymentFile } from './payment-file.js';
import { refundRest, requestRefund, settleRefund } from './refund.js';
import { DEADLINE_MS, fileIn, paymentIn } from './sample.fixture.js';
import { startAttempt } from './start.js';

const START = {
  requestId: 'start-2',
  method: 'card',
  provider: 'sandbox',
  providerUp: true,
  lookAfterMs: 100,
};
const refundIdOf = (requestId: string) => `r-${requestId}`;

describe('start', () => {
  test.each<[PaymentState, string, string]>([
    ['NOT_STARTED', 'STARTED', 'PENDING'],
    ['FAILED', 'STARTED', 'PENDING'],
    ['TIMED_OUT', 'STARTED', 'PENDING'],
    ['PENDING', 'PAYMENT_IN_PROGRESS', 'PENDING'],
    ['INITIALISED', 'PAYMENT_IN_PROGRESS', 'INITIALISED'],
    ['PROCESSING', 'PAYMENT_IN_PROGRESS', 'PROCESSING'],
    ['SUCCEEDED', 'TRANSITION_ILLEGAL', 'SUCCEEDED'],
    ['CANCELLED', 'TRANSITION_ILLEGAL', 'CANCELLED'],
  ])('%s: %s, then %s', (from, outcome, to) => {
    const file = fileIn(from);
    const decision = startAttempt(file, START, 2_000);
    expect(decision.result.outcome).toBe(outcome);
    expect(leaves(file, decision)?.payment.state).toBe(to);
  });

  test('the same request id is answered before anything is looked at', () => {
    const again = { ...START, requestId: 'start-1', providerUp: false };
    const decision = startAttempt(fileIn('SUCCEEDED'), again, DEADLINE_MS + 1);
    expect(decision).toMatchObject({ result: { outcome: 'REPEATED', attempt: { attemptNo: 1 } } });
    expect(decision.change).toBeUndefined();
    const other = startAttempt(fileIn('SUCCEEDED'), { ...again, method: 'card_redirect' }, 0);
    expect(other.result.outcome).toBe('REQUEST_ID_REUSED');
  });

  test('the deadline itself is still in time, a millisecond later is not', () => {
    const at = (nowMs: number) => startAttempt(fileIn('NOT_STARTED'), START, nowMs).result.outcome;
    expect(at(DEADLINE_MS)).toBe('STARTED');
    expect(at(DEADLINE_MS + 1)).toBe('PAYMENT_DEADLINE_PASSED');
  });

  test('a balance opens at its time, not a millisecond earlier', () => {
    const file = fileIn('NOT_STARTED', { part: 'BALANCE', opensMs: 5_000 });
    const at = (nowMs: number) => startAttempt(file, START, nowMs).result.outcome;
    expect([at(4_999), at(5_000), at(DEADLINE_MS + 1)]).toEqual([
      'PAYMENT_NOT_OPEN',
      'STARTED',
      'PAYMENT_DEADLINE_PASSED',
    ]);
  });

  test('a provider that is down leaves no trace', () => {
    const decision = startAttempt(fileIn('NOT_STARTED'), { ...START, providerUp: false }, 2_000);
    expect(decision).toEqual({ result: { outcome: 'PROVIDER_DOWN' } });
  });

  test('nothing is known of it', () => {
    expect(startAttempt(undefined, START, 1).result.outcome).toBe('PAYMENT_UNKNOWN');
  });
});

describe('cancel', () => {
  test.each<[PaymentState, string, PaymentState]>([
    ['NOT_STARTED', 'CANCELLED', 'CANCELLED'],
    ['FAILED', 'CANCELLED', 'CANCELLED'],
    ['TIMED_OUT', 'CANCELLED', 'CANCELLED'],
    ['CANCELLED', 'CANCELLED', 'CANCELLED'],
    ['PENDING', 'IN_PROGRESS', 'PENDING'],
    ['INITIALISED', 'IN_PROGRESS', 'INITIALISED'],
    ['PROCESSING', 'IN_PROGRESS', 'PROCESSING'],
    ['SUCCEEDED', 'CAPTURED', 'SUCCEEDED'],
  ])('%s: %s, then %s', (from, outcome, to) => {
    const file = fileIn(from);
    const decision = cancelPayment(file, 2_000);
    expect(decision.result.outcome).toBe(outcome);
    expect(leaves(file, decision)?.payment.state).toBe(to);
  });

  test('an unknown payment is unknown, or barred for good', () => {
    expect(cancelPayment(undefined, 1).result.outcome).toBe('PAYMENT_UNKNOWN');
    const balance = { orderId: 9n, part: 'BALANCE' } as const;
    const barred = leaves(undefined, cancelOrBar(balance, undefined, 1))?.payment;
    expect(barred).toMatchObject({ ...balance, state: 'CANCELLED', amountMinor: 0n });
    const intent = { userId: 'ann', currency: 'EUR', amountMinor: 5n };
    const late = { ...balance, ...intent, opensMs: 8, deadlineMs: 9 };
    expect(barred && compareIntent(barred, late)).toBe('CREATED');
  });
});

test.each([
  [{}, 'CREATED'],
  [{ amountMinor: 501n }, 'REUSED'],
  [{ currency: 'USD' }, 'REUSED'],
  [{ userId: 'bob' }, 'REUSED'],
  [{ deadlineMs: 1 }, 'CREATED'],
] as const)('a second create with %o: %s', (change, outcome) => {
  const wanted = { ...paymentIn('NOT_STARTED'), ...change };
  expect(compareIntent(paymentIn('SUCCEEDED'), wanted)).toBe(outcome);
});

describe('refund of a payment of 500', () => {
  // request id, amount, outcome, refunded afterwards
  const STORY = `
    a    200  ACCEPTED                 200
    a    200  ACCEPTED                 200
    a    201  REQUEST_ID_REUSED        200
    b    301  REFUND_EXCEEDS_CAPTURED  200
    b    300  ACCEPTED                 500
    c      1  REFUND_EXCEEDS_CAPTURED  500
    a    200  ACCEPTED                 500
  `;

  test('partly, again, too much, and to the end', () => {
    let file: PaymentFile = fileIn('SUCCEEDED');
    for (const line of STORY.trim().split('\n')) {
      const [requestId = '', amount = '', outcome, refunded = ''] = line.trim().split(/\s+/);
      const command = { requestId, currency: 'EUR', amountMinor: BigInt(amount), reason: '' };
      const decision = requestRefund(file, command, refundIdOf, 2_000);
      expect([line, decision.result.outcome]).toEqual([line, outcome]);
      file = leaves(file, decision) ?? file;
      expect([line, file.payment.refundedMinor]).toEqual([line, BigInt(refunded)]);
    }
    expect(file.refunds).toHaveLength(2);
  });

  test.each<[PaymentState, string]>([
    ['NOT_STARTED', 'TRANSITION_ILLEGAL'],
    ['PROCESSING', 'TRANSITION_ILLEGAL'],
    ['FAILED', 'TRANSITION_ILLEGAL'],
    ['CANCELLED', 'TRANSITION_ILLEGAL'],
    ['SUCCEEDED', 'CURRENCY_DIFFERS'],
  ])('%s in another currency: %s', (state, outcome) => {
    const command = { requestId: 'a', currency: 'USD', amountMinor: 1n, reason: '' };
    const decision = requestRefund(fileIn(state), command, refundIdOf, 2_000);
    expect(decision.result.outcome).toBe(outcome);
    expect(decision.change).toBeUndefined();
  });

  test('the rest goes back once', () => {
    const partly = { requestId: 'a', currency: 'EUR', amountMinor: 200n, reason: '' };
    const sold = fileIn('SUCCEEDED');
    const file = leaves(sold, requestRefund(sold, partly, refundIdOf, 1)) ?? sold;
    const first = refundRest(file, 'gone', refundIdOf, 2);
    expect(first.change?.refunds).toMatchObject([{ amountMinor: 300n, requestId: '/auto' }]);
    const second = refundRest(leaves(file, first) ?? file, 'gone', refundIdOf, 3);
    expect(second.change).toBeUndefined();
  });

  test('the order hears of it when all of it is back, once', () => {
    let file = fileIn('SUCCEEDED');
    for (const [requestId, amountMinor] of [
      ['a', 200n],
      ['b', 300n],
    ] as const) {
      const command = { requestId, currency: 'EUR', amountMinor, reason: '' };
      file = leaves(file, requestRefund(file, command, refundIdOf, 1)) ?? file;
    }
    const settle = (refundId: string) => {
      const news = { refundId, state: 'SUCCEEDED', providerNumber: `re_${refundId}` } as const;
      const decision = settleRefund(file, news, 2);
      file = leaves(file, decision) ?? file;
      return [decision.result.outcome, ...(decision.change?.news ?? []).map((n) => n.kind)];
    };
    expect(settle('r-b')).toEqual(['SETTLED']);
    expect(settle('r-b')).toEqual(['STALE']);
    expect(settle('r-a')).toEqual(['SETTLED', 'payment.refunded']);
    expect(settle('r-a')).toEqual(['STALE']);
    expect(settle('r-x')).toEqual(['REFUND_UNKNOWN']);
  });

  test('a refusal parks a refund; a later success still counts, a later refusal does not', () => {
    const sold = fileIn('SUCCEEDED');
    const command = { requestId: 'a', currency: 'EUR', amountMinor: 500n, reason: '' };
    const asked = leaves(sold, requestRefund(sold, command, refundIdOf, 1)) ?? sold;
    const news = { refundId: 'r-a', providerNumber: '' };
    const parked = leaves(asked, settleRefund(asked, { ...news, state: 'PARKED' }, 2)) ?? asked;
    expect(parked.refunds[0]?.state).toBe('PARKED');
    const paid = leaves(parked, settleRefund(parked, { ...news, state: 'SUCCEEDED' }, 3)) ?? parked;
    expect(paid.refunds[0]?.state).toBe('SUCCEEDED');
    const late = settleRefund(paid, { ...news, state: 'PARKED' }, 4);
    expect(late.result.outcome).toBe('STALE');
  });
});

test.each([
  ['PROCESSING', 1_000, 1_100],
  ['PROCESSING', 1_400, 1_800],
  ['PROCESSING', 9_000, 10_000],
  ['INITIALISED', 9_900, DEADLINE_MS],
  ['INITIALISED', DEADLINE_MS, DEADLINE_MS + 1_000],
  // Given up: ever more rarely, once more when the time is up, and then never.
  ['TIMED_OUT', DEADLINE_MS, DEADLINE_MS + 100],
  ['TIMED_OUT', DEADLINE_MS + 100, DEADLINE_MS + 200],
  ['TIMED_OUT', DEADLINE_MS + 2_000, DEADLINE_MS + 4_000],
  ['TIMED_OUT', DEADLINE_MS + 4_000, DEADLINE_MS + 5_000],
  ['TIMED_OUT', DEADLINE_MS + 5_000, undefined],
] as const)('%s at %d is looked at again at %s', (state, nowMs, expected) => {
  const times = { lookAfterMs: 100, lookEveryMsMax: 1_000, lateLookMsMax: 5_000 };
  const { payment, attempts } = fileIn(state);
  expect(nextLookMs(payment, attempts, nowMs, times)).toBe(expected);
  expect(nextLookMs(payment, [], nowMs, times)).toBeUndefined();
});

/** The file as the decision leaves it. */
function leaves<R>(file: PaymentFile | undefined, { change }: Decision<R>) {
  return change === undefined ? file : applyChange(file, change);
}
