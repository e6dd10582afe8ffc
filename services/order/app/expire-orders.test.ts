// Promise: what nobody pays in time is cancelled once, in bounded batches, and never while its payment
// may still be captured.
// Method: the store in memory, and payments that answer from a script.

import { expect, test } from '@jest/globals';
import { ManualClock } from '../../platform/clock.js';
import { MemoryOrderStore } from '../infra/memory/order-store.js';
import { ExpireOrders } from './expire-orders.js';
import type { BarOutcome, DueQueue, Payments } from './ports.js';

async function scene(count: number) {
  const clock = new ManualClock();
  const orders = new MemoryOrderStore(clock);
  for (let i = 1; i <= count; i++) {
    const amounts = { totalMinor: 1n, discountMinor: 0n, payableMinor: 1n };
    await orders.commit({
      orderId: BigInt(i),
      userId: `u${i}`,
      requestId: 'r',
      fingerprint: '',
      type: 'PHYSICAL',
      currency: 'EUR',
      ...amounts,
      paymentWindowMs: 1_000,
      lines: [],
      fresh: true,
    });
  }
  const bars = new Map<bigint, BarOutcome | Error>();
  const bar = async (orderId: bigint) => {
    const answer = bars.get(orderId) ?? 'BARRED';
    if (answer instanceof Error) throw answer;
    return answer;
  };
  const payments = { bar } as unknown as Payments;
  const limits = { batchMax: 3, leaseMs: 5_000, runMsMax: 1_000 };
  const expire = new ExpireOrders({ orders, payments, clock, limits });
  const queue = orders.dueQueues[0] as DueQueue;
  const states = async () => {
    const all = [...Array(count).keys()].map((i) => orders.read(BigInt(i + 1)));
    return (await Promise.all(all)).map((order) => order?.state[0]).join('');
  };
  return { clock, bars, states, run: () => expire.run(queue), orders };
}

test('nothing before the deadline; then batch by batch', async () => {
  const { clock, states, run, orders } = await scene(7);
  await clock.advance(999);
  expect(await run()).toBe('IDLE');
  await clock.advance(1);
  expect([await run(), await states()]).toEqual(['MORE', 'CCCPPPP']);
  expect([await run(), await states()]).toEqual(['MORE', 'CCCCCCP']);
  expect([await run(), await states()]).toEqual(['IDLE', 'CCCCCCC']);
  expect(await run()).toBe('IDLE');
  expect(orders.effects.filter(({ kind }) => kind === 'stock.release')).toHaveLength(7);
});

test('left alone while the payment is undecided, and looked at again after the lease', async () => {
  const { clock, bars, states, run } = await scene(4);
  bars.set(1n, 'IN_PROGRESS').set(2n, 'CAPTURED').set(3n, 'UNKNOWN');
  await clock.advance(1_000);
  expect([await run(), await run(), await states()]).toEqual(['MORE', 'IDLE', 'PPPC']);
  bars.clear();
  expect([await run(), await states()]).toEqual(['IDLE', 'PPPC']);
  await clock.advance(5_000);
  expect([await run(), await states()]).toEqual(['MORE', 'CCCC']);
});

test('one that fails does not keep its neighbours, and is reported', async () => {
  const { clock, bars, states, run } = await scene(3);
  bars.set(2n, new Error('bug'));
  await clock.advance(1_000);
  await expect(run()).rejects.toThrow('bug');
  expect(await states()).toBe('CPC');
});
