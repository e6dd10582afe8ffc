// Promise: an order changes only along the table, each change once, and tells what must follow.
// Method: every event against every state, one line per event, read like a crossword.

import { describe, expect, test } from '@jest/globals';
import { type Order, type OrderState, orderAt } from './order.js';
import { lineOf, orderIn, presaleIn, TERMS } from './orders.fixture.js';
import { applyChange, decide, type OrderEvent, transitionTable } from './transition.js';

const states = Object.keys(transitionTable) as OrderState[];
// What is paid at once has no other.
const plainStates = states.filter((state) => state !== 'DEPOSIT_PAID');

const anyVersion = { expectedVersion: 0 };
const cancel = { kind: 'CANCEL', remark: 'why', barred: 'FIRST', ...anyVersion } as const;
const events: Record<string, OrderEvent> = {
  captured: { kind: 'CAPTURED', part: 'FIRST', currency: 'EUR', amountMinor: 1999n },
  'captured 1998': { kind: 'CAPTURED', part: 'FIRST', currency: 'EUR', amountMinor: 1998n },
  'captured USD': { kind: 'CAPTURED', part: 'FIRST', currency: 'USD', amountMinor: 1999n },
  refunded: { kind: 'REFUNDED' },
  ship: { kind: 'SHIP', carrier: 'dhl', trackingNumber: 'T1', ...anyVersion },
  'ship elsewhere': { kind: 'SHIP', carrier: 'dhl', trackingNumber: 'T2', ...anyVersion },
  'ship corrected': { kind: 'SHIP', carrier: 'dhl', trackingNumber: 'T2', expectedVersion: 3 },
  deliver: { kind: 'DELIVER', ...anyVersion },
  complete: { kind: 'COMPLETE', ...anyVersion },
  'cancel by user': { ...cancel, operator: 'user' },
  'cancel by operator': { ...cancel, operator: 'operator' },
  'cancel by deadline': { ...cancel, operator: 'deadline' },
  'refund a unit': {
    kind: 'REFUND_LINES',
    requestId: 'back-1',
    lines: [{ skuId: 'tea', quantity: 1 }],
    reason: 'broken',
    ...anyVersion,
  },
  'deposit captured': { kind: 'CAPTURED', part: 'FIRST', currency: 'EUR', amountMinor: 500n },
  'balance captured': { kind: 'CAPTURED', part: 'BALANCE', currency: 'EUR', amountMinor: 1499n },
  'balance 1498': { kind: 'CAPTURED', part: 'BALANCE', currency: 'EUR', amountMinor: 1498n },
  'balance by user': { ...cancel, operator: 'user', barred: 'BALANCE' },
  'by operator': { ...cancel, operator: 'operator', barred: 'BALANCE' },
  'balance overdue': { ...cancel, operator: 'deadline', barred: 'BALANCE' },
  'cancel, not barred': { ...cancel, operator: 'user', barred: undefined },
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

function check(
  table: string,
  orderOf: (state: OrderState) => Order,
  columns: readonly OrderState[] = plainStates,
): void {
  const [head, ...lines] = table
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/ {2,}/));
  expect(head).toEqual(columns);
  for (const [name = '', ...wanted] of lines) {
    const event = events[name];
    if (!event) throw new Error(`no event ${name}`);
    expect([name, ...columns.map((state) => run(orderOf(state), event))]).toEqual([
      name,
      ...wanted,
    ]);
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
  refund a unit       x                CANCELLED  SHIPPED    DELIVERED  x          x
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

  // A CANCELLED one here had its deposit paid.
  test('what is sold in advance', () => {
    check(
      `
                      PENDING_PAYMENT  DEPOSIT_PAID  PAID       SHIPPED    DELIVERED  CANCELLED
  captured            mismatch         mismatch      mismatch   mismatch   mismatch   mismatch
  deposit captured    DEPOSIT_PAID     -             -          -          -          -
  balance captured    mismatch         PAID          -          -          -          refund
  balance 1498        mismatch         mismatch      mismatch   mismatch   mismatch   refund
  refunded            -                CANCELLED     CANCELLED  -          -          -
  ship                x                x             SHIPPED    -          x          x
  cancel by user      CANCELLED        x             CANCELLED  x          x          -
  balance by user     x                CANCELLED     CANCELLED  x          x          -
  by operator         x                CANCELLED     CANCELLED  CANCELLED  x          -
  cancel by deadline  CANCELLED        x             x          x          x          -
  balance overdue     x                CANCELLED     x          x          x          -
  refund a unit       x                x             CANCELLED  SHIPPED    DELIVERED  x
`,
      (state) => presaleIn(state),
      ['PENDING_PAYMENT', 'DEPOSIT_PAID', 'PAID', 'SHIPPED', 'DELIVERED', 'CANCELLED'],
    );
    expect(
      run(presaleIn('CANCELLED', { transitions: [] }), events['deposit captured'] as OrderEvent),
    ).toBe('refund');
    expect(run(orderIn('PENDING_PAYMENT'), events['balance captured'] as OrderEvent)).toBe(
      'mismatch',
    );
  });

  test('the news of a capture again, after the order was paid and then cancelled', () => {
    const order = orderIn('CANCELLED', { paidMs: 2_000 });
    expect(run(order, events['captured'] as OrderEvent)).toBe('-');
  });

  test('every change of the table is reached by some event, and no other', () => {
    const reached = new Set<string>();
    const two = { lines: [lineOf('tea', 2, 1_000n)] };
    const orders = (['PHYSICAL', 'VIRTUAL', 'BOOKING'] as const).map((type) => ({ type }));
    for (const from of states) {
      const inAdvance = presaleIn(from);
      for (const order of [...[...orders, two].map((more) => orderIn(from, more)), inAdvance]) {
        for (const event of Object.values(events)) {
          const to = run(order, event);
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
  ['SHIPPED', 'refund a unit', 2, 'VERSION_MISMATCH'],
  ['SHIPPED', 'refund a unit', 3, 'CHANGED'],
])('%s, %s, expected version %i: %s', (state, name, expectedVersion, outcome) => {
  const event = { ...(events[name] as OrderEvent & { expectedVersion: number }), expectedVersion };
  expect(decide(orderIn(state), event).outcome).toBe(outcome);
});

const TWO: Partial<Order> = { lines: [lineOf('tea', 2, 1_000n)] };

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
  ['stock.return payment.refund', 'PAID', 'refund a unit', {}], // nothing is left: a cancel
  ['stock.return-lines payment.refund-lines', 'PAID', 'refund a unit', TWO],
  ['payment.refund-lines', 'PAID', 'refund a unit', { ...TWO, type: 'VIRTUAL' }],
  ['stock.return-lines', 'PAID', 'refund a unit', { ...TWO, totalMinor: 0n, payableMinor: 0n }],
  ['payment.refund-lines', 'SHIPPED', 'refund a unit', TWO], // only the money comes back
])('effects "%s" of %s, %s, %j', (effects, state, name, changes) => {
  const decision = decide(orderIn(state, changes), events[name] as OrderEvent);
  expect(decision.outcome === 'CHANGED' && decision.effects.join(' ')).toBe(effects);
});

const KEPT: Partial<Order> = { presale: { ...TERMS, depositRefundable: false } };
const TWO_KEPT: Partial<Order> = { ...KEPT, ...TWO };

test.each<[string, OrderState, string, Partial<Order>]>([
  // effects, state, event, order
  ['order.deposit-paid', 'PENDING_PAYMENT', 'deposit captured', {}],
  ['order.paid', 'DEPOSIT_PAID', 'balance captured', {}],
  ['stock.release', 'PENDING_PAYMENT', 'cancel by deadline', KEPT],
  ['stock.release payment.refund', 'DEPOSIT_PAID', 'balance by user', {}],
  ['stock.release payment.refund', 'DEPOSIT_PAID', 'balance overdue', {}],
  ['stock.release', 'DEPOSIT_PAID', 'balance by user', KEPT],
  ['stock.release', 'DEPOSIT_PAID', 'balance overdue', KEPT],
  ['stock.release payment.refund', 'DEPOSIT_PAID', 'by operator', KEPT],
  ['stock.release balance.bar', 'DEPOSIT_PAID', 'refunded', KEPT],
  ['stock.return payment.refund balance.refund', 'PAID', 'cancel by user', {}],
  ['stock.return balance.refund', 'PAID', 'cancel by user', KEPT],
  ['stock.return payment.refund balance.refund', 'PAID', 'cancel by operator', KEPT],
  ['payment.refund balance.refund', 'SHIPPED', 'cancel by operator', KEPT],
  ['stock.return', 'PAID', 'refunded', KEPT],
  ['stock.return payment.refund balance.refund', 'PAID', 'refund a unit', KEPT],
  ['stock.return-lines balance.refund-lines', 'PAID', 'refund a unit', TWO_KEPT],
])('of a presale "%s" of %s, %s, %j', (effects, state, name, changes) => {
  const decision = decide(presaleIn(state, changes), events[name] as OrderEvent);
  expect(decision.outcome === 'CHANGED' && decision.effects.join(' ')).toBe(effects);
});

test('the time of the payment stays when a unit is refunded', () => {
  const order = orderIn('PAID', TWO);
  const decision = decide(order, events['refund a unit'] as OrderEvent);
  if (decision.outcome !== 'CHANGED') throw new Error(decision.outcome);
  expect(applyChange(order, decision, 9_000).paidMs).toBe(order.paidMs);
});

test('a deposit that came after the balance was due is given back', () => {
  const order = presaleIn('DEPOSIT_PAID', KEPT);
  const transitions = order.transitions.map((made) => ({ ...made, atMs: TERMS.balanceDueMs }));
  const decision = decide({ ...order, transitions }, events['balance overdue'] as OrderEvent);
  expect(decision).toMatchObject({ effects: ['stock.release', 'payment.refund'] });
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
