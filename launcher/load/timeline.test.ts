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
  const timeline = timelineOf(journal, [
    { atMs: 9_900, available: 2, commits: 100, scripts: 50 },
    { atMs: 10_900, available: 0, commits: 104, scripts: 51 },
    { atMs: 11_900, available: undefined, commits: undefined, scripts: undefined },
    { atMs: 12_900, available: 0, commits: 104, scripts: 53 },
  ]);
  expect(timeline.at).toEqual([0, 1, 2]);
  expect(timeline.outcomes.ACCEPTED).toEqual([2, 0, 0]);
  expect(timeline.outcomes.REFUSED).toEqual([0, 0, 1]);
  expect([timeline.p50, timeline.p99]).toEqual([
    [10, null, 2],
    [30, null, 2],
  ]);
  expect(timeline.stock).toEqual({ at: [0.9, 1.9, 2.9], available: [0, null, 0] });
  expect(timeline.ordersPerCommit).toEqual([0.5, null, null]);
  expect(timeline.callsPerScript).toEqual([2, null, null]);
});

test('a run without any call has no time', () => {
  expect(timelineOf(new Journal(), []).at).toEqual([]);
});
