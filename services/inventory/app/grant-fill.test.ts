// Promise: the gate's list of grants is called complete exactly when it is, whatever fails or overtakes
// the fill, and a list that nobody completes is begun anew.

import { expect, test } from '@jest/globals';
import { ManualClock } from '../../platform/clock.js';
import { createLog } from '../../platform/log.js';
import { split } from '../domain/split.js';
import { MemoryGate } from '../infra/memory/memory-gate.js';
import { MemoryStockBook } from '../infra/memory/memory-stock-book.js';
import { GRANTS_MAX, GrantFill } from './grant-fill.js';
import type { Recollection, SkuLoad } from './ports.js';

const SKU = 'sku-1';
const SOLD = 7;
const ENTRIES_PER_PAGE = 3;
const log = createLog({ service: 'test', level: 'silent' });

test('pages are filled newest first; only with the last one is the list complete', async () => {
  const { fill, load, told, ask, clock } = await open();
  expect(await ask('stranger')).toMatchObject({ outcome: 'SOLD_OUT', listed: false });
  fill.start(load);
  await clock.advance(0);
  // Entries 8 7 6 came with the load; 1 is the restock.
  expect(told.map((page) => page.grants.map((grant) => grant.orderId))).toEqual([
    ['o2', 'o3', 'o4'],
    ['o1'],
  ]);
  expect(told.map((page) => page.last)).toEqual([false, true]);
  expect(await ask('stranger')).toMatchObject({ outcome: 'SOLD_OUT', listed: true });
  expect(await ask('r1')).toMatchObject({ outcome: 'DUPLICATE', orderId: 'o1' });
});

test('a load made elsewhere ends the fill, and its list is not called complete', async () => {
  const { fill, load, gate, book, told, ask, clock } = await open();
  const [newer] = await book.rebase([SKU]);
  await gate.install([newer as SkuLoad]);
  fill.start(load);
  await clock.advance(0);
  expect(told).toHaveLength(1);
  expect(await ask('stranger')).toMatchObject({ outcome: 'SOLD_OUT', listed: false });
});

test('a newer load of our own takes over', async () => {
  const { fill, load, gate, book, told, ask, clock } = await open();
  const [newer] = await book.rebase([SKU]);
  await gate.install([newer as SkuLoad]);
  fill.start(load);
  fill.start(newer as SkuLoad);
  await clock.advance(0);
  expect(new Set(told.map((page) => page.epoch))).toEqual(new Set([newer?.epoch]));
  expect(await ask('stranger')).toMatchObject({ outcome: 'SOLD_OUT', listed: true });
});

test.each(['book', 'gate'] as const)('a %s that fails for a while is asked again', async (who) => {
  const { fill, load, fail, ask, clock } = await open();
  fail(who, 5);
  fill.start(load);
  await clock.advance(10_000);
  expect(await ask('stranger')).toMatchObject({ outcome: 'SOLD_OUT', listed: true });
});

test.each(['book', 'gate'] as const)('a %s that keeps failing leaves it unlisted', async (who) => {
  const { fill, load, fail, ask, clock } = await open();
  fail(who, Number.POSITIVE_INFINITY);
  fill.start(load);
  await clock.advance(60_000);
  expect(await ask('stranger')).toMatchObject({ outcome: 'SOLD_OUT', listed: false });
});

test('a list that nobody completes is begun anew, ever more rarely while it is in vain', async () => {
  const { fill, reloads, clock } = await open();
  const at: number[] = [];
  for (let second = 0; second < 300; second++) {
    const before = reloads.length;
    fill.unlisted(SKU);
    if (reloads.length > before) at.push(second);
    await clock.advance(1_000);
  }
  expect(at).toEqual([60, 180]);
});

test('while it is being filled here, nobody begins anew', async () => {
  const { fill, load, fail, reloads, clock } = await open();
  fail('book', Number.POSITIVE_INFINITY);
  fill.start(load);
  await clock.advance(0);
  // The fill tries for some seconds, far from the patience that others have with it.
  fill.unlisted(SKU);
  await clock.advance(29_000);
  fill.unlisted(SKU);
  expect(reloads).toEqual([]);
});

test('more grants than Redis shall keep are not listed', async () => {
  const { fill, load, told, gate, book, clock } = await open();
  const page = new Array(GRANTS_MAX / 2).fill({ reservationId: 'r', orderId: 'o' });
  let next = 9;
  book.grantsPage = () => Promise.resolve({ grants: page, nextEntry: next-- });
  gate.remember = (recollection) => {
    told.push(recollection);
    return Promise.resolve('REMEMBERED');
  };
  fill.start(load);
  await clock.advance(0);
  expect(told.map((one) => one.last)).toEqual([false, false]);
});

test('a process that stops ends its fill after the present page', async () => {
  const { fill, load, told, clock } = await open();
  fill.start(load);
  const stopped = fill.stop();
  await clock.advance(0);
  await stopped;
  expect(told).toEqual([]);
});

/** A sold-out SKU, loaded with the newest page of its seven grants. */
async function open() {
  const clock = new ManualClock();
  const gate = new MemoryGate();
  const nowMs = () => clock.nowMs();
  const book = new MemoryStockBook({ holdMs: 60_000, nowMs, pageEntriesMax: ENTRIES_PER_PAGE });
  const partOf = (reservationId: string, orderId: string) => {
    const lines = [{ skuId: SKU, quantity: 1, userLimit: 0 }];
    return split({ reservationId, orderId, userId: 'ann', lines });
  };
  await book.restock({ requestId: 'r', skuId: SKU, delta: SOLD, reason: '' });
  for (let i = 1; i <= SOLD; i++) {
    const [part] = partOf(`r${i}`, `o${i}`);
    if (part) await book.settle([{ ...part, epochs: [1], fresh: [true] }]);
  }
  const [load] = (await book.rebase([SKU])) as [SkuLoad];
  await gate.install([load]);

  const told: Recollection[] = [];
  const failures = { book: 0, gate: 0 };
  const grantsPage = book.grantsPage.bind(book);
  const remember = gate.remember.bind(gate);
  book.grantsPage = async (...page) => {
    if (failures.book-- > 0) throw new Error('the book is away');
    return grantsPage(...page);
  };
  gate.remember = async (recollection) => {
    if (failures.gate-- > 0) return 'UNKNOWN';
    told.push(recollection);
    return remember(recollection);
  };
  const reloads: string[] = [];
  const reload = (skuId: string) => void reloads.push(skuId);
  return {
    clock,
    gate,
    book,
    load,
    told,
    reloads,
    fill: new GrantFill({ gate, book, clock, log, reload }),
    fail: (who: 'book' | 'gate', times: number) => {
      failures[who] = times;
    },
    ask: async (reservationId: string) => (await gate.reserve(partOf(reservationId, 'x')))[0],
  };
}
