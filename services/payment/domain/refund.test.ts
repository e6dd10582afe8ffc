// Promise: what an order owes its buyer is paid back once per id and as far as there is anything left,
// whatever callers have paid back before, and whatever ids they have used for it.

import { expect, test } from '@jest/globals';
import { applyChange, type PaymentFile } from './payment-file.js';
import { AUTO_REQUEST_ID, ownRequestId, refundUpTo, requestRefund } from './refund.js';
import { fileIn } from './sample.fixture.js';

const refundIdOf = (requestId: string) => `r-${requestId}`;

// Of a payment of 500. `up to` is what an order owes, `just` what a caller asks for.
test.each<[string, string]>([
  [
    'once per id, however often it is asked for',
    `up to 200 as a  ACCEPTED 200  refunded 200
     up to 200 as a  ACCEPTED 200  refunded 200
     up to 200 as b  ACCEPTED 200  refunded 400`,
  ],
  [
    'no more than is left, and the same answer later',
    `just  350 as g  ACCEPTED -    refunded 350
     up to 200 as a  ACCEPTED 150  refunded 500
     up to 200 as a  ACCEPTED 150  refunded 500`,
  ],
  [
    'nothing when nothing is left',
    `just  500 as g  ACCEPTED -    refunded 500
     up to 200 as a  ACCEPTED 0    refunded 500`,
  ],
  [
    'another amount under the same id is refused, unless the first was cut short',
    `up to 200 as a  ACCEPTED 200  refunded 200
     up to 199 as a  REQUEST_ID_REUSED -  refunded 200
     just  250 as g  ACCEPTED -    refunded 450
     up to 100 as b  ACCEPTED 50   refunded 500
     up to  60 as b  ACCEPTED 50   refunded 500`,
  ],
  [
    'the ids of callers are other ids',
    `just  100 as a  ACCEPTED -    refunded 100
     up to 200 as a  ACCEPTED 200  refunded 300
     just  100 as a  ACCEPTED -    refunded 300`,
  ],
])('%s', (_, story) => {
  let file: PaymentFile = fileIn('SUCCEEDED');
  for (const line of story.split('\n').map((text) => text.trim().replaceAll(/\s+/g, ' '))) {
    const [, verb, amount = '', requestId = '', outcome, paid, refunded = ''] =
      /^(up to|just) (\d+) as (\w) (\w+) (\S+) refunded (\d+)$/.exec(line) ?? [];
    const command = { requestId, currency: 'EUR', amountMinor: BigInt(amount), reason: '' };
    const refund = verb === 'just' ? requestRefund : refundUpTo;
    const { result, change } = refund(file, command, refundIdOf, 2_000);
    const said = 'refundedMinor' in result ? `${result.refundedMinor}` : '-';
    expect([line, result.outcome, said]).toEqual([line, outcome, paid]);
    file = (change && applyChange(file, change)) ?? file;
    expect([line, file.payment.refundedMinor]).toEqual([line, BigInt(refunded)]);
  }
});

test.each([
  ['NOT_STARTED', 'EUR', 'TRANSITION_ILLEGAL'],
  ['CANCELLED', 'EUR', 'TRANSITION_ILLEGAL'],
  ['SUCCEEDED', 'USD', 'CURRENCY_DIFFERS'],
] as const)('%s, in %s: %s', (state, currency, outcome) => {
  const command = { requestId: 'a', currency, amountMinor: 1n, reason: '' };
  const decision = refundUpTo(fileIn(state), command, refundIdOf, 2_000);
  expect([decision.result.outcome, decision.change]).toEqual([outcome, undefined]);
});

test('no caller can use an id of ours', () => {
  const callers = /^[A-Za-z0-9_.:-]{1,64}$/;
  expect(callers.test('cancel')).toBe(true);
  for (const own of [AUTO_REQUEST_ID, ownRequestId('cancel')])
    expect(callers.test(own)).toBe(false);
});
