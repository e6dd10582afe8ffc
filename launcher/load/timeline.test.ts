import { expect, test } from '@jest/globals';
import { Journal } from './journal.js';
import { timelineOf } from './timeline.js';

test('answers, times, units and batch sizes by second', () => {
  const journal = new Journal();
  journal.take(
    [
      'call 10100 grpc create ACCEPTED 10 r1 1',
      'call 10200 grpc create ACCEPTED 30 r2 2',
      'call 12100 grpc create REFUSED:SOLD_OUT 2 r3 -',
      '',
    ].join('\n'),
  );
  const batchers = (items: number, batches: number) => new Map([['settle', { items, batches }]]);
  const timeline = timelineOf(journal, {
    stock: [
      { atMs: 9_900, available: 2 },
      { atMs: 10_900, available: 0 },
      { atMs: 12_900, available: 0 },
    ],
    batches: [
      { atMs: 10_000, batchers: batchers(100, 50) },
      { atMs: 11_000, batchers: batchers(110, 52) },
      { atMs: 12_000, batchers: batchers(110, 52) },
    ],
  });
  expect(timeline.at).toEqual([0, 1, 2]);
  expect(timeline.outcomes.ACCEPTED).toEqual([2, 0, 0]);
  expect(timeline.outcomes.REFUSED).toEqual([0, 0, 1]);
  expect([timeline.p50, timeline.p99]).toEqual([
    [10, null, 2],
    [30, null, 2],
  ]);
  expect(timeline.stock).toEqual({ at: [0.9, 2.9], available: [0, 0] });
  expect(timeline.batches).toEqual({ at: [1, 2], sizes: { settle: [5, null] } });
});

test('a run without any call has no time', () => {
  expect(timelineOf(new Journal(), { stock: [], batches: [] }).at).toEqual([]);
});
