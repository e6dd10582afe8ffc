// Promise: what losers want is followed, at most so many SKUs at once, and no longer than they come; and
// a request that inventory may have granted is not refused here.

import { expect, test } from '@jest/globals';
import { ManualClock } from '../../platform/clock.js';
import { KnownIds } from '../../platform/known-ids.js';
import type { ReserveRequest, ReserveResult, SoldOutSight } from './ports.js';
import { SoldOutWatch } from './sold-out-watch.js';

const limits = {
  streamsMax: 100,
  idleMsMax: 10_000,
  silentMsMax: 3_000,
  coldMsMin: 1_000,
  sweepIntervalMs: 500,
  reopenMsMin: 100,
  reopenMsMax: 10_000,
  restingMax: 1_000,
};
const soldOut = (skuId: string): ReserveResult => ({ outcome: 'SOLD_OUT', skuId, available: 0n });

test('the second loser is refused here, and the winner is asked about', async () => {
  const { lose, notice, refused } = open();
  expect(refused('loser', 'hat')).toBe(false);
  await lose('hat');
  expect(refused('loser', 'hat')).toBe(false);
  await notice('hat', ['winner']);
  expect(refused('loser', 'hat')).toBe(true);
  expect(refused('winner', 'hat')).toBe(false);
  expect(refused('loser', 'cup')).toBe(false);
});

test.each<[string, ReserveResult]>([
  ['some are left', { outcome: 'SOLD_OUT', skuId: 'hat', available: 1n }],
  ['the limit is reached', { outcome: 'USER_LIMIT', skuId: 'hat' }],
  ['nobody knows', { outcome: 'UNKNOWN' }],
])('no SKU is followed when %s', async (_, result) => {
  const { answer, streams } = open();
  await answer('loser', 'hat', result);
  expect(streams.size).toBe(0);
});

test('a SKU is followed once, however many lose', async () => {
  const { lose, watch } = open();
  for (let i = 0; i < 50; i++) await lose('hat');
  expect(watch.stats.streams).toBe(1);
});

test('a hundred SKUs are followed; a further one takes the place of one without losers', async () => {
  const { lose, streams, clock } = open();
  for (let i = 0; i < 100; i++) await lose(`sku-${i}`);
  await lose('new');
  expect(streams.size).toBe(100);
  await clock.advance(1_000);
  for (let i = 1; i < 100; i++) await lose(`sku-${i}`);
  await lose('new');
  await clock.advance(0);
  expect([streams.size, streams.has('sku-0')]).toEqual([99, false]);
  await lose('new');
  expect([streams.size, streams.has('new')]).toEqual([100, true]);
});

test('a SKU that nobody wants any more is left', async () => {
  const { lose, notice, refused, streams, clock } = open();
  await lose('hat');
  const hearFor = async (ms: number) => {
    for (let i = 0; i < ms / 400; i++) {
      await notice('hat', []);
      await clock.advance(400);
    }
  };
  await hearFor(9_600);
  expect(refused('loser', 'hat')).toBe(true);
  await hearFor(9_600);
  expect(streams.has('hat')).toBe(true);
  await hearFor(1_200);
  expect(streams.has('hat')).toBe(false);
  expect(refused('loser', 'hat')).toBe(false);
});

test('a stream without notices is given up, and tried again ever more rarely', async () => {
  const { lose, watch, clock } = open();
  const opened: number[] = [];
  for (let ms = 0; ms < 60_000; ms += 100) {
    await lose('hat');
    if (opened.length < watch.stats.streams) opened.push(ms);
    await clock.advance(100);
  }
  const waits = opened.slice(1).map((ms, i) => ms - (opened[i] ?? 0));
  expect(Math.min(...waits)).toBeGreaterThanOrEqual(3_000);
  expect(waits).toEqual([...waits].sort((a, b) => a - b));
  expect(waits.at(-1)).toBeGreaterThan(8_000);
});

test('a stream that breaks takes its notice along, and the next loser begins anew', async () => {
  const { lose, notice, refused, streams, clock, watch } = open();
  await lose('hat');
  await notice('hat', ['winner']);
  streams.get('hat')?.break();
  await clock.advance(0);
  expect(refused('loser', 'hat')).toBe(false);
  await lose('hat');
  expect(streams.has('hat')).toBe(false);
  await clock.advance(100);
  await lose('hat');
  await notice('hat', ['winner']);
  expect(refused('loser', 'hat')).toBe(true);
  expect(watch.stats).toEqual({ refused: 1, notices: 2, streams: 2, broken: 1 });
});

