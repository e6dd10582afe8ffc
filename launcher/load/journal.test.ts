import { expect, test } from '@jest/globals';
import { Journal, percentile } from './journal.js';

const LINES = `shelf t-s0 5
call 1000 grpc create ACCEPTED 10 t-r1 900
call 1010 grpc create DUPLICATE 5 t-r1 900
call 1020 grpc create REFUSED:SOLD_OUT 2 t-r2 -
call 1030 grpc create FAILED:code=Unavailable 5000 t-r3 -
Insufficient VUs, reached 30 active VUs
call 1990 http get_stock DONE 20 - -
call 2100 grpc await_paid PAID 3 - 900
call 2200 grpc cancel CANCELLED 3 - 901
shelf t-s0 7
`;

test('a journal is the same however it is cut', () => {
  const whole = new Journal();
  whole.take(LINES);
  const cut = new Journal();
  for (const letter of LINES) cut.take(letter);
  expect(cut).toEqual(whole);
});

test('it knows who was told what', () => {
  const journal = new Journal();
  journal.take(LINES);
  expect(Object.fromEntries(journal.counts)).toEqual({
    ACCEPTED: 1,
    DUPLICATE: 1,
    REFUSED: 1,
    FAILED: 1,
    DONE: 1,
    PAID: 1,
    CANCELLED: 1,
  });
  expect([...journal.told]).toEqual([['t-r1', { orderIds: new Set(['900']), accepted: 1 }]]);
  expect([...journal.open]).toEqual(['t-r3']);
  expect([[...journal.paid], [...journal.cancelled]]).toEqual([['900'], ['901']]);
  expect(journal.shelf.get('t-s0')).toBe(12);
  expect(Object.fromEntries(journal.reasons.REFUSED)).toEqual({ SOLD_OUT: 1 });
  expect(journal.notes).toEqual(['Insufficient VUs, reached 30 active VUs']);
});

test('an answer counts in the second in which it came, and only answers have a time', () => {
  const journal = new Journal();
  journal.take(LINES);
  expect(new Set(journal.seconds.keys())).toEqual(new Set([1, 2, 6]));
  expect([new Journal().secondsLong, journal.secondsLong]).toEqual([0, 6]);
  expect(journal.seconds.get(1)?.createMs).toEqual([10, 5, 2]);
  expect(journal.seconds.get(2)?.counts.get('DONE')).toBe(1);
  expect(journal.seconds.get(6)?.createMs).toEqual([]);
});

test.each([
  [[], 0.99, 0],
  [[7], 0.5, 7],
  [[3, 1, 2, 4], 0.5, 2],
  [[3, 1, 2, 10], 0.99, 10],
  [[3, 1, 2, 10], 1, 10],
])('of %j the share %d lies at %d', (values, share, expected) => {
  expect(percentile(values, share)).toBe(expected);
});
