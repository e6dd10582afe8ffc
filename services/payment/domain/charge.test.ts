// What the provider says, told in any order: each line is one piece of news, what becomes of it, and
// where payment and money stand afterwards.

import { describe, expect, test } from '@jest/globals';
import { cancelPayment } from './cancel.js';
import { applyCharge, type ChargeNews, type ChargeState } from './charge.js';
import { applyChange, type PaymentFile } from './payment-file.js';
import { DEADLINE_MS, fileIn } from './sample.fixture.js';
import { startAttempt } from './start.js';

const MONEY = { currency: 'EUR', amountMinor: 500n };
const START = { method: 'card', provider: 'sandbox', providerUp: true, lookAfterMs: 100 };
const refundIdOf = (requestId: string) => `r-${requestId}`;

/**
 * start N | cancel | say N STATE | ask N STATE (after the deadline: late N STATE), then
 * the outcome, the payment's state, captured, refunded, and the news that goes out.
 */
const STORIES: Record<string, string> = {
  'a usual payment': `
    start 1           STARTED  PENDING     0   0
    say 1 PROCESSING  APPLIED  PROCESSING  0   0
    say 1 SUCCEEDED   APPLIED  SUCCEEDED   500 0  payment.captured`,
  'the callback overtakes the answer': `
    start 1           STARTED  PENDING     0   0
    say 1 SUCCEEDED   APPLIED  SUCCEEDED   500 0  payment.captured
    say 1 PROCESSING  STALE    SUCCEEDED   500 0`,
  'every callback comes twice': `
    start 1           STARTED  PENDING     0   0
    say 1 FAILED      APPLIED  FAILED      0   0
    say 1 FAILED      STALE    FAILED      0   0
    start 2           STARTED  PENDING     0   0
    say 2 SUCCEEDED   APPLIED  SUCCEEDED   500 0  payment.captured
    say 2 SUCCEEDED   STALE    SUCCEEDED   500 0`,
  'an old decline does not touch the attempt under way': `
    start 1           STARTED  PENDING     0   0
    say 1 PROCESSING  APPLIED  PROCESSING  0   0
    say 1 FAILED      APPLIED  FAILED      0   0
    start 2           STARTED  PENDING     0   0
    say 1 FAILED      STALE    PENDING     0   0
    say 2 PROCESSING  APPLIED  PROCESSING  0   0`,
  'the buyer comes back too late': `
    start 1            STARTED  PENDING     0   0
    say 1 INITIALISED  APPLIED  INITIALISED 0   0
    ask 1 INITIALISED  STALE    INITIALISED 0   0
    late 1 INITIALISED APPLIED  TIMED_OUT   0   0
    say 1 SUCCEEDED    APPLIED  SUCCEEDED   500 0  payment.captured`,
  'a capture after the cancel goes back once': `
    start 1            STARTED   PENDING     0   0
    say 1 INITIALISED  APPLIED   INITIALISED 0   0
    late 1 INITIALISED APPLIED   TIMED_OUT   0   0
    cancel             CANCELLED CANCELLED   0   0
    say 1 PROCESSING   APPLIED   CANCELLED   0   0
    say 1 SUCCEEDED    APPLIED   CANCELLED   500 500  refund.requested
    say 1 SUCCEEDED    STALE     CANCELLED   500 500`,
  'two attempts succeed: the second is surplus and goes back': `
    start 1            STARTED  PENDING     0   0
    say 1 INITIALISED  APPLIED  INITIALISED 0   0
    late 1 INITIALISED APPLIED  TIMED_OUT   0   0
    start 2            STARTED  PENDING     0   0
    say 1 SUCCEEDED    APPLIED  SUCCEEDED   500 0  payment.captured
    say 2 SUCCEEDED    SURPLUS  SUCCEEDED   500 0  refund.requested
    say 2 SUCCEEDED    STALE    SUCCEEDED   500 0`,
  'a provider that contradicts itself: money counts': `
    start 1           STARTED  PENDING     0   0
    say 1 FAILED      APPLIED  FAILED      0   0
    say 1 SUCCEEDED   APPLIED  SUCCEEDED   500 0  payment.captured
    say 1 FAILED      STALE    SUCCEEDED   500 0`,
  'an attempt that nobody made': `
    start 1           STARTED  PENDING     0   0
    say 2 SUCCEEDED   MISMATCH PENDING     0   0`,
};

