import { expect, test } from '@jest/globals';
import type { EndState, Evidence, Rest } from '../evidence.js';
import type { Attempt } from '../history.js';
import { checkAll } from './check-all.js';
import { attempt, entry, HOLD_MS, keptPromises, row, SKU, stockRow } from './evidence.fixture.js';

test('nothing is found in a run that kept every promise', () => {
  expect(checkAll(keptPromises())).toEqual([]);
});

const told = (...attempts: Attempt[]) => {
  return (run: Evidence): Evidence => ({ ...run, attempts: [...run.attempts, ...attempts] });
};
const ended = (end: (end: EndState) => Partial<EndState>) => {
  return (run: Evidence): Evidence => ({ ...run, end: { ...run.end, ...end(run.end) } });
};
const rested = (rest: Partial<Rest>) => {
  return (run: Evidence): Evidence => ({ ...run, rest: { ...run.rest, ...rest } });
};
/** `id` in the rows as described, and one grant more in the ledger. */
const stored = (id: string, state: 'RESERVED' | 'CONFIRMED' | 'RELEASED', orderId = `o-${id}`) =>
  ended(({ reservations, ledger }) => ({
    reservations: [...reservations, row(id, { state, orderId, epoch: 2 })],
    ledger: [
      ...ledger,
      entry(8, 'RESERVE', id),
      ...(state === 'RESERVED'
        ? []
        : [entry(9, state === 'CONFIRMED' ? 'CONFIRM' : 'RELEASE', id)]),
    ],
  }));
const withoutRow = (id: string) =>
  ended((end) => ({
    reservations: end.reservations.filter((one) => one.id !== id),
    ledger: end.ledger.filter((one) => one.causeId !== id),
  }));
const changedRow = (id: string, change: Parameters<typeof row>[1]) =>
  ended(({ reservations }) => ({
    reservations: reservations.map((one) => (one.id === id ? { ...one, ...change } : one)),
  }));
const both =
  (...changes: ((run: Evidence) => Evidence)[]) =>
  (run: Evidence): Evidence =>
    changes.reduce((changed, change) => change(changed), run);

const SOLD_OUT = ['fail', 'SOLD_OUT'] as const;
const refused = (id: string, startMs: number) => attempt('reserve', id, startMs, [...SOLD_OUT]);
const granted = (id: string, startMs: number, more: Partial<Attempt> = {}) =>
  attempt('reserve', id, startMs, ['ok', 'RESERVED'], more);
const open = (id: string, startMs: number, more: Partial<Attempt> = {}) =>
  attempt('reserve', id, startMs, ['info', 'DEADLINE_EXCEEDED'], more);

