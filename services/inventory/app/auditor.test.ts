// Promise: a difference between gate and arbiter that nobody is working on is repaired, whoever left it,
// within a few looks; one that still moves is left alone; and a look costs no more than its bounds.

import { expect, test } from '@jest/globals';
import { createLog } from '../../platform/log.js';
import { partitionOf } from '../domain/split.js';
import { openAudited } from './auditor.fixture.js';
import type { GateLevel } from './ports.js';

test('units that this process lost on the way come back at the second look', async () => {
  const { book, buy, takeAndDie, left, look } = await openAudited({ 'sku-1': 5 });
  await buy('sku-1', 'r1');
  await takeAndDie('sku-1', 'lost');
  await look();
  expect(await left('sku-1')).toEqual({ gate: 3, book: 4 });
  await look();
  expect(await left('sku-1')).toEqual({ gate: 4, book: 4 });
  expect(book.rebased).toEqual(['sku-1']);
});

test('units that the gate may have taken, without an answer, come back too', async () => {
  const { auditor, takeAndDie, left, look } = await openAudited({ 'sku-1': 5 });
  await takeAndDie('sku-1', 'lost');
  const lines = [{ skuId: 'sku-1', quantity: 1, userLimit: 0 }];
  const ids = { reservationId: 'lost', orderId: 'lost', userId: 'ann', fingerprint: '' };
  auditor.unsure({ partition: 0, ...ids, lines });
  for (let i = 0; i < 2; i++) await look();
  expect(await left('sku-1')).toEqual({ gate: 5, book: 5 });
});

test('a difference that moves between two looks has somebody working on it', async () => {
  const { auditor, book, buy, takeAndDie, look } = await openAudited({ 'sku-1': 9 });
  await buy('sku-1', 'r0');
  for (const id of ['r1', 'r2', 'r3', 'r4']) {
    await takeAndDie('sku-1', id);
    await look();
  }
  expect(book.rebased).toEqual([]);
  // It stands still: seen like this the second time.
  await look();
  expect(book.rebased).toEqual(['sku-1']);
  await auditor.stop();
});

test('looks that follow each other at once are one sight', async () => {
  const { auditor, book, buy, clock, takeAndDie } = await openAudited({ 'sku-1': 5 });
  await buy('sku-1', 'r1');
  await takeAndDie('sku-1', 'lost');
  for (let i = 0; i < 5; i++) await auditor.look();
  await clock.advance(1);
  expect(book.rebased).toEqual([]);
});

test('units that this process still brings to the arbiter are in flight, however long', async () => {
  const { book, buy, clock, left, look } = await openAudited({ 'sku-1': 6 });
  await buy('sku-1', 'r0');
  book.settleMs = 4_500;
  const bought = buy('sku-1', 'r1');
  for (let i = 0; i < 4; i++) await look();
  expect(await left('sku-1')).toEqual({ gate: 4, book: 5 });
  await clock.advance(1_000);
  expect(await bought).toBe('RESERVED');
  for (let i = 0; i < 3; i++) await look();
  expect(book.rebased).toEqual([]);
});

test('payments that come in do not hide a drift', async () => {
  const { book, buy, clock, takeAndDie, left, look } = await openAudited({ 'sku-1': 9 });
  for (const id of ['r1', 'r2', 'r3']) await buy('sku-1', id);
  await takeAndDie('sku-1', 'lost');
  for (const reservationId of ['r1', 'r2', 'r3']) {
    const at = { reservationId, orderId: reservationId, skuIds: ['sku-1'] };
    await book.close({ verb: 'confirm', partition: partitionOf('sku-1'), ...at });
    await look();
  }
  await clock.advance(1);
  expect(await left('sku-1')).toEqual({ gate: 6, book: 6 });
});

