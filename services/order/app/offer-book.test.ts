// Promise: a price is at most a second old, and a busy offer is read about twice a second.
// Method: a store that counts its reads, and a clock that is moved by hand.

import { beforeEach, describe, expect, test } from '@jest/globals';
import { ManualClock } from '../../platform/clock.js';
import type { Offer } from '../domain/offer.js';
import { OfferBook } from './offer-book.js';

let clock: ManualClock;
let prices: Map<string, bigint>;
let reads: string[][];
/** Reads wait for it. */
let gate: Promise<void>;
let failing: boolean;
let book: OfferBook;

function offer(skuId: string): Offer | undefined {
  const unitPriceMinor = prices.get(skuId);
  if (unitPriceMinor === undefined) return undefined;
  const window = { opensMs: undefined, closesMs: undefined };
  return {
    skuId,
    title: skuId,
    currency: 'EUR',
    unitPriceMinor,
    userLimit: 0,
    ...window,
    attributes: {},
    presale: undefined,
    version: 1,
    snapshotHash: '',
  };
}

beforeEach(() => {
  clock = new ManualClock();
  prices = new Map([
    ['tea', 1n],
    ['cup', 2n],
  ]);
  reads = [];
  gate = Promise.resolve();
  failing = false;
  const store = {
    async read(skuIds: readonly string[]) {
      reads.push([...skuIds]);
      const answer = skuIds.map(offer);
      await gate;
      if (failing) throw new Error('down');
      return answer;
    },
    put: () => Promise.reject(new Error('not here')),
  };
  const bounds = { batchMax: 10, queueMax: 100, concurrency: 2 };
  book = new OfferBook({ store, clock, limits: { ageMsMax: 1_000, entriesMax: 3, ...bounds } });
});

async function price(...skuIds: string[]): Promise<(bigint | undefined)[]> {
  const lines = skuIds.map((skuId) => ({ skuId }));
  const found = await book.find(lines, clock.nowMs() + 5_000);
  return found.map((each) => each?.unitPriceMinor);
}

const settle = () => clock.advance(0);

describe('the offer book', () => {
  test('reads each SKU once, many at a time, also those without an offer', async () => {
    const answers = await Promise.all([price('tea', 'ghost'), price('cup', 'tea'), price('tea')]);
    expect(answers).toEqual([[1n, undefined], [2n, 1n], [1n]]);
    expect(await price('ghost', 'tea')).toEqual([undefined, 1n]);
    expect(reads).toEqual([['tea', 'ghost', 'cup']]);
  });

  test('a change is seen after a second at the latest, without anybody waiting', async () => {
    await price('tea');
    prices.set('tea', 9n);
    await clock.advance(499);
    expect(await price('tea')).toEqual([1n]);
    expect(reads).toHaveLength(1);
    await clock.advance(1);
    expect(await price('tea')).toEqual([1n]); // half its age: read again in the background
    await settle();
    expect(await price('tea')).toEqual([9n]);
    expect(reads).toHaveLength(2);
  });

  test('an entry that nobody used for a second is not used any more', async () => {
    await price('tea');
    prices.set('tea', 9n);
    await clock.advance(1_000);
    expect(await price('tea')).toEqual([9n]);
  });

  test('a forgotten entry is read anew, and a read that was under way is not put back', async () => {
    let open = () => {};
    gate = new Promise((resolve) => {
      open = resolve;
    });
    const before = price('tea');
    await settle();
    prices.set('tea', 9n);
    book.forget('tea');
    open();
    expect(await before).toEqual([1n]);
    expect(await price('tea')).toEqual([9n]);
  });

  test('a failed refresh shows only when the entry has run out', async () => {
    await price('tea');
    failing = true;
    await clock.advance(600);
    expect(await price('tea')).toEqual([1n]);
    await clock.advance(400);
    await expect(price('tea')).rejects.toThrow('down');
    failing = false;
    expect(await price('tea')).toEqual([1n]);
  });

  test('keeps a bounded number of entries', async () => {
    await price('tea', 'a', 'b', 'c');
    expect(reads).toHaveLength(1);
    await price('a', 'b', 'c');
    expect(reads).toHaveLength(1);
    await price('tea');
    expect(reads).toHaveLength(2);
  });
});
