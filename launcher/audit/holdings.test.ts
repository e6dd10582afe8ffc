// Orders against reservations: the comparison line by line, and the folding that finds where to
// compare.
import { describe, expect, test } from '@jest/globals';
import { compareHoldings, type HeldLine, type OrderLine } from './holdings.js';
import { boundProblems, type Fold, mergeFolds, suspectChunks } from './holdings-read.js';
import { problem } from './problem.js';

const NOW_MS = 1_000_000;

/** `o1 PENDING sku-1 2` */
function order(text: string): OrderLine {
  const [orderId = '', status, skuId = '', quantity, type] = text.split(' ');
  return {
    orderId,
    status: status as OrderLine['status'],
    takesStock: type !== 'virtual',
    skuId,
    quantity: Number(quantity),
  };
}

/** `o1 RESERVED sku-1 2 +5`: held for 5 ms more. */
function held(text: string): HeldLine {
  const [orderId = '', hold, skuId = '', quantity, left = '+1'] = text.split(' ');
  return {
    orderId,
    reservationId: `r-${orderId}`,
    skuId,
    quantity: Number(quantity),
    hold: hold as HeldLine['hold'],
    holdUntilMs: NOW_MS + Number(left),
  };
}

describe('orders and reservations', () => {
  test.each<[string, string[], string[], string[], number]>([
    ['nothing at all', [], [], [], 0],
    ['pending holds', ['o1 PENDING sku-1 2'], ['o1 RESERVED sku-1 2'], [], 0],
    ['paid has', ['o1 SOLD sku-1 2'], ['o1 CONFIRMED sku-1 2'], [], 0],
    ['cancelled holds nothing', ['o1 CANCELLED sku-1 2'], [], [], 0],
    [
      'cancelled after shipping: the goods are away',
      ['o1 CANCELLED_SHIPPED sku-1 2'],
      ['o1 CONFIRMED sku-1 2'],
      [],
      0,
    ],
    ['virtual goods hold nothing', ['o1 SOLD sku-1 2 virtual'], [], [], 0],
    ['an order that is being made', [], ['o1 RESERVED sku-1 2 +1'], [], 2],
    ['a hold that ended without an order', [], ['o1 RESERVED sku-1 2 -1'], ['LEAKED 2'], 0],
    ['sold to no order', [], ['o1 CONFIRMED sku-1 2'], ['LEAKED 2'], 0],
    ['kept after cancelling', ['o1 CANCELLED sku-1 2'], ['o1 RESERVED sku-1 2'], ['LEAKED 2'], 0],
    ['held twice', ['o1 PENDING sku-1 2'], Array(2).fill('o1 RESERVED sku-1 2'), ['LEAKED 2'], 0],
    ['too much held', ['o1 PENDING sku-1 2'], ['o1 RESERVED sku-1 3'], ['LEAKED 1'], 0],
    ['too little held', ['o1 PENDING sku-1 2'], ['o1 RESERVED sku-1 1'], ['UNHELD 1'], 0],
    ['nothing held', ['o1 SOLD sku-1 2'], [], ['UNHELD 2'], 0],
    ['paid, never confirmed', ['o1 SOLD sku-1 2'], ['o1 RESERVED sku-1 2'], ['UNHELD 0'], 0],
    [
      'one of two lines',
      ['o1 SOLD sku-1 2', 'o1 SOLD sku-2 1'],
      ['o1 CONFIRMED sku-1 2'],
      ['UNHELD 1'],
      0,
    ],
    ['another SKU', ['o1 PENDING sku-1 1'], ['o1 RESERVED sku-2 1'], ['LEAKED 1', 'UNHELD 1'], 0],
  ])('%s', (_what, orders, holds, expected, inFlight) => {
    const found = compareHoldings(orders.map(order), holds.map(held), NOW_MS);
    expect(found.problems.map((p) => `${p.kind} ${p.units}`)).toEqual(expected);
    expect(found.inFlightUnits).toBe(inFlight);
  });
});

describe('buckets', () => {
  const fold = (...buckets: [number, number, bigint][]): Fold =>
    new Map(buckets.map(([bucket, lines, digest]) => [bucket, { lines, digest }]));

  test('of several servers merge whatever their order', () => {
    const one = { bucket: 3, line_count: 2, digest: '12' };
    const two = { bucket: 3, line_count: 1, digest: '18446744073709551615' };
    const merged = fold([3, 3, 12n ^ 18446744073709551615n]);
    expect(mergeFolds([[one], [two]])).toEqual(merged);
    expect(mergeFolds([[two], [one]])).toEqual(merged);
  });

  test('that are equal are not looked into', () => {
    const both: [number, number, bigint][] = [
      [0, 2, 5n],
      [9, 1, 7n],
    ];
    expect(suspectChunks(fold(...both), fold(...both), 100)).toEqual([]);
  });

  test('are suspect for their count, their digest, or their absence', () => {
    const promised = fold([0, 2, 5n], [1, 1, 7n], [2, 1, 3n]);
    const holds = fold([0, 3, 5n], [1, 1, 8n], [3, 1, 3n]);
    expect(suspectChunks(promised, holds, 100)).toEqual([[0, 1, 2, 3]]);
  });

  test('are looked into so many at a time that their lines fit', () => {
    const promised = fold([0, 40, 1n], [1, 40, 2n], [2, 40, 3n], [3, 500, 4n]);
    expect(suspectChunks(promised, fold(), 100)).toEqual([[0, 1], [2], [3]]);
  });
});

test('of too many problems the sums are kept, whatever the portions they come in', () => {
  const flood = (count: number) =>
    Array.from({ length: count }, (_, i) => problem('LEAKED', `order ${i}`, 'x', 2));
  const units = (found: { units: number }[]) => found.reduce((sum, one) => sum + one.units, 0);
  const once = boundProblems([...flood(7), problem('UNHELD', 'order 9', 'y', 1)], 3);
  expect(once.map((one) => `${one.kind} ${one.units}`)).toEqual([
    ...Array(3).fill('LEAKED 2'),
    'LEAKED 8',
    'UNHELD 1',
  ]);
  const twice = boundProblems([...once, ...flood(5)], 3);
  expect(twice).toHaveLength(5);
  expect(units(twice)).toBe(15 + 10);
  expect(boundProblems(flood(3), 3)).toHaveLength(3);
});
