// One line each: what our books say, what the statement says, and what is found to differ.

import { describe, expect, test } from '@jest/globals';
import { type OurCharge, type OurRefund, ShardComparison } from './compare-shard.js';
import { CAUSES } from './difference.js';
import type { Movement } from './movement.js';

const MONEY = { currency: 'EUR', amountMinor: 500n };
const ours = (more: Partial<OurCharge> = {}): OurCharge => {
  return { payment: 'p-7', key: 'p-7-1', state: 'SUCCEEDED', number: 'ch_1', ...MONEY, ...more };
};
const ourRefund = (more: Partial<OurRefund> = {}): OurRefund => {
  return { payment: 'p-7', key: 'r-1', state: 'SUCCEEDED', number: 're_1', ...MONEY, ...more };
};
const theirs = (more: Partial<Movement> = {}): Movement => {
  const named = { number: 'ch_1', reference: 'p-7', key: 'p-7-1' };
  return { kind: 'charge', ...named, ...MONEY, ...more };
};
const theirRefund = (more: Partial<Movement> = {}): Movement =>
  theirs({ kind: 'refund', number: 're_1', key: 'r-1', ...more });

describe('charges', () => {
  test.each<[string, OurCharge[], Movement[], string[]]>([
    ['nothing on either side', [], [], []],
    ['the same', [ours()], [theirs()], []],
    ['open and not paid', [ours({ state: 'OPEN', number: '' })], [], []],
    ['failed and not paid', [ours({ state: 'FAILED' })], [], []],
    ['given up and not paid', [ours({ state: 'TIMED_OUT' })], [], []],
    ['paid, callback lost', [ours({ state: 'OPEN' })], [theirs()], ['CALLBACK_LOST ch_1']],
    [
      'paid, never answered',
      [ours({ state: 'OPEN', number: '' })],
      [theirs()],
      ['CALLBACK_LOST ch_1'],
    ],
    ['paid after it was given up', [ours({ state: 'TIMED_OUT' })], [theirs()], ['TIMED_OUT ch_1']],
    ['paid, told to have failed', [ours({ state: 'FAILED' })], [theirs()], ['CONTRADICTED ch_1']],
    ['paid by our books alone', [ours()], [], ['CHARGE_MISSING ch_1']],
    ['another amount', [ours()], [theirs({ amountMinor: 501n })], ['AMOUNT_DIFFERS ch_1']],
    ['another currency', [ours()], [theirs({ currency: 'USD' })], ['AMOUNT_DIFFERS ch_1']],
    [
      'another amount, callback refused',
      [ours({ state: 'OPEN' })],
      [theirs({ amountMinor: 1n })],
      ['AMOUNT_DIFFERS ch_1'],
    ],
    ['another number', [ours()], [theirs({ number: 'ch_2' })], ['NUMBER_DIFFERS ch_2']],
    [
      'twice under one key',
      [ours()],
      [theirs({ number: 'ch_2' }), theirs()],
      ['CHARGED_TWICE ch_2'],
    ],
    [
      'under a key of nobody',
      [ours()],
      [theirs(), theirs({ key: 'p-7-2', number: 'ch_2' })],
      ['CHARGE_UNKNOWN ch_2'],
    ],
    [
      "under another payment's key",
      [ours()],
      [theirs({ reference: 'p-8' })],
      ['CHARGE_MISSING ch_1', 'CHARGE_UNKNOWN ch_1'],
    ],
    ['of no payment', [], [theirs({ reference: 'shop', key: 'x' })], ['CHARGE_UNKNOWN ch_1']],
    [
      'two attempts paid',
      [ours(), ours({ key: 'p-7-2', number: 'ch_2' })],
      [theirs(), theirs({ key: 'p-7-2', number: 'ch_2' })],
      [],
    ],
  ])('%s', (_name, mine, statement, found) => {
    const comparison = new ShardComparison(statement);
    for (const charge of mine) comparison.charge(charge);
    expect(comparison.end().map(({ cause, number }) => `${cause} ${number}`)).toEqual(found);
  });
});

describe('refunds', () => {
  test.each<[string, OurRefund[], Movement[], string[]]>([
    ['the same', [ourRefund()], [theirRefund()], []],
    [
      'made, and we do not know',
      [ourRefund({ state: 'PENDING', number: '' })],
      [theirRefund()],
      ['REFUND_CALLBACK_LOST re_1'],
    ],
    [
      'made after it was refused',
      [ourRefund({ state: 'PARKED', number: '' })],
      [theirRefund()],
      ['REFUND_CALLBACK_LOST re_1'],
    ],
    ['owed', [ourRefund({ state: 'PENDING', number: '' })], [], ['REFUND_WAITING r-1']],
    ['refused', [ourRefund({ state: 'PARKED', number: '' })], [], ['REFUND_REFUSED r-1']],
    ['made by our books alone', [ourRefund()], [], ['REFUND_MISSING re_1']],
    [
      'of another amount',
      [ourRefund()],
      [theirRefund({ amountMinor: 1n })],
      ['AMOUNT_DIFFERS re_1'],
    ],
    [
      'twice',
      [ourRefund()],
      [theirRefund(), theirRefund({ number: 're_2' })],
      ['REFUND_TWICE re_2'],
    ],
    ['never asked for', [], [theirRefund()], ['REFUND_UNKNOWN re_1']],
  ])('%s', (_name, mine, statement, found) => {
    const comparison = new ShardComparison(statement);
    for (const refund of mine) comparison.refund(refund);
    expect(comparison.end().map(({ cause, number }) => `${cause} ${number}`)).toEqual(found);
  });
});

test('a charge is no answer to a refund of the same key', () => {
  const comparison = new ShardComparison([theirs({ key: 'r-1' })]);
  comparison.refund(ourRefund());
  const causes = comparison.end().map(({ cause }) => cause);
  expect(causes).toEqual(['REFUND_MISSING', 'CHARGE_UNKNOWN']);
});

test('only what the provider can answer is repaired without a person', () => {
  const safe = Object.entries(CAUSES).flatMap(([cause, { safe: yes }]) => (yes ? [cause] : []));
  expect(safe).toEqual([
    'CALLBACK_LOST',
    'TIMED_OUT',
    'CONTRADICTED',
    'REFUND_CALLBACK_LOST',
    'REFUND_WAITING',
    'REFUND_REFUSED',
  ]);
});
