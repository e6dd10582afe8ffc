// Promise: an order of what is sold in advance has exactly the terms of its offers, or is refused for
// the first thing wrong; and its two payments come to its price.
// Method: a table of offers, and orders against them.

import { describe, expect, test } from '@jest/globals';
import { payloadOf } from './effects.js';
import type { Offer } from './offer.js';
import type { LineRefund, Order } from './order.js';
import type { OrderType } from './order-types.js';
import { lineOf, orderIn, presaleIn, TERMS } from './orders.fixture.js';
import { dueMsOf, partMinor, presaleOf, splitRefund } from './presale.js';
import type { PresaleTerms } from './presale-terms.js';

const DUE_MS = TERMS.balanceDueMs;

function offer(skuId: string, changes: Partial<PresaleTerms> | undefined): Offer {
  const open = { userLimit: 0, opensMs: undefined, closesMs: undefined, attributes: {} };
  const terms = { title: skuId, currency: 'EUR', unitPriceMinor: 900n, version: 1 };
  const presale = changes && { ...TERMS, depositMinor: 10n, ...changes };
  return { skuId, ...terms, ...open, presale, snapshotHash: '' };
}

const offers = new Map(
  [
    offer('tea', undefined),
    offer('early', {}),
    offer('rare', { depositMinor: 300n }),
    offer('later', { balanceDueMs: DUE_MS + 1 }),
    offer('sooner', { balanceOpensMs: 0 }),
    offer('kept', { depositRefundable: false }),
  ].map((each) => [each.skuId, each]),
);

describe('the terms of an order', () => {
  test.each<[OrderType, string, string, number]>([
    // type, lines, deposit or refusal, now
    ['PHYSICAL', 'tea 2', 'none', 0],
    ['PRESALE', 'early 1', '10', 0],
    ['PRESALE', 'early 2, rare 3', '920', 0],
    ['PRESALE', 'kept 1', '10', 0],
    ['PRESALE', 'early 1', '10', DUE_MS - 1],
    ['PRESALE', 'early 1', 'SALE_CLOSED', DUE_MS],
    ['PRESALE', 'tea 1', 'TYPE_UNFIT tea', 0],
    ['PRESALE', 'early 1, tea 1', 'TYPE_UNFIT tea', 0],
    ['PHYSICAL', 'early 1', 'TYPE_UNFIT early', 0],
    ['VIRTUAL', 'tea 1, early 1', 'TYPE_UNFIT early', 0],
    ['BOOKING', 'early 1', 'TYPE_UNFIT early', 0],
    ['PRESALE', 'early 1, later 1', 'PRESALE_MIXED 1', 0],
    ['PRESALE', 'early 1, rare 1, sooner 1', 'PRESALE_MIXED 2', 0],
    ['PRESALE', 'early 1, kept 1', 'PRESALE_MIXED 1', 0],
  ])('%s %s: %s', (type, text, wanted, nowMs) => {
    const lines = text.split(', ').map((line) => {
      const [skuId = '', quantity] = line.split(' ');
      return { skuId, quantity: Number(quantity) };
    });
    const found = lines.map(({ skuId }) => offers.get(skuId) as Offer);
    const told = presaleOf(type, lines, found, nowMs);
    expect(wordOf(told)).toBe(wanted);
    if (told && !('outcome' in told)) {
      expect(told).toEqual({ ...found[0]?.presale, depositMinor: told.depositMinor });
    }
  });
});

function wordOf(told: ReturnType<typeof presaleOf>): string {
  if (told === undefined) return 'none';
  if (!('outcome' in told)) return told.depositMinor.toString();
  if (told.outcome === 'PRESALE_MIXED') return `PRESALE_MIXED ${told.index}`;
  return told.outcome === 'TYPE_UNFIT' ? `TYPE_UNFIT ${told.skuId}` : told.outcome;
}

test('its payments, what it waits for, and until when', () => {
  const plain = orderIn('PENDING_PAYMENT');
  const early = presaleIn('PENDING_PAYMENT');
  expect([partMinor(plain, 'FIRST'), partMinor(plain, 'BALANCE')]).toEqual([1999n, undefined]);
  expect([partMinor(early, 'FIRST'), partMinor(early, 'BALANCE')]).toEqual([500n, 1499n]);
  const dues = (['PENDING_PAYMENT', 'DEPOSIT_PAID', 'PAID', 'CANCELLED'] as const).map((state) =>
    dueMsOf(presaleIn(state)),
  );
  expect(dues).toEqual([early.paymentDeadlineMs, DUE_MS, undefined, undefined]);
});

test('what is told to the payment service', () => {
  const order = presaleIn('DEPOSIT_PAID');
  const { userId, currency } = order;
  expect(payloadOf('order.created', order)).toEqual({
    userId,
    currency,
    amountMinor: '500',
    deadlineMs: order.paymentDeadlineMs,
  });
  expect(payloadOf('order.deposit-paid', order)).toEqual({
    userId,
    currency,
    amountMinor: '1499',
    opensMs: TERMS.balanceOpensMs,
    deadlineMs: DUE_MS,
  });
  expect(payloadOf('payment.refund', order)).toEqual({ currency, amountMinor: '500' });
  expect(payloadOf('balance.refund', order)).toEqual({ currency, amountMinor: '1499' });
});

describe('refunds of lines', () => {
  // Four units of 5.00: a deposit of 4.00, a balance of 16.00.
  const four: Partial<Order> = {
    lines: [lineOf('tea', 4, 500n)],
    totalMinor: 2_000n,
    payableMinor: 2_000n,
    presale: { ...TERMS, depositMinor: 400n },
  };
  const refund = (version: number): LineRefund => ({
    requestId: `back-${version}`,
    lines: [{ skuId: 'tea', quantity: 1, amountMinor: 500n }],
    unitsReturned: true,
    reason: '',
    version,
    atMs: 0,
  });

  test('come out of the balance as long as it lasts, each time the same', () => {
    const refunds: LineRefund[] = [];
    const told = [4, 5, 6, 7].map((version) => {
      const split = splitRefund(presaleIn('PAID', { ...four, refunds: [...refunds] }), 500n);
      refunds.push(refund(version));
      const after = presaleIn('PAID', { ...four, version, refunds: [...refunds] });
      expect(payloadOf('balance.refund-lines', after)).toMatchObject({
        amountMinor: `${split.BALANCE}`,
      });
      expect(payloadOf('payment.refund-lines', after)).toMatchObject({
        amountMinor: `${split.FIRST}`,
      });
      return `${split.BALANCE} ${split.FIRST}`;
    });
    expect(told).toEqual(['500 0', '500 0', '500 0', '100 400']);
  });

  test('of what was paid at once, out of its only payment', () => {
    expect(splitRefund(orderIn('PAID'), 500n)).toEqual({ FIRST: 500n, BALANCE: 0n });
  });
});
