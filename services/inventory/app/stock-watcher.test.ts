// Promise: a caller never hears an older sight after a newer one, nor one from before its stream was
// opened; and a notice that cannot be repeated is taken back.

import { expect, test } from '@jest/globals';
import { ManualClock } from '../../platform/clock.js';
import { KnownIds } from '../../platform/known-ids.js';
import { type StockUpdate, StockWatcher } from './stock-watcher.js';

const filter = { ids: KnownIds.sizedFor(9), version: 7 };

test('a sold-out sight whose filter took long does not follow the sight of units', async () => {
  const { heard, offer } = await open();
  await offer({ available: 0, version: 7, readMs: 1_000, filter });
  await offer({ available: 1, version: 8, readMs: 1_500 });
  await offer({ available: 0, version: 7, readMs: 1_400, filter });
  expect(heard.map(({ row }) => row.available)).toEqual([0, 1]);
});

test('what was read before the stream was opened is not told', async () => {
  const { heard, offer } = await open();
  await offer({ available: 0, version: 7, readMs: 999, filter });
  expect(heard).toEqual([]);
  await offer({ available: 0, version: 7, readMs: 1_000.9, filter });
  // In whole milliseconds, older rather than younger.
  expect(heard.map(({ notice }) => notice?.readAfterOpenMs)).toEqual([0]);
});

test('a notice without a filter any more is taken back, once, though the stock is the same', async () => {
  const { heard, offer } = await open();
  await offer({ available: 0, version: 7, readMs: 1_000, filter });
  for (const readMs of [1_400, 1_800]) await offer({ available: 0, version: 7, readMs });
  expect(heard.map(({ notice }) => notice !== undefined)).toEqual([true, false]);
});

async function open() {
  const clock = new ManualClock();
  await clock.advance(1_000);
  const watcher = new StockWatcher({ skuIds: ['hat'], clock });
  const heard: StockUpdate[] = [];
  void (async () => {
    for await (const update of watcher.updates(new AbortController().signal)) heard.push(update);
  })();
  const offer = async (o: {
    available: number;
    version: number;
    readMs: number;
    filter?: typeof filter;
  }) => {
    const { available, version, readMs } = o;
    const row = { partition: 0, skuId: 'hat', epoch: 1, version, available };
    const counts = { reserved: 0, sold: 0, total: 1 };
    watcher.offer({ row: { ...row, ...counts }, readMs, atMs: 0, filter: o.filter });
    await clock.advance(0);
  };
  return { heard, offer };
}