test('what was seen equal is not looked at again', async () => {
  const { book, buy, look } = await openAudited({ 'sku-1': 5 });
  await buy('sku-1', 'r1');
  await look();
  expect(book.read).toEqual([1]);
  for (let i = 0; i < 3; i++) await look();
  expect(book.read).toEqual([1]);
  expect(book.rebased).toEqual([]);
});

test('10,000 moved SKUs are seen in 5 looks of at most 2,000', async () => {
  const { book, gate, look } = await openAudited({});
  for (let i = 0; i < 10_000; i++) {
    const skuId = `sku-${i}`;
    const load = { partition: partitionOf(skuId), skuId, epoch: 1, available: 5 };
    await gate.install([{ ...load, grants: [], nextEntry: undefined, buyers: [] }]);
    await book.restock({ requestId: skuId, skuId, delta: 5, reason: '' });
  }
  for (let i = 1; i <= 5; i++) {
    await look();
    expect(book.read).toEqual(Array(4 * i).fill(500));
  }
  await look();
  expect(book.read).toHaveLength(20);
  expect(book.rebased).toEqual([]);
});

test('the sweep finds the drift of a SKU that this process never touched', async () => {
  const { book, loaded, takeAndDie, left, look } = await openAudited({ 'sku-1': 5, 'sku-2': 5 });
  await takeAndDie('sku-2', 'lost');
  loaded.push({ skuIds: ['sku-1', 'sku-2'], ended: true });
  await look();
  await look();
  expect(await left('sku-2')).toEqual({ gate: 5, book: 5 });
  expect(book.rebased).toEqual(['sku-2']);
});

test('at the start the sweep does not rest, up to its first end or 10 looks', async () => {
  const small = await openAudited({ 'sku-1': 5 });
  small.loaded.push({ skuIds: ['sku-1'], ended: false }, { skuIds: [], ended: true });
  expect([await small.look(), await small.look(), await small.look()]).toEqual([
    'MORE',
    'IDLE',
    'IDLE',
  ]);
  const large = await openAudited({ 'sku-1': 5 });
  for (let i = 0; i < 20; i++) large.loaded.push({ skuIds: ['sku-1'], ended: false });
  const looks: string[] = [];
  for (let i = 0; i < 12; i++) looks.push(await large.look());
  expect(looks).toEqual([...Array(9).fill('MORE'), 'IDLE', 'IDLE', 'IDLE']);
});

test('a SKU that MySQL does not know is told of once, and left', async () => {
  const lines: string[] = [];
  const log = createLog(
    { service: 'test', level: 'warn' },
    { write: (line) => void lines.push(line) },
  );
  const { book, loaded, look } = await openAudited({ 'sku-1': 5 }, log);
  for (let i = 0; i < 3; i++) loaded.push({ skuIds: ['stranger'], ended: true });
  for (let i = 0; i < 3; i++) await look();
  expect(lines.filter((line) => line.includes('"stranger"'))).toHaveLength(1);
  expect(book.rebased).toEqual([]);
});

test('a moved SKU that is not loaded is forgotten after 10 looks', async () => {
  const { book, buy, gate, look } = await openAudited({ 'sku-1': 5 });
  await buy('sku-1', 'r1');
  gate.forget();
  for (let i = 0; i < 20; i++) await look();
  expect(book.read).toHaveLength(11);
  expect(book.rebased).toEqual([]);
});

test('a gate that has gathered too many grants is loaded anew, with fewer', async () => {
  const { book, gate, loaded, look } = await openAudited({ 'sku-1': 5 });
  const levels = gate.levels.bind(gate);
  let grants = 1_200_000;
  gate.levels = async (skus) =>
    (await levels(skus)).map((level): GateLevel | undefined => level && { ...level, grants });
  for (let i = 0; i < 2; i++) loaded.push({ skuIds: ['sku-1'], ended: true });
  await look();
  expect(book.rebased).toEqual([]);
  grants += 1;
  await look();
  expect(book.rebased).toEqual(['sku-1']);
});
