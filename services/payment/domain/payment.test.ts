// The state table, pair by pair, and the ids that derive from the order's.

import { describe, expect, test } from '@jest/globals';
import { NEXT_STATES, nextVersion, type PaymentState } from './payment.js';
import { chargeKeyOf, parseChargeKey, paymentIdOf, paymentKeyOf } from './payment-id.js';
import { paymentIn } from './sample.fixture.js';

const STATES = Object.keys(NEXT_STATES) as PaymentState[];

// Rows: from. Columns: to, in the order of STATES. x = allowed, . = refused, = = the same state.
const TABLE = `
               not pend init proc succ fail canc time
  NOT_STARTED   =   x    .    .    .    .    x    .
  PENDING       .   =    x    x    x    x    .    .
  INITIALISED   .   .    =    x    x    x    .    x
  PROCESSING    .   .    .    =    x    x    .    .
  SUCCEEDED     .   .    .    .    =    .    .    .
  FAILED        .   x    .    .    x    =    x    .
  CANCELLED     .   .    .    .    .    .    =    .
  TIMED_OUT     .   x    .    .    x    .    x    =
`;

describe('every pair of states', () => {
  const rows = TABLE.trim().split('\n').slice(1);
  const pairs = rows.flatMap((row) => {
    const [from = '', ...marks] = row.trim().split(/\s+/);
    return marks.map((mark, i) => [from as PaymentState, STATES[i] as PaymentState, mark]);
  });

  test('are in the table', () => expect(pairs).toHaveLength(STATES.length ** 2));

  test.each(pairs)('%s -> %s %s', (from, to, mark) => {
    const step = () =>
      nextVersion(paymentIn(from as PaymentState), 2_000, { state: to as PaymentState });
    if (mark === '.') expect(step).toThrow(/cannot go/);
    else expect(step()).toMatchObject({ state: to, version: 2, updatedMs: 2_000 });
  });
});

describe('ids', () => {
  test.each([
    ['p-1', 1n],
    ['p-9223372036854775807', 9223372036854775807n],
    ['p-9223372036854775807-balance', 9223372036854775807n],
    ['p-9223372036854775808', undefined],
    ['p-0', undefined],
    ['p-01', undefined],
    ['p-', undefined],
    ['1', undefined],
    ['p-1-1', undefined],
    ['p-1-balance-1', undefined],
    ['p-1-deposit', undefined],
    ['p-9223372036854775808-balance', undefined],
    ['p-1\n', undefined],
  ])('payment id %j is of order %s', (text, orderId) => {
    const key = paymentKeyOf(text);
    expect(key?.orderId).toBe(orderId);
    if (key !== undefined) expect(paymentIdOf(key)).toBe(text);
  });

  test.each([
    ['p-7-1', { orderId: 7n, part: 'FIRST', attemptNo: 1 }],
    ['p-7-12', { orderId: 7n, part: 'FIRST', attemptNo: 12 }],
    ['p-7-balance-3', { orderId: 7n, part: 'BALANCE', attemptNo: 3 }],
    ['p-7-0', undefined],
    ['p-7', undefined],
    ['p-7-balance', undefined],
    ['p-7-balance-0', undefined],
    ['x-7-1', undefined],
    ['p-9223372036854775808-1', undefined],
  ] as const)('charge key %j', (text, expected) => {
    expect(parseChargeKey(text)).toEqual(expected);
    if (expected) expect(chargeKeyOf(expected, expected.attemptNo)).toBe(text);
  });
});