test('a stream that ends is followed by the next without a gap', async () => {
  const { lose, notice, refused, streams, clock } = open();
  await lose('hat');
  await clock.advance(500);
  await notice('hat', ['winner']);
  streams.get('hat')?.end();
  await clock.advance(0);
  expect(refused('loser', 'hat')).toBe(true);
  await notice('hat', ['winner']);
  await clock.advance(999);
  expect(refused('loser', 'hat')).toBe(true);
});

test('a stream that ends at once is not opened again and again', async () => {
  const { lose, streams, clock, opened } = open();
  await lose('hat');
  for (let i = 0; i < 20; i++) {
    streams.get('hat')?.end();
    await clock.advance(1);
  }
  expect(opened).toEqual(['hat']);
});

test('a request that is being asked about, or was not answered, is not refused', async () => {
  const { lose, notice, refused, watch, answer } = open();
  await lose('hat');
  let reply: (result: ReserveResult) => void = () => {};
  const send = () =>
    new Promise<ReserveResult>((resolve) => {
      reply = resolve;
    });
  const first = watch.ask(request('racer', 'hat'), send);
  await notice('hat', ['winner']);
  expect([refused('racer', 'hat'), refused('loser', 'hat')]).toEqual([false, true]);
  reply({ outcome: 'UNKNOWN' });
  await first;
  expect(refused('racer', 'hat')).toBe(false);
  await answer('racer', 'hat', soldOut('hat'));
  expect(refused('racer', 'hat')).toBe(true);
  const lost = watch.ask(request('other', 'hat'), () => Promise.reject(new Error('lost')));
  await expect(lost).rejects.toThrow('lost');
  expect(refused('other', 'hat')).toBe(false);
});

test('stop leaves every stream', async () => {
  const { lose, streams, watch } = open();
  await lose('hat');
  await lose('bag');
  await watch.stop();
  expect(streams.size).toBe(0);
  await lose('cup');
  expect(streams.size).toBe(0);
});

interface Stream {
  tell(sight: SoldOutSight): void;
  end(): void;
  break(): void;
}

/** A watch over streams that a test holds in its hands. */
function open() {
  const clock = new ManualClock();
  const streams = new Map<string, Stream>();
  const opened: string[] = [];
  async function* follow(skuId: string, signal: AbortSignal): AsyncGenerator<SoldOutSight> {
    const waiting: (SoldOutSight | 'END' | Error)[] = [];
    let wake = () => {};
    const put = (next: SoldOutSight | 'END' | Error) => {
      waiting.push(next);
      wake();
    };
    const stream = { tell: put, end: () => put('END'), break: () => put(new Error('broken')) };
    signal.addEventListener('abort', () => put(new Error('aborted')));
    streams.set(skuId, stream);
    opened.push(skuId);
    try {
      for (;;) {
        const next = waiting.shift();
        if (next === undefined)
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        else if (next === 'END') return;
        else if (next instanceof Error) throw next;
        else yield next;
      }
    } finally {
      if (streams.get(skuId) === stream) streams.delete(skuId);
    }
  }
  const watch = new SoldOutWatch({ source: { follow }, clock, limits });
  const answer = async (id: string, skuId: string, result: ReserveResult) => {
    await watch.ask(request(id, skuId), () => Promise.resolve(result));
    await clock.advance(0);
  };
  return {
    clock,
    watch,
    streams,
    opened,
    answer,
    lose: (skuId: string) => answer('someone', skuId, soldOut(skuId)),
    notice: async (skuId: string, ids: readonly string[]) => {
      const granted = KnownIds.sizedFor(1_000);
      for (const id of ids) granted.add(id);
      streams.get(skuId)?.tell({ readMs: clock.monotonicMs(), granted });
      await clock.advance(0);
    },
    refused: (id: string, skuId: string) => watch.refuses(id, [{ skuId }]) === skuId,
  };
}

function request(reservationId: string, skuId: string): ReserveRequest {
  const lines = [{ skuId, quantity: 1, userLimit: 0 }];
  return { reservationId, orderId: 1n, userId: 'ada', lines };
}