test.each(Object.entries(STORIES))('%s', (_, story) => {
  let file: PaymentFile = fileIn('NOT_STARTED');
  for (const line of story.trim().split('\n')) {
    const { outcome, change, words } = play(file, line);
    file = change ? (applyChange(file, change) ?? file) : file;
    const { state, capturedMinor, refundedMinor } = file.payment;
    const news = (change?.news ?? []).map((n) => n.kind).join(' ');
    const seen = [outcome, state, `${capturedMinor}`, `${refundedMinor}`, news].join(' ').trim();
    expect([line.trim(), seen]).toEqual([line.trim(), words.join(' ')]);
  }
});

function play(file: PaymentFile, line: string) {
  const words = line.trim().split(/\s+/);
  const verb = words.shift() ?? '';
  if (verb === 'cancel') {
    const { result, change } = cancelPayment(file, 2_000);
    return { outcome: result.outcome, change, words };
  }
  const attemptNo = Number(words.shift());
  if (verb === 'start') {
    const command = { ...START, requestId: `start-${attemptNo}` };
    const { result, change } = startAttempt(file, command, 2_000);
    return { outcome: result.outcome, change, words };
  }
  const news: ChargeNews = {
    attemptNo,
    state: words.shift() as ChargeState,
    providerNumber: `ch_${attemptNo}`,
    money: MONEY,
    asked: verb !== 'say',
    cause: line.trim(),
  };
  const nowMs = verb === 'late' ? DEADLINE_MS + 1 : 2_000;
  const { result, change } = applyCharge(file, news, { nowMs, lookAfterMs: 100, refundIdOf });
  return { outcome: result.outcome, change, words };
}

describe('news that is not about our charge is refused', () => {
  test.each<[string, Partial<ChargeNews>]>([
    ['other amount', { money: { currency: 'EUR', amountMinor: 499n } }],
    ['other currency', { money: { currency: 'USD', amountMinor: 500n } }],
    ['other charge', { providerNumber: 'ch_2' }],
    ['other attempt', { attemptNo: 2 }],
    ['other provider', { provider: 'stranger' }],
  ])('%s', (_, wrong) => {
    const right: ChargeNews = {
      attemptNo: 1,
      state: 'SUCCEEDED',
      providerNumber: 'ch_1',
      money: MONEY,
      cause: 'test',
    };
    const rules = { nowMs: 2_000, lookAfterMs: 100, refundIdOf };
    const decision = applyCharge(fileIn('PROCESSING'), { ...right, ...wrong }, rules);
    expect(decision.result.outcome).toBe('MISMATCH');
    expect(decision.change).toBeUndefined();
    expect(applyCharge(fileIn('PROCESSING'), right, rules).result.outcome).toBe('APPLIED');
  });
});

test('as long as any attempt is open the payment stays due', () => {
  let file: PaymentFile = fileIn('INITIALISED');
  const say = (attemptNo: number, state: ChargeState, nowMs: number, asked = false) => {
    const providerNumber = `ch_${attemptNo}`;
    const news = { attemptNo, state, providerNumber, asked, cause: 'test' };
    const { change } = applyCharge(file, news, { nowMs, lookAfterMs: 100, refundIdOf });
    if (change) file = applyChange(file, change) ?? file;
    return file.payment.dueMs;
  };
  // Given up, but looked for: the callback of a late capture may be lost.
  expect(say(1, 'INITIALISED', DEADLINE_MS + 1, true)).toBe(DEADLINE_MS + 101);
  const again = startAttempt(file, { ...START, requestId: 'start-2' }, 3_000).change;
  if (again) file = applyChange(file, again) ?? file;
  expect(file.payment.dueMs).toBe(3_100);
  // The given-up attempt pays after all: the second one may still capture, so it is asked about.
  expect(say(1, 'SUCCEEDED', 4_000)).toBe(4_100);
  expect(say(2, 'FAILED', 5_000)).toBeUndefined();
});
