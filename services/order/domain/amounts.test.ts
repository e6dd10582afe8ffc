// Promise: an order costs exactly what its offers say, or is refused for the first thing wrong.
// Method: a table of offers, and orders against them.

import { fc } from '@fast-check/jest';
import { expect, test } from '@jest/globals';
import { AMOUNT_MINOR_MAX, priceLines } from './amounts.js';
import type { Offer } from './offer.js';

const NOW_MS = 1_000;

function offer(skuId: string, currency: string, unitPriceMinor: bigint, window = ''): Offer {
  const [opens, closes] = window.split('..').map((text) => (text ? Number(text) : undefined));
  const [title, userLimit, version] = [skuId, 0, 1];
  return {
    skuId,
    title,
    currency,
    unitPriceMinor,
    userLimit,
    opensMs: opens,
    closesMs: closes,
    attributes: { of: skuId },
    presale: undefined,
    version,
    snapshotHash: `of-${skuId}`,
  };
}

const offers = new Map(
  [
    offer('tea', 'EUR', 450n),
    offer('cup', 'EUR', 1299n),
    offer('usd', 'USD', 100n),
    offer('gold', 'EUR', AMOUNT_MINOR_MAX),
    offer('early', 'EUR', 1n, '1001..'),
    offer('now', 'EUR', 1n, '1000..1001'),
    offer('late', 'EUR', 1n, '..1000'),
    offer('free', 'EUR', 0n),
  ].map((each) => [each.skuId, each]),
);

test.each([
  ['tea 1', '450 EUR'],
  ['tea 2, cup 3', '4797 EUR'],
  ['free 9', '0 EUR'],
  ['now 1', '1 EUR'], // opens at its first moment ...
  ['early 1', 'SALE_NOT_OPEN early'],
  ['late 1', 'SALE_CLOSED late'], // ... and is over at its last
  ['ghost 1', 'OFFER_UNKNOWN ghost'],
  ['tea 1, usd 1', 'CURRENCY_MIXED'],
  ['tea 1, usd 1, ghost 1', 'OFFER_UNKNOWN ghost'],
  ['gold 1', '1000000000000000 EUR'],
  ['gold 1, tea 1', 'TOTAL_TOO_LARGE'],
  ['gold 10000', 'TOTAL_TOO_LARGE'], // beyond 63 bits
])('%s: %s', (order, wanted) => {
  const lines = order.split(', ').map((text) => {
    const [skuId = '', quantity] = text.split(' ');
    return { skuId, quantity: Number(quantity) };
  });
  const price = priceLines(
    'PHYSICAL',
    lines,
    lines.map((line) => offers.get(line.skuId)),
    NOW_MS,
  );
  const sku = 'skuId' in price ? ` ${price.skuId}` : '';
  const told =
    price.outcome === 'PRICED' ? `${price.payableMinor} ${price.currency}` : price.outcome + sku;
  expect(told).toBe(wanted);
});

test('payable is total minus discount, and the total is the sum of its lines', () => {
  const line = fc.record({
    price: fc.bigInt(0n, 10n ** 12n),
    quantity: fc.integer({ min: 1, max: 9 }),
  });
  fc.assert(
    fc.property(fc.array(line, { minLength: 1, maxLength: 20 }), (given) => {
      const lines = given.map(({ quantity }, i) => ({ skuId: `s${i}`, quantity }));
      const its = given.map(({ price }, i) => offer(`s${i}`, 'EUR', price));
      const price = priceLines('PHYSICAL', lines, its, NOW_MS);
      if (price.outcome !== 'PRICED') throw new Error(price.outcome);
      const sum = given.reduce((total, each) => total + each.price * BigInt(each.quantity), 0n);
      expect(price.totalMinor).toBe(sum);
      expect(price.payableMinor).toBe(price.totalMinor - price.discountMinor);
    }),
  );
});
