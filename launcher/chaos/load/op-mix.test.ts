import { expect, test } from '@jest/globals';
import { Random } from '../../demo/random.js';
import { attempt } from '../checkers/evidence.fixture.js';
import type { Attempt, Op } from '../history.js';
import { OpMix } from './op-mix.js';

const SKUS = [
  { skuId: 'sku-1', limited: false },
  { skuId: 'sku-2', limited: true },
];

function deal(seed: number, count: number): { ops: Op[]; mix: OpMix } {
  const mix = new OpMix({ random: new Random(seed), skus: SKUS, tag: 't' });
  const granted = new Set<string>();
  const ops = Array.from({ length: count }, () => {
    const op = mix.next();
    if (op.verb === 'reserve' && !granted.has(op.id)) mix.settled(grantOf(op));
    granted.add(op.id);
    return op;
  });
  return { ops, mix };
}

function grantOf(op: Op): Attempt {
  const bound = { boundOrderId: op.orderId, lines: op.lines, orderId: op.orderId };
  return attempt('reserve', op.id, 0, ['ok', 'RESERVED'], bound);
}

test('a seed repeats the crowd', () => {
  expect(deal(7, 500).ops).toEqual(deal(7, 500).ops);
  expect(deal(7, 500).ops).not.toEqual(deal(8, 500).ops);
});

test('the mix holds everything in about its share', () => {
  const { ops } = deal(1, 10_000);
  const share = (verb: string) => ops.filter((op) => op.verb === verb).length / ops.length;
  expect(share('reserve')).toBeGreaterThan(0.8);
  expect(share('release')).toBeCloseTo(0.1, 1);
  expect(share('confirm')).toBeCloseTo(0.04, 1);
  expect(share('restock')).toBeGreaterThan(0.005);
  expect(ops.some((op) => op.lines.length === 2)).toBe(true);
  expect(ops.some((op) => op.verb === 'restock' && (op.lines[0]?.quantity ?? 0) < 0)).toBe(true);
});

test('a request that comes again keeps its id and lines and proposes another order', () => {
  const { ops } = deal(1, 2_000);
  const first = new Map<string, Op>();
  let again = 0;
  for (const op of ops.filter((one) => one.verb === 'reserve')) {
    const earlier = first.get(op.id);
    if (earlier === undefined) {
      first.set(op.id, op);
      continue;
    }
    again += 1;
    expect(op.lines).toEqual(earlier.lines);
    expect(op.orderId).not.toBe(earlier.orderId);
  }
  expect(again).toBeGreaterThan(100);
});

test('what is held is closed once, under the order that it was granted to', () => {
  const { ops, mix } = deal(1, 2_000);
  const closed = ops.filter((op) => op.verb === 'release' || op.verb === 'confirm');
  const keys = [...closed, ...mix.takeHeld()].map((op) => `${op.id} ${op.orderId}`);
  expect(new Set(keys).size).toBe(keys.length);
  expect(mix.takeHeld()).toEqual([]);
});
