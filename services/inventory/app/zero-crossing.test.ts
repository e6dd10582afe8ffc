// Promise: units that the gate denies and the arbiter has are for sale again within some 30 ms of a
// refusal; a SKU that is truly sold out costs next to nothing, whatever the number of losers.

import { expect, test } from '@jest/globals';
import { type AuditedStock, type Left, openAudited } from './auditor.fixture.js';

/** What a loser of sku-1 meets, and what has become of it 30 ms later. */
const CASES: Record<
  string,
  { trouble: (stock: AuditedStock) => Promise<unknown>; left: Left; rebased?: true }
> = {
  'units lost between gate and arbiter are back': {
    trouble: async ({ takeAndDie }) => {
      for (const id of ['r1', 'r2', 'r3']) await takeAndDie('sku-1', id);
    },
    left: { gate: 3, book: 3 },
    rebased: true,
  },
  'units that came back, and whose refund was lost, are for sale': {
    trouble: async ({ takeAndDie, buy, restockAndDie }) => {
      for (const id of ['r1', 'r2', 'r3']) await buy('sku-1', id);
      await takeAndDie('sku-1', 'loser');
      await restockAndDie('sku-1', 2);
    },
    left: { gate: 2, book: 2 },
    rebased: true,
  },
  'what is truly sold out stays as it is': {
    trouble: async ({ buy }) => {
      for (const id of ['r1', 'r2', 'r3']) await buy('sku-1', id);
    },
    left: { gate: 0, book: 0 },
  },
  'a gate that lost its memory is loaded by its next request': {
    trouble: async ({ gate }) => {
      gate.forget();
    },
    left: { gate: undefined, book: 3 },
  },
  'a gate that believes in too much is left to the arbiter, who refuses': {
    trouble: ({ restockAndDie }) => restockAndDie('sku-1', -2),
    left: { gate: 3, book: 1 },
  },
};

test.each(Object.entries(CASES))('%s', async (_, { trouble, left, rebased }) => {
  const stock = await openAudited({ 'sku-1': 3 });
  await trouble(stock);
  stock.auditor.soldOut('sku-1');
  await stock.clock.advance(30);
  await stock.clock.advance(1);
  expect(await stock.left('sku-1')).toEqual(left);
  expect(stock.book.rebased).toEqual(rebased ? ['sku-1'] : []);
});

test('a reserve that is refused starts it, and the next one gets the unit', async () => {
  const { buy, clock, takeAndDie } = await openAudited({ 'sku-1': 1 });
  await takeAndDie('sku-1', 'lost');
  expect(await buy('sku-1', 'r1')).toBe('SOLD_OUT');
  await clock.advance(30);
  await clock.advance(1);
  expect(await buy('sku-1', 'r1')).toBe('RESERVED');
});

test('units in flight in this process are waited for, however slow the commit', async () => {
  const { book, buy, clock, left } = await openAudited({ 'sku-1': 2 });
  book.settleMs = 2_000;
  const bought = [buy('sku-1', 'r1'), buy('sku-1', 'r2')];
  for (let ms = 0; ms < 1_900; ms += 10) {
    await buy('sku-1', `loser-${ms}`);
    await clock.advance(10);
  }
  expect(await left('sku-1')).toEqual({ gate: 0, book: 2 });
  expect(book.rebased).toEqual([]);
  await clock.advance(200);
  expect(await Promise.all(bought)).toEqual(['RESERVED', 'RESERVED']);
  await buy('sku-1', 'last');
  await clock.advance(1_000);
  expect(book.rebased).toEqual([]);
});

test('units that another process brings, one by one, are waited for', async () => {
  const { auditor, book, clock, left, ...other } = await openAudited({ 'sku-1': 5 });
  await other.restockAndDie('sku-1', 20);
  auditor.soldOut('sku-1');
  for (let i = 0; i < 5; i++) {
    await other.takeAndDie('sku-1', `r${i}`);
    await clock.advance(20);
  }
  expect(book.rebased).toEqual([]);
  // Then they stand still.
  await clock.advance(50);
  await clock.advance(1);
  expect(await left('sku-1')).toEqual({ gate: 25, book: 25 });
});

test('a sold-out SKU with 10,000 losers a second is looked at twice a second', async () => {
  const { auditor, book, buy, clock } = await openAudited({ 'sku-1': 1 });
  await buy('sku-1', 'r1');
  for (let ms = 0; ms < 3_000; ms++) {
    for (let i = 0; i < 10; i++) auditor.soldOut('sku-1');
    await clock.advance(1);
  }
  expect(book.read.length).toBeLessThanOrEqual(6);
  expect(book.rebased).toEqual([]);
});

test('a SKU that always moves is looked at 8 times, then left for a quarter of a second', async () => {
  const { auditor, book, clock, restockAndDie, takeAndDie } = await openAudited({ 'sku-1': 900 });
  await restockAndDie('sku-1', 100);
  for (let ms = 0; ms < 840; ms += 5) {
    await takeAndDie('sku-1', `r${ms}`);
    auditor.soldOut('sku-1');
    await clock.advance(5);
  }
  // Twice: 8 looks in 175 ms, and 250 ms of rest.
  expect(book.read).toHaveLength(16);
  expect(book.rebased).toEqual([]);
});

test('many sold-out SKUs share their reads', async () => {
  const skuIds = [...Array(1_200).keys()].map((i) => `sku-${i}`);
  const { auditor, book, clock } = await openAudited(Object.fromEntries(skuIds.map((s) => [s, 0])));
  for (const skuId of skuIds) auditor.soldOut(skuId);
  await clock.advance(200);
  expect(book.read).toEqual([500, 500, 200]);
});

test('a MySQL that is away is asked once a second, and the repair comes after it', async () => {
  const { auditor, book, clock, left, takeAndDie } = await openAudited({ 'sku-1': 1 });
  await takeAndDie('sku-1', 'lost');
  book.broken = true;
  for (let ms = 0; ms < 500; ms++) {
    auditor.soldOut('sku-1');
    await clock.advance(1);
  }
  expect(book.read).toEqual([1]);
  book.broken = false;
  await clock.advance(600);
  auditor.soldOut('sku-1');
  await clock.advance(30);
  await clock.advance(1);
  expect(await left('sku-1')).toEqual({ gate: 1, book: 1 });
});

test('after a stop nothing is looked at', async () => {
  const { auditor, book, clock, takeAndDie } = await openAudited({ 'sku-1': 1 });
  await takeAndDie('sku-1', 'lost');
  auditor.soldOut('sku-1');
  await clock.advance(10);
  await auditor.stop();
  auditor.soldOut('sku-1');
  await clock.advance(1_000);
  expect(book.read).toEqual([1]);
  expect(book.rebased).toEqual([]);
});
