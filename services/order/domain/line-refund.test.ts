// Promise: what is refunded in steps, in whatever order, comes to what was paid and never to more; each
// refund happens once.

import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { amountOf, refundedMinor, refundedQuantity } from './line-refund.js';
import { type Order, orderAt } from './order.js';
import { lineOf, orderIn } from './orders.fixture.js';
import { applyChange, type Decision, decide } from './transition.js';

let requests = 0;

/** Decides like the store: `2 tea, 1 jam` under an id of its own unless one is given. */
function refund(order: Order, text: string, requestId = `back-${++requests}`): [Order, Decision] {
  const lines = text.split(', ').map((line) => {
    const [quantity, skuId = ''] = line.split(' ');
    return { skuId, quantity: Number(quantity) };
  });
  const event = { kind: 'REFUND_LINES', requestId, lines, reason: 'broken', expectedVersion: 0 };
  const decision = decide(order, event as Parameters<typeof decide>[1]);
  const next = decision.outcome === 'CHANGED' ? applyChange(order, decision, 9_000) : order;
  return [next, decision];
}

function orderOf(lines: [string, number, bigint][], discountMinor = 0n): Order {
  const totalMinor = lines.reduce((sum, [, units, price]) => sum + price * BigInt(units), 0n);
  const payableMinor = totalMinor - discountMinor;
  const amounts = { totalMinor, discountMinor, payableMinor };
  return orderIn('PAID', { lines: lines.map((line) => lineOf(...line)), ...amounts });
}

test.each<[string, [string, number, bigint][], bigint, string[], bigint[]]>([
  ['each unit at its price', [['tea', 3, 500n]], 0n, ['1 tea', '2 tea'], [500n, 1_000n]],
  [
    'the last unit takes the rest',
    [['tea', 3, 334n]],
    2n,
    ['1 tea', '1 tea', '1 tea'],
    [333n, 333n, 334n],
  ],
  [
    'a discount is shared by value',
    [
      ['tea', 1, 900n],
      ['jam', 1, 100n],
    ],
    100n,
    ['1 jam', '1 tea'],
    [90n, 810n],
  ],
  [
    'a gift is worth nothing',
    [
      ['tea', 1, 900n],
      ['bag', 1, 0n],
    ],
    0n,
    ['1 bag', '1 tea'],
    [0n, 900n],
  ],
  ['an order that cost nothing', [['tea', 2, 0n]], 0n, ['1 tea', '1 tea'], [0n, 0n]],
])('%s', (_, lines, discountMinor, steps, amounts) => {
  let order = orderOf(lines, discountMinor);
  for (const step of steps) [order] = refund(order, step);
  expect(order.refunds.map(amountOf)).toEqual(amounts);
  expect(order.state).toBe('CANCELLED');
});

test.each<[string, string, string, string]>([
  ['a line that the order has not', '1 rum', '', 'LINE_UNKNOWN'],
  ['more than the line has', '3 tea', '', 'REFUND_EXCEEDS_CAPTURED'],
  ['more than is left of it', '2 tea', '1 tea', 'REFUND_EXCEEDS_CAPTURED'],
  ['one line of two that cannot be', '1 jam, 3 tea', '', 'REFUND_EXCEEDS_CAPTURED'],
])('%s changes nothing', (_, asked, before, outcome) => {
  let order = orderOf([
    ['tea', 2, 500n],
    ['jam', 1, 300n],
  ]);
  if (before !== '') [order] = refund(order, before);
  const [after, decision] = refund(order, asked);
  expect([decision.outcome, after]).toEqual([outcome, order]);
});

test('the same refund again is the first one, and another one under its id is refused', () => {
  const [order] = refund(orderOf([['tea', 3, 500n]]), '1 tea', 'back');
  expect(refund(order, '1 tea', 'back')[1].outcome).toBe('UNCHANGED');
  expect(refund(order, '2 tea', 'back')[1].outcome).toBe('REQUEST_ID_REUSED');
  // Also when the order is over since.
  const [over] = refund(order, '2 tea', 'rest');
  expect([over.state, refund(over, '1 tea', 'back')[1].outcome]).toEqual([
    'CANCELLED',
    'UNCHANGED',
  ]);
  expect(refund(over, '1 tea', 'more')[1].outcome).toBe('REFUND_EXCEEDS_CAPTURED');
});

test('an earlier version of the order does not know a later refund', () => {
  const [order] = refund(orderOf([['tea', 3, 500n]]), '1 tea');
  const earlier = orderAt(order, order.version - 1);
  expect([refundedQuantity(order, 'tea'), refundedQuantity(earlier, 'tea')]).toEqual([1, 0]);
});

test('whatever is refunded in whatever steps: parts add up, and all of it is what was paid', () => {
  const line = fc.tuple(fc.nat({ max: 9_999 }), fc.integer({ min: 1, max: 9 }));
  const cart = fc.record({
    lines: fc.array(line, { minLength: 1, maxLength: 4 }),
    discountPercent: fc.nat({ max: 100 }),
    order: fc.infiniteStream(fc.nat()),
  });
  fc.assert(
    fc.property(cart, ({ lines, discountPercent, order: picks }) => {
      const goods = lines.map(([price, units], i): [string, number, bigint] => {
        return [`sku-${i}`, units, BigInt(price)];
      });
      const totalMinor = goods.reduce((sum, [, units, price]) => sum + price * BigInt(units), 0n);
      let order = orderOf(goods, (totalMinor * BigInt(discountPercent)) / 100n);
      let units = goods.flatMap(([skuId, quantity]) => Array<string>(quantity).fill(skuId));
      while (units.length > 0) {
        expect(order.state).toBe('PAID');
        const at = (picks.next().value ?? 0) % units.length;
        [order] = refund(order, `1 ${units[at]}`);
        units = units.filter((_, i) => i !== at);
        const last = order.refunds.at(-1);
        expect(last && amountOf(last) >= 0n).toBe(true);
        expect(refundedMinor(order) <= order.payableMinor).toBe(true);
      }
      expect([order.state, refundedMinor(order)]).toEqual(['CANCELLED', order.payableMinor]);
    }),
  );
});
