// Promise: when a hold ends, its reservation goes the way of its order, and nothing is guessed.

import { expect, test } from '@jest/globals';
import { ManualClock } from '../../platform/clock.js';
import { createLog } from '../../platform/log.js';
import { ReservationState } from '../domain/reservation.js';
import { split } from '../domain/split.js';
import { MemoryStockBook } from '../infra/memory/memory-stock-book.js';
import { CheckBack } from './check-back.js';
import type { OrderFate } from './ports.js';

const HOLD_MS = 60_000;
const log = createLog({ service: 'test', level: 'silent' });

test.each`
  fate                                            | state          | available
  ${{ fate: 'PAID' }}                             | ${'CONFIRMED'} | ${3}
  ${{ fate: 'CANCELLED' }}                        | ${'RELEASED'}  | ${5}
  ${{ fate: 'RETURNED' }}                         | ${'RETURNED'}  | ${5}
  ${{ fate: 'PENDING', paymentDeadlineMs: 9e12 }} | ${'RESERVED'}  | ${3}
  ${undefined}                                    | ${'RESERVED'}  | ${3}
`('an order that is $fate: the reservation is $state', async (given) => {
  const row = given as unknown as Row;
  const { book, clock, checkBack, asked } = await reserved(row.fate);
  expect(await checkBack.look()).toBe('IDLE');
  expect(asked).toEqual([]);
  await clock.advance(HOLD_MS);
  await checkBack.look();
  expect(asked).toEqual([['o1']]);
  const [part] = await book.reservation('r1');
  expect(part?.state).toBe(ReservationState[row.state]);
  expect((await book.stocks(['sku-1']))[0]?.available).toBe(row.available);
});

test('a pending order is asked about again only after its payment deadline', async () => {
  const deadlineMs = 2 * HOLD_MS;
  const { clock, checkBack, asked } = await reserved({
    fate: 'PENDING',
    paymentDeadlineMs: deadlineMs,
  });
  await clock.advance(HOLD_MS);
  await checkBack.look();
  await clock.advance(HOLD_MS);
  await checkBack.look();
  expect(asked).toHaveLength(1);
  await clock.advance(HOLD_MS);
  await checkBack.look();
  expect(asked).toHaveLength(2);
});

interface Row {
  fate: OrderFate | undefined;
  state: keyof typeof ReservationState;
  available: number;
}

async function reserved(fate: OrderFate | undefined) {
  const clock = new ManualClock(0);
  const book = new MemoryStockBook({ holdMs: HOLD_MS, nowMs: () => clock.nowMs() });
  await book.restock({ requestId: 'r', skuId: 'sku-1', delta: 5, reason: '' });
  const lines = [{ skuId: 'sku-1', quantity: 2, userLimit: 0 }];
  const [part] = split({ reservationId: 'r1', orderId: 'o1', userId: 'ann', lines });
  if (part === undefined) throw new Error('one line is one part');
  await book.settle([{ ...part, epochs: [1], fresh: [true] }]);
  const asked: (readonly string[])[] = [];
  const orders = {
    resolve: (orderIds: readonly string[]) => {
      asked.push(orderIds);
      return Promise.resolve(orderIds.map(() => fate));
    },
  };
  return { book, clock, asked, checkBack: new CheckBack({ book, orders, clock, log }) };
}
