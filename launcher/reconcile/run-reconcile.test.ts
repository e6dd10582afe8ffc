// What counts as a difference in a mesh that moves, what is repaired, and what is left for a person.

import { expect, test } from '@jest/globals';
import type { Cause, Difference } from './difference.js';
import type { PaymentsLook } from './look.js';
import { renderReconcile } from './render-reconcile.js';
import { runReconcile } from './run-reconcile.js';

const TARGETS = {
  mysqlUrls: [],
  databasePrefix: '',
  statement: '',
  provider: 'sandbox',
  paymentAddresses: [],
};
const PLAIN = { good: String, bad: String, dim: String };

function difference(cause: Cause, payment = 'p-7'): Difference {
  return { cause, payment, number: 'ch_1', detail: 'EUR 500' };
}

async function run(o: {
  looks: (asked: boolean, n: number) => Difference[];
  repair?: boolean;
  silent?: Map<string, string>;
}) {
  let elapsedMs = 0;
  const now = () => elapsedMs;
  const again: string[] = [];
  let n = 0;
  const look = async (): Promise<PaymentsLook> => {
    n += 1;
    const differences = o.looks(again.length > 0, n);
    return { differences, movements: 2, charges: 2, refunds: 0 };
  };
  const lookAgain = async (payments: readonly string[]) => {
    again.push(...payments);
    return o.silent ?? new Map<string, string>();
  };
  const sleep = async (ms: number) => {
    elapsedMs += ms;
  };
  const clock = { nowMs: now, monotonicMs: now, sleep };
  const repair = o.repair ?? false;
  const report = await runReconcile(TARGETS, { repair, clock, look, lookAgain });
  return { report, again };
}

test('both books agree: one look', async () => {
  const { report } = await run({ looks: () => [] });
  expect(report).toMatchObject({ ok: true, found: 0, looks: 1 });
  expect(renderReconcile(report, PLAIN)).toContain('Both books agree');
});

test('without --repair nobody is asked', async () => {
  const { report, again } = await run({ looks: () => [difference('CALLBACK_LOST')] });
  expect(again).toEqual([]);
  expect(report).toMatchObject({ ok: false, found: 1, repaired: 0, parked: 1 });
  expect(renderReconcile(report, PLAIN)).toContain('--repair');
});

test('what is safe is asked about, once per payment, and the rest is left', async () => {
  const lost = [difference('CALLBACK_LOST'), difference('REFUND_WAITING')];
  const stays = difference('CHARGE_MISSING', 'p-8');
  const { report, again } = await run({
    looks: (asked) => (asked ? [stays] : [...lost, stays]),
    repair: true,
  });
  expect(again).toEqual(['p-7']);
  expect(report).toMatchObject({ ok: false, found: 3, repaired: 2, parked: 1 });
  expect(report.differences[0]).toMatchObject({ cause: 'CHARGE_MISSING', repaired: false });
});

test('all repaired: all is well', async () => {
  const { report } = await run({
    looks: (asked) => (asked ? [] : [difference('TIMED_OUT')]),
    repair: true,
  });
  expect(report).toMatchObject({ ok: true, found: 1, repaired: 1, parked: 0 });
});

test('what a repair brings to light is told too', async () => {
  const { report } = await run({
    looks: (asked) => [difference(asked ? 'AMOUNT_DIFFERS' : 'CONTRADICTED')],
    repair: true,
  });
  expect(report.by_cause).toEqual({ CONTRADICTED: 1, AMOUNT_DIFFERS: 1 });
  expect(report).toMatchObject({ ok: false, repaired: 1, parked: 1 });
});

test('a provider that is silent is named', async () => {
  const { report } = await run({
    looks: () => [difference('CALLBACK_LOST')],
    repair: true,
    silent: new Map([['p-7', 'no answer']]),
  });
  expect(report.differences).toMatchObject([{ repaired: false, problem: 'no answer' }]);
  expect(renderReconcile(report, PLAIN)).toContain('(no answer)');
});
