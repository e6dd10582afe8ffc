// Promise: copies of one request over several partitions never undo each other, however their steps
// interleave and whatever happens to the stock meanwhile (decision 0002).
// Method: two copies, a rival and a release, every step of gate and arbiter ordered by a scheduler. A
// failure prints the seed and the shortest order of steps.

import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { ManualClock } from '../../platform/clock.js';
import { createLog } from '../../platform/log.js';
import { granted, ReservationState } from '../domain/reservation.js';
import { partitionOf } from '../domain/split.js';
import { MemoryGate } from '../infra/memory/memory-gate.js';
import { MemoryStockBook } from '../infra/memory/memory-stock-book.js';
import { HoldParts } from './hold-parts.js';
import type { Gate, StockBook } from './ports.js';
import { Rebase } from './rebase.js';
import { Refunds } from './refunds.js';
import { ReserveStock } from './reserve-stock.js';

const SKUS = ['sku-1', 'sku-2', 'sku-3'];
const SCHEDULES = 1_000;
const log = createLog({ service: 'test', level: 'silent' });

test('the SKUs of this test lie in three partitions', () => {
  expect(new Set(SKUS.map(partitionOf)).size).toBe(3);
});

test('whoever is told yes holds everything, and a no leaves nothing behind', async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), fc.constantFrom(...SKUS), async (scheduler, scarce) => {
      const { book, copies, rival } = await open(scheduler, scarce);
      const runs = Promise.all([copies[0]?.('o1'), copies[1]?.('o2'), rival()]);
      await scheduler.waitFor(runs);
      const answers = (await runs).slice(0, 2);
      const parts = await book.reservation('both');
      const held = parts.filter((part) => part.state === ReservationState.RESERVED);
      const won = answers.flatMap((one) => (one && granted(one) ? [one.orderId] : []));
      if (won.length > 0) {
        expect(held).toHaveLength(SKUS.length);
        expect(new Set([...won, ...held.map((part) => part.orderId)]).size).toBe(1);
      } else if (answers.every((one) => one?.outcome !== 'UNKNOWN')) {
        expect(held).toHaveLength(0);
      }
    }),
    { numRuns: SCHEDULES },
  );
}, 60_000);

async function open(scheduler: fc.Scheduler, scarce: string) {
  const clock = new ManualClock(0);
  // Pauses between rounds are steps of the schedule too.
  clock.sleep = () => scheduler.schedule(Promise.resolve(), 'pause');
  const book = new MemoryStockBook({ holdMs: 60_000, nowMs: () => clock.nowMs() });
  const gate = new MemoryGate();
  for (const skuId of SKUS) {
    const units = { requestId: skuId, skuId, delta: skuId === scarce ? 1 : 9, reason: '' };
    await book.restock(units);
  }
  await gate.install(await book.rebase(SKUS));
  const slow = <T extends object>(port: T, names: readonly (keyof T)[]): T =>
    Object.assign(
      Object.create(port) as T,
      Object.fromEntries(
        names.map((name) => {
          const step = (port[name] as (...args: unknown[]) => Promise<unknown>).bind(port);
          const later = (...args: unknown[]) =>
            scheduler.schedule(Promise.resolve(), String(name)).then(() => step(...args));
          return [name, later];
        }),
      ),
    );
  const bind = <T extends object>(port: T): T =>
    new Proxy(port, {
      get: (target, name) => {
        const value = Reflect.get(target, name) as unknown;
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  const engine = () => {
    const slowGate = slow<Gate>(bind(gate), ['reserve']);
    const slowBook = slow<StockBook>(bind(book), ['settle', 'close']);
    const rebase = new Rebase({ gate, book, clock, log });
    const refunds = new Refunds({ gate, rebase, clock, log });
    const o = { gate: slowGate, book: slowBook, rebase, refunds, clock };
    return new ReserveStock({ parts: new HoldParts(o), book: slowBook });
  };
  book.onRefund((units) => void gate.refund(units));
  const reserve = async (
    one: ReserveStock,
    reservationId: string,
    orderId: string,
    of: string[],
  ) => {
    const lines = of.map((skuId) => ({ skuId, quantity: 1, userLimit: 0 }));
    const request = { reservationId, orderId, userId: 'ann', lines };
    return (await one.reserve([request], 1e9))[0];
  };
  return {
    book,
    copies: [engine(), engine()].map((one) => (orderId: string) => {
      return reserve(one, 'both', orderId, SKUS);
    }),
    /** Takes the scarce unit and gives it back, so that the copies see different stock. */
    rival: async () => {
      await reserve(engine(), 'rival', 'o3', [scarce]);
      const where = { partition: partitionOf(scarce), reservationId: 'rival', orderId: 'o3' };
      await scheduler.schedule(Promise.resolve(), 'rival leaves');
      await book.close({ verb: 'release', ...where, skuIds: [scarce] });
      return undefined;
    },
  };
}
