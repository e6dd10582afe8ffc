// Promise: a difference between gate and arbiter that nobody is working on is repaired at the second
// look, and one that still moves is left alone.

import { expect, test } from '@jest/globals';
import { systemClock as clock } from '../../platform/clock.js';
import { createLog } from '../../platform/log.js';
import { split } from '../domain/split.js';
import { MemoryGate } from '../infra/memory/memory-gate.js';
import { MemoryStockBook } from '../infra/memory/memory-stock-book.js';
import { Auditor } from './auditor.js';
import { Rebase } from './rebase.js';

const log = createLog({ service: 'test', level: 'silent' });
const soon = () => Date.now() + 5_000;

test('units that the gate took and nobody settled come back after two looks', async () => {
  const { auditor, take, available } = await open();
  await take('crashed');
  await auditor.look();
  expect(await available()).toBe(4);
  await auditor.look();
  await settled();
  expect(await available()).toBe(5);
});

test('a difference that moves between two looks has somebody working on it', async () => {
  const { auditor, take, available } = await open();
  for (const id of ['r1', 'r2', 'r3']) {
    await take(id);
    await auditor.look();
  }
  await settled();
  expect(await available()).toBe(2);
});

test('where both agree nothing is loaded anew', async () => {
  const { auditor, book } = await open();
  const before = await book.stocks(['sku-1']);
  for (let i = 0; i < 3; i++) await auditor.look();
  await settled();
  expect(await book.stocks(['sku-1'])).toEqual(before);
});

async function open() {
  const gate = new MemoryGate();
  const book = new MemoryStockBook({ holdMs: 60_000, nowMs: Date.now });
  const rebase = new Rebase({ gate, book, clock, log });
  const auditor = new Auditor({ gate, book, rebase, clock, log });
  await book.restock({ requestId: 'r', skuId: 'sku-1', delta: 5, reason: '' });
  await rebase.run(['sku-1'], soon());
  return {
    auditor,
    book,
    /** As a process that dies between gate and arbiter. */
    take: async (reservationId: string) => {
      const lines = [{ skuId: 'sku-1', quantity: 1, userLimit: 0 }];
      await gate.reserve(split({ reservationId, orderId: reservationId, userId: 'ann', lines }));
    },
    available: async () => (await gate.levels([{ skuId: 'sku-1' }]))[0]?.available,
  };
}

// A rebase runs in the background: a few turns of the event loop.
async function settled(): Promise<void> {
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
}
