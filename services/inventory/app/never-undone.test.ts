// Promise: what is not known is not undone, and units on their way to the arbiter are not offered a
// second time, whatever the gate forgets meanwhile.

import { expect, test } from '@jest/globals';
import { systemClock as clock } from '../../platform/clock.js';
import { createLog } from '../../platform/log.js';
import { split } from '../domain/split.js';
import { MemoryGate } from '../infra/memory/memory-gate.js';
import { MemoryStockBook } from '../infra/memory/memory-stock-book.js';
import { HoldParts } from './hold-parts.js';
import { Rebase } from './rebase.js';
import { Refunds } from './refunds.js';

const log = createLog({ service: 'test', level: 'silent' });

test('a settle that was committed and never answered keeps its unit in the gate', async () => {
  const { book, hold, levels } = await open();
  const settle = book.settle.bind(book);
  book.settle = async (grants) => {
    await settle(grants);
    return [undefined];
  };
  expect(await hold('r1')).toEqual({ outcome: 'UNKNOWN' });
  expect(await levels()).toEqual({ gate: 4, book: 4 });
});

test('a gate that forgets while units are in flight does not offer them again', async () => {
  const { book, gate, hold, levels } = await open();
  const settle = book.settle.bind(book);
  let arrive = () => {};
  const inFlight = new Promise<void>((resolve) => {
    book.settle = async (grants) => {
      book.settle = settle;
      resolve();
      await new Promise<void>((go) => {
        arrive = go;
      });
      return settle(grants);
    };
  });
  const first = hold('r1');
  await inFlight;
  gate.forget();
  expect(await hold('r2')).toMatchObject({ outcome: 'RESERVED' });
  arrive();
  expect(await first).toMatchObject({ outcome: 'RESERVED' });
  expect(await levels()).toEqual({ gate: 3, book: 3 });
});

async function open() {
  const gate = new MemoryGate();
  const book = new MemoryStockBook({ holdMs: 60_000, nowMs: Date.now });
  const rebase = new Rebase({ gate, book, clock, log });
  const refunds = new Refunds({ gate, rebase, clock, log });
  const parts = new HoldParts({ gate, book, rebase, refunds, clock });
  const soon = Date.now() + 10_000;
  await book.restock({ requestId: 'r', skuId: 'sku-1', delta: 5, reason: '' });
  await rebase.run(['sku-1'], soon);
  return {
    gate,
    book,
    hold: async (reservationId: string) => {
      const lines = [{ skuId: 'sku-1', quantity: 1, userLimit: 0 }];
      const ids = { reservationId, orderId: `order of ${reservationId}`, userId: reservationId };
      return (await parts.hold(split({ ...ids, lines }), soon))[0];
    },
    /** After refunds and loads that nobody waits for: a few turns of the event loop. */
    levels: async () => {
      for (let i = 0; i < 10; i++) await new Promise((resolve) => setImmediate(resolve));
      const [level] = await gate.levels([{ skuId: 'sku-1' }]);
      const [stock] = await book.stocks(['sku-1']);
      return { gate: level?.available, book: stock?.available };
    },
  };
}
