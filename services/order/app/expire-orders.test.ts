// Promise: what nobody pays in time is cancelled once, in bounded batches, and never while its payment
// may still be captured.
// Method: the store in memory, and payments that answer from a script.

import { expect, test } from '@jest/globals';
import { ManualClock } from '../../platform/clock.js';
import { MemoryOrderStore } from '../infra/memory/order-store.js';
import { ExpireOrders } from './expire-orders.js';
import type { BarOutcome, DueQueue, NewOrder, Payments } from './ports.js';

/** When a scene begins. */
const T0_MS = new ManualClock().nowMs();
const REST = { restShare: 2, restMsMax: 500 };

async function scene(count: number, changes: Partial<NewOrder> = {}) {
  const clock = new ManualClock();
  const orders = new MemoryOrderStore(clock);
  for (let i = 1; i <= count; i++) {
    await orders.commit({ ...unpaid(i), ...changes });
  }
  const bars = new Map<bigint, BarOutcome | Error>();
  const pace = { barMs: 0 };
  const asked: string[] = [];
  const bar = async (paymentId: string) => {
    asked.push(paymentId);
    if (pace.barMs > 0) await clock.sleep(pace.barMs);
    const answer = bars.get(BigInt(paymentId.split('-')[1] ?? '')) ?? 'BARRED';
    if (answer instanceof Error) throw answer;
    return answer;
  };
  const payments = { bar } as unknown as Payments;
  const limits = { batchMax: 3, leaseMs: 5_000, runMsMax: 1_000, ...REST };
  const expire = new ExpireOrders({ orders, payments, clock, limits });
  const queue = orders.dueQueues[0] as DueQueue;
  const states = async () => {
    const all = [...Array(count).keys()].map((i) => orders.read(BigInt(i + 1)));
    return (await Promise.all(all)).map((order) => order?.state[0]).join('');
  };
  const run = (signal?: AbortSignal) => expire.run(queue, signal);
  return { clock, bars, asked, pace, states, run, orders };
}

function unpaid(i: number): NewOrder {
  return {
    orderId: BigInt(i),
    userId: `u${i}`,
    requestId: 'r',
    fingerprint: '',
    type: 'PHYSICAL',
    details: undefined,
    currency: 'EUR',
    totalMinor: 1n,
    discountMinor: 0n,
    payableMinor: 1n,
    presale: undefined,
    paymentWindowMs: 1_000,
    lines: [],
    fresh: true,
  };
}

test('nothing before the deadline; then batch by batch', async () => {
  const { clock, states, run, orders } = await scene(7);
  await clock.advance(999);
  expect(await run()).toBe('IDLE');
  await clock.advance(1);
  expect([await run(), await states()]).toEqual(['MORE', 'CCPPPPC']);
  expect([await run(), await states()]).toEqual(['MORE', 'CCCCPCC']);
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

test('what has just become due does not wait behind the backlog', async () => {
  const { clock, run, orders, states } = await scene(9);
  await clock.advance(1_000);
  await orders.commit(unpaid(10));
  await clock.advance(1_000);
  expect(await run()).toBe('MORE');
  expect([await states(), (await orders.read(10n))?.state]).toEqual(['CCPPPPPPP', 'CANCELLED']);
});

test('a presale is looked at twice: for its deposit, and for its balance when that is due', async () => {
  const terms = { balanceOpensMs: 0, depositRefundable: false };
  const { clock, asked, run, orders, states } = await scene(2, {
    type: 'PRESALE',
    payableMinor: 5n,
    presale: { depositMinor: 2n, balanceDueMs: T0_MS + 60_000, ...terms },
  });
  const deposit = { kind: 'CAPTURED', part: 'FIRST', currency: 'EUR', amountMinor: 2n } as const;
  await orders.change(1n, deposit);
  await clock.advance(1_000);
  expect([await run(), asked, await states()]).toEqual(['IDLE', ['p-2'], 'DC']);
  await clock.advance(58_999);
  expect([await run(), await states()]).toEqual(['IDLE', 'DC']);
  await clock.advance(1);
  expect([await run(), asked.at(-1), await states()]).toEqual(['IDLE', 'p-1-balance', 'CC']);
  const kinds = orders.effects.filter(({ orderId }) => orderId === 1n).map(({ kind }) => kind);
  expect(kinds).toEqual(['order.created', 'order.deposit-paid', 'stock.release']);
});

test.each([
  ['as long as its share says', 100, 200],
  ['no longer than the bound', 900, 500],
])('after a full batch there is a rest: %s', async (_, barMs, restMs) => {
  const { clock, run, pace } = await scene(7);
  pace.barMs = barMs;
  await clock.advance(1_000);
  let ended = '';
  const running = run().then((more) => {
    ended = more;
  });
  await clock.advance(barMs + restMs - 1);
  expect(ended).toBe('');
  await clock.advance(1);
  expect(ended).toBe('MORE');
  await running;
});

test('a process that stops does not wait for the rest to end', async () => {
  const { clock, run, pace } = await scene(7);
  pace.barMs = 900;
  await clock.advance(1_000);
  const stop = new AbortController();
  const running = run(stop.signal);
  await clock.advance(900);
  stop.abort();
  expect(await running).toBe('MORE');
});
