// Promise: an order changes only along the table, each change once, and tells what must follow.
// Method: every event against every state, one line per event, read like a crossword.

import { describe, expect, test } from '@jest/globals';
import { type Order, type OrderState, orderAt } from './order.js';
import { orderIn } from './orders.fixture.js';
import { applyChange, decide, type OrderEvent, transitionTable } from './transition.js';

const states = Object.keys(transitionTable) as OrderState[];

const anyVersion = { expectedVersion: 0 };
const cancel = { kind: 'CANCEL', remark: 'why', paymentBarred: true, ...anyVersion } as const;
const events: Record<string, OrderEvent> = {
  captured: { kind: 'CAPTURED', currency: 'EUR', amountMinor: 1999n },
  'captured 1998': { kind: 'CAPTURED', currency: 'EUR', amountMinor: 1998n },
  'captured USD': { kind: 'CAPTURED', currency: 'USD', amountMinor: 1999n },
  refunded: { kind: 'REFUNDED' },
  ship: { kind: 'SHIP', carrier: 'dhl', trackingNumber: 'T1', ...anyVersion },
  'ship elsewhere': { kind: 'SHIP', carrier: 'dhl', trackingNumber: 'T2', ...anyVersion },
  'ship corrected': { kind: 'SHIP', carrier: 'dhl', trackingNumber: 'T2', expectedVersion: 3 },
  deliver: { kind: 'DELIVER', ...anyVersion },
  complete: { kind: 'COMPLETE', ...anyVersion },
  'cancel by user': { ...cancel, operator: 'user' },
  'cancel by operator': { ...cancel, operator: 'operator' },
  'cancel by deadline': { ...cancel, operator: 'deadline' },
  'cancel, not barred': { ...cancel, operator: 'user', paymentBarred: false },
};

// A new state, or: "-" unchanged, "x" illegal, "stale", "refund", "mismatch".
function run(order: Order, event: OrderEvent): string {
  const decision = decide(order, event);
  if (decision.outcome === 'CHANGED') return applyChange(order, decision, 9_000).state;
  if (decision.outcome === 'UNCHANGED') return '-';
  if (decision.outcome === 'TRANSITION_ILLEGAL') return 'x';
  if (decision.outcome === 'VERSION_MISMATCH') return 'stale';
  return decision.outcome.toLowerCase();
}

function check(table: string, orderOf: (state: OrderState) => Order): void {
  const [head, ...lines] = table
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/ {2,}/));
  expect(head).toEqual(['', ...states].slice(1));
  for (const [name = '', ...wanted] of lines) {
    const event = events[name];
    if (!event) throw new Error(`no event ${name}`);
    expect([name, ...states.map((state) => run(orderOf(state), event))]).toEqual([name, ...wanted]);
  }
}

describe('every event in every state', () => {
  test('goods that ship', () => {
    check(
      `
                      PENDING_PAYMENT  PAID       SHIPPED    DELIVERED  COMPLETED  CANCELLED
  captured            PAID             -          -          -          -          refund
  captured 1998       mismatch         mismatch   mismatch   mismatch   mismatch   refund
  captured USD        mismatch         mismatch   mismatch   mismatch   mismatch   refund
  refunded            -                CANCELLED  -          -          -          -
  ship                x                SHIPPED    -          x          x          x
  ship elsewhere      x                SHIPPED    x          x          x          x
  ship corrected      stale            stale      SHIPPED    stale      stale      stale
  deliver             x                x          DELIVERED  -          x          x
  complete            x                x          x          COMPLETED  -          x
  cancel by user      CANCELLED        CANCELLED  x          x          x          -
  cancel by operator  CANCELLED        CANCELLED  CANCELLED  x          x          -
  cancel by deadline  CANCELLED        x          x          x          x          -
  cancel, not barred  x                CANCELLED  x          x          x          -
`,
      (state) => orderIn(state),
    );
  });

  test('goods that do not ship are delivered at once', () => {
    check(
      `
                      PENDING_PAYMENT  PAID       SHIPPED    DELIVERED  COMPLETED  CANCELLED
  ship                x                x          -          x          x          x
  deliver             x                DELIVERED  DELIVERED  -          x          x
`,
      (state) => orderIn(state, { type: 'VIRTUAL' }),
    );
  });

  test('the news of a capture again, after the order was paid and then cancelled', () => {
    const order = orderIn('CANCELLED', { paidMs: 2_000 });
    expect(run(order, events['captured'] as OrderEvent)).toBe('-');
  });

  test('every change of the table is reached by some event, and no other', () => {
    const reached = new Set<string>();
    for (const type of ['PHYSICAL', 'VIRTUAL', 'BOOKING'] as const) {
      for (const from of states) {
        for (const event of Object.values(events)) {
          const to = run(orderIn(from, { type }), event);
          if (states.includes(to as OrderState)) reached.add(`${from} ${to}`);
        }
      }
    }
    const listed = states.flatMap((from) =>
      Object.keys(transitionTable[from]).map((to) => `${from} ${to}`),
    );
    expect([...reached].sort()).toEqual(listed.sort());
  });
});

