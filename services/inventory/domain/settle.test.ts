// What the arbiter decides of a grant, whatever the gate believed: one row per rule, and the order of
// the rules where two apply.

import { expect, test } from '@jest/globals';
import { type Grant, type HeldPart, ReservationState } from './reservation.js';
import { buyerKey, decideSettle } from './settle.js';
import type { StockRow } from './stock.js';

type State = keyof typeof ReservationState;

/** What the table's rows change: two units of a SKU that has five. */
const NEW = { body: 'f', epoch: 3, available: 5, bought: 0, limit: 0 };

test.each<[string, Partial<typeof NEW> & { state?: State }, string]>([
  ['a new request with units left', {}, 'RESERVED'],
  ['the last units', { available: 2 }, 'RESERVED'],
  ['one unit too few', { available: 1 }, 'SOLD_OUT'],
  ['a gate that was loaded before the last epoch', { epoch: 2 }, 'EPOCH'],
  ['an old epoch, and too few units', { epoch: 2, available: 0 }, 'EPOCH'],
  ['up to the limit per user', { limit: 3, bought: 1 }, 'RESERVED'],
  ['beyond the limit per user', { limit: 3, bought: 2 }, 'USER_LIMIT'],
  ['a retry', { state: 'RESERVED' }, 'DUPLICATE'],
  ['a retry of a paid one', { state: 'CONFIRMED' }, 'DUPLICATE'],
  ['a retry when all units are gone', { state: 'RESERVED', available: 0 }, 'DUPLICATE'],
  ['a retry at the limit', { state: 'RESERVED', limit: 2, bought: 2 }, 'DUPLICATE'],
  ['a retry by an old epoch', { state: 'RESERVED', epoch: 2 }, 'DUPLICATE'],
  ['a retry after the release', { state: 'RELEASED' }, 'CLOSED'],
  ['a retry after the return', { state: 'RETURNED' }, 'CLOSED'],
  ['the same id with another body', { state: 'RESERVED', body: 'g' }, 'REQUEST_ID_REUSED'],
])('%s', (_, changed, outcome) => {
  const given = { ...NEW, ...changed };
  const known = given.state === undefined ? [] : [['1/r1', held(given.state)] as const];
  const stock = { ...STOCK, available: given.available, total: given.available };
  const decision = decideSettle({
    stocks: new Map([['sku-1', stock]]),
    held: new Map(known),
    bought: new Map([[buyerKey('sku-1', 'ann'), given.bought]]),
    grants: [grant({ body: given.body, epoch: given.epoch, limit: given.limit })],
  });
  expect(decision.results.map((result) => result.outcome)).toEqual([outcome]);
  const units = outcome === 'RESERVED' ? 2 : 0;
  expect([stock.available, stock.reserved]).toEqual([given.available - units, units]);
  expect(decision.admitted).toHaveLength(units === 0 ? 0 : 1);
});

test('a tombstone has no body to compare: its late request is closed', () => {
  const tombstone = { ...held('RELEASED'), fingerprint: '', lines: [] };
  const decision = decideSettle({
    stocks: new Map([['sku-1', { ...STOCK }]]),
    held: new Map([['1/r1', tombstone]]),
    bought: new Map(),
    grants: [grant({})],
  });
  expect(decision.results).toEqual([{ outcome: 'CLOSED' }]);
});

test('one batch: each grant sees what those before it took', () => {
  const stock = { ...STOCK, available: 4, total: 4 };
  const decision = decideSettle({
    stocks: new Map([['sku-1', stock]]),
    held: new Map(),
    bought: new Map(),
    grants: [
      grant({ id: 'r1', limit: 3 }),
      grant({ id: 'r1', limit: 3 }),
      grant({ id: 'r1', limit: 3, body: 'g' }),
      grant({ id: 'r2', limit: 3 }),
      grant({ id: 'r3', user: 'bob' }),
      grant({ id: 'r4', user: 'cy' }),
    ],
  });
  expect(decision.results.map((result) => result.outcome)).toEqual([
    'RESERVED',
    'DUPLICATE',
    'REQUEST_ID_REUSED',
    'USER_LIMIT',
    'RESERVED',
    'SOLD_OUT',
  ]);
  expect([stock.available, stock.reserved, stock.version]).toEqual([0, 4, 12]);
});

const STOCK: StockRow = {
  partition: 1,
  skuId: 'sku-1',
  epoch: 3,
  version: 10,
  available: 5,
  reserved: 0,
  sold: 0,
  total: 5,
};

/** Two units of the SKU. */
function grant(o: {
  id?: string;
  user?: string;
  body?: string;
  epoch?: number;
  limit?: number;
}): Grant {
  return {
    partition: 1,
    reservationId: o.id ?? 'r1',
    orderId: 'o1',
    userId: o.user ?? 'ann',
    fingerprint: o.body ?? 'f',
    lines: [{ skuId: 'sku-1', quantity: 2, userLimit: o.limit ?? 0 }],
    epochs: [o.epoch ?? 3],
    fresh: [true],
  };
}

function held(state: State): HeldPart {
  return {
    partition: 1,
    reservationId: 'r1',
    orderId: 'o1',
    userId: 'ann',
    fingerprint: 'f',
    state: ReservationState[state],
    lines: [{ skuId: 'sku-1', quantity: 2, limited: false, returned: 0 }],
  };
}