test.each<[string, string, (run: Evidence) => Evidence]>([
  [
    'I1',
    'a row below zero in a sample',
    (run) => ({
      ...run,
      samples: [{ atMs: 9, skuId: SKU, available: -1, reserved: 2, sold: 1, total: 2, epoch: 1 }],
    }),
  ],
  [
    'I1',
    'a third grant while two are certainly held, though every row is in order',
    both(told(granted('e', 160)), stored('e', 'RELEASED')),
  ],
  ['I2', 'a grant without a row', withoutRow('b')],
  ['I2', 'a grant under another order', changedRow('b', { orderId: 'o-x' })],
  ['I2', 'a grant of another size', changedRow('b', { quantity: 2 })],
  ['I2', 'a confirmed grant that was released', changedRow('a', { state: 'RELEASED' })],
  [
    'I2',
    'a confirm that did not find the grant',
    told(attempt('confirm', 'd', 700, ['fail', 'RESERVATION_UNKNOWN'])),
  ],
  ['I3', 'a lost unit', ended(() => ({ stocks: [stockRow({ available: 0 })] }))],
  ['I3', 'a stock row that is gone', ended(() => ({ stocks: [] }))],
  ['I3', 'an acknowledged restock that is gone', ended(() => ({ restocks: [] }))],
  [
    'I3',
    'a refused restock that was made',
    both(
      told(attempt('restock', 'less', 700, ['fail', 'STOCK_TOO_LOW'])),
      ended(({ restocks }) => ({
        restocks: [...restocks, { id: 'less', skuId: SKU, delta: 1 }],
      })),
    ),
  ],
  ['I3', 'units that are held for nobody', rested({ leaked: [`1 units of ${SKU}`] })],
  ['I3', 'a Redis that disagrees for good', rested({ drifted: [`${SKU}: Redis has 2`] })],
  ['I4', 'a replay with another order', told(granted('d', 700, { boundOrderId: 'o-y' }))],
  ['I4', 'a grant that is new twice', told(granted('d', 700))],
  ['I4', 'a replay that is sold out', told(refused('d', 700))],
  [
    'I4',
    'a replay that is closed before its hold ends',
    told(attempt('reserve', 'd', 700, ['fail', 'CLOSED'])),
  ],
  [
    'I4',
    'rows of two orders under one id',
    ended(({ reservations }) => ({
      reservations: [...reservations, row('b', { skuId: 'sku-2', orderId: 'o-x' })],
    })),
  ],
  ['I5', 'a row that skipped a step', changedRow('b', { state: 'RESERVED' })],
  [
    'I5',
    'units that were released twice',
    ended(({ ledger }) => ({ ledger: [...ledger, entry(8, 'RELEASE', 'b')] })),
  ],
  [
    'I5',
    'a history without a row',
    ended(({ reservations }) => ({
      reservations: reservations.filter((one) => one.id !== 'd'),
    })),
  ],
  ['I9', 'a refused request that is live', stored('c', 'CONFIRMED')],
  ['I9', 'a refused request for which units moved', stored('c', 'RELEASED')],
  [
    'I9',
    'one that is live, after an attempt that nobody answered',
    both(told(open('f', 700), refused('f', 800)), stored('f', 'RESERVED')),
  ],
  ['I10', 'a call that settles late', told(open('f', 700, { endMs: 3_300 }))],
  [
    'I10',
    'a call that never settles',
    told(open('f', 700, { type: 'invoke', endMs: Number.POSITIVE_INFINITY })),
  ],
  [
    'I10',
    'an error that is a bug',
    told(attempt('reserve', 'f', 700, ['info', 'BUG INTERNAL internal error'])),
  ],
  ['I10', 'an operation that stays open', rested({ unsettled: 1 })],
  ['I10', 'a SKU that does not sell again', rested({ probeMs: new Map([[SKU, 5_001]]) })],
  ['I11', 'a grant under an epoch that has passed', changedRow('b', { epoch: 3 })],
  ['I12', 'a SKU with units that says sold out', rested({ sellableMs: new Map([[SKU, 1_001]]) })],
])('%s catches %s', (invariant, _, plant) => {
  const found = checkAll(plant(keptPromises()));
  expect(found.map((one) => one.invariant)).toContain(invariant);
});

test.each<[string, (run: Evidence) => Evidence]>([
  [
    'a unit that is sold again after its hold may have ended',
    both(told(granted('e', 500 + HOLD_MS)), stored('e', 'RELEASED')),
  ],
  [
    'a retry that is closed after its hold may have ended',
    told(attempt('reserve', 'd', 400 + HOLD_MS, ['fail', 'CLOSED'])),
  ],
  [
    'a refusal that overlaps an attempt without an answer, which then took a unit',
    both(told(open('f', 700, { endMs: 900 }), refused('f', 800)), stored('f', 'RELEASED')),
  ],
  [
    'an attempt without an answer that takes a unit after all, until its hold ends',
    both(told(open('f', 700), refused('f', 800)), stored('f', 'RELEASED')),
  ],
  [
    'a copy that was refused while the first one was on its way to a grant',
    told(attempt('reserve', 'd', 505, [...SOLD_OUT], { endMs: 507 })),
  ],
  [
    'a restock without an answer that was made, or not',
    told(attempt('restock', 'more', 700, ['info', 'UNAVAILABLE'])),
  ],
  [
    'a tombstone',
    ended(({ reservations }) => ({
      reservations: [...reservations, row('c', { skuId: '', quantity: 0 })],
    })),
  ],
])('no promise is broken by %s', (_, happen) => {
  expect(checkAll(happen(keptPromises()))).toEqual([]);
});