test.each<[OrderState, string, number, string]>([
  // state, event, expected version, outcome; a PAID order has version 2, a SHIPPED one 3
  ['PAID', 'ship', 0, 'CHANGED'],
  ['PAID', 'ship', 2, 'CHANGED'],
  ['PAID', 'ship', 1, 'VERSION_MISMATCH'],
  ['SHIPPED', 'ship', 2, 'UNCHANGED'], // idempotency is checked before the version
  ['SHIPPED', 'ship elsewhere', 2, 'VERSION_MISMATCH'], // a late retry does not overwrite
  ['SHIPPED', 'ship elsewhere', 3, 'CHANGED'], // a correction knows what it corrects
  ['SHIPPED', 'ship elsewhere', 0, 'TRANSITION_ILLEGAL'],
  ['SHIPPED', 'ship', 0, 'UNCHANGED'],
  ['SHIPPED', 'deliver', 2, 'VERSION_MISMATCH'],
  ['DELIVERED', 'deliver', 3, 'UNCHANGED'],
  ['COMPLETED', 'cancel by user', 4, 'VERSION_MISMATCH'], // the version before the table
  ['CANCELLED', 'cancel by user', 1, 'UNCHANGED'],
])('%s, %s, expected version %i: %s', (state, name, expectedVersion, outcome) => {
  const event = { ...(events[name] as OrderEvent & { expectedVersion: number }), expectedVersion };
  expect(decide(orderIn(state), event).outcome).toBe(outcome);
});

test.each<[string, OrderState, string, Partial<Order>]>([
  // effects, state, event, order
  ['order.paid', 'PENDING_PAYMENT', 'captured', {}],
  ['', 'PENDING_PAYMENT', 'captured', { type: 'VIRTUAL' }],
  ['stock.release', 'PENDING_PAYMENT', 'cancel by deadline', {}],
  ['', 'PENDING_PAYMENT', 'cancel by user', { type: 'TOP_UP' }],
  ['order.paid', 'PENDING_PAYMENT', 'captured', { type: 'BOOKING' }],
  ['stock.return payment.refund', 'PAID', 'cancel by user', { type: 'BOOKING' }],
  ['stock.return payment.refund', 'PAID', 'cancel by user', {}],
  ['payment.refund', 'PAID', 'cancel by user', { type: 'VIRTUAL' }],
  ['stock.return', 'PAID', 'cancel by user', { payableMinor: 0n }],
  ['stock.return', 'PAID', 'refunded', {}],
  ['payment.refund', 'SHIPPED', 'cancel by operator', {}], // the goods are away
  ['', 'PAID', 'ship', {}],
])('effects "%s" of %s, %s, %j', (effects, state, name, changes) => {
  const decision = decide(orderIn(state, changes), events[name] as OrderEvent);
  expect(decision.outcome === 'CHANGED' && decision.effects.join(' ')).toBe(effects);
});

test('an earlier version of an order is told from its transitions', () => {
  const order = orderIn('DELIVERED');
  const seen = [1, 2, 3, 4].map((version) => orderAt(order, version));
  expect(seen.map((at) => [at.version, at.state, at.carrier, at.paidMs, at.updatedMs])).toEqual([
    [1, 'PENDING_PAYMENT', undefined, undefined, 1_000],
    [2, 'PAID', undefined, 2_000, 2_000],
    [3, 'SHIPPED', 'dhl', 2_000, 3_000],
    [4, 'DELIVERED', 'dhl', 2_000, 4_000],
  ]);
});

test('a late retry with an older number never overwrites a newer one', () => {
  let order = orderIn('PAID');
  const first = { ...(events['ship'] as OrderEvent & { kind: 'SHIP' }), expectedVersion: 2 };
  const newer = { ...first, trackingNumber: 'T2', expectedVersion: 3 };
  for (const event of [first, newer]) {
    const decision = decide(order, event);
    if (decision.outcome !== 'CHANGED') throw new Error(decision.outcome);
    order = applyChange(order, decision, 9_000);
  }
  expect([order.version, order.trackingNumber]).toEqual([4, 'T2']);
  expect(decide(order, first).outcome).toBe('VERSION_MISMATCH');
  expect(decide(order, { ...first, expectedVersion: 0 }).outcome).toBe('TRANSITION_ILLEGAL');
  expect(decide(order, newer).outcome).toBe('UNCHANGED');
});
