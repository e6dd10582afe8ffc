// Every verb on every state: outcome, next state, and what moves. `-` is no change.

import { expect, test } from '@jest/globals';
import { type CloseVerb, decideClose } from './close.js';
import { type HeldPart, ReservationState } from './reservation.js';
import type { StockRow } from './stock.js';

test.each`
  verb         | state          | outcome                    | next           | available | reserved | sold
  ${'confirm'} | ${'RESERVED'}  | ${'DONE'}                  | ${'CONFIRMED'} | ${5}      | ${0}     | ${4}
  ${'confirm'} | ${'CONFIRMED'} | ${'DONE'}                  | ${'-'}         | ${5}      | ${2}     | ${2}
  ${'confirm'} | ${'RELEASED'}  | ${'RESERVATION_CLOSED'}    | ${'-'}         | ${5}      | ${2}     | ${2}
  ${'confirm'} | ${'RETURNED'}  | ${'DONE'}                  | ${'-'}         | ${5}      | ${2}     | ${2}
  ${'confirm'} | ${'none'}      | ${'RESERVATION_UNKNOWN'}   | ${'-'}         | ${5}      | ${2}     | ${2}
  ${'release'} | ${'RESERVED'}  | ${'DONE'}                  | ${'RELEASED'}  | ${7}      | ${0}     | ${2}
  ${'release'} | ${'CONFIRMED'} | ${'RESERVATION_CONFIRMED'} | ${'-'}         | ${5}      | ${2}     | ${2}
  ${'release'} | ${'RELEASED'}  | ${'DONE'}                  | ${'-'}         | ${5}      | ${2}     | ${2}
  ${'release'} | ${'RETURNED'}  | ${'DONE'}                  | ${'-'}         | ${5}      | ${2}     | ${2}
  ${'release'} | ${'none'}      | ${'DONE'}                  | ${'tombstone'} | ${5}      | ${2}     | ${2}
  ${'return'}  | ${'RESERVED'}  | ${'UNKNOWN'}               | ${'-'}         | ${5}      | ${2}     | ${2}
  ${'return'}  | ${'CONFIRMED'} | ${'DONE'}                  | ${'RETURNED'}  | ${7}      | ${2}     | ${0}
  ${'return'}  | ${'RELEASED'}  | ${'RESERVATION_CLOSED'}    | ${'-'}         | ${5}      | ${2}     | ${2}
  ${'return'}  | ${'none'}      | ${'RESERVATION_UNKNOWN'}   | ${'-'}         | ${5}      | ${2}     | ${2}
  ${'bar'}     | ${'RESERVED'}  | ${'HELD'}                  | ${'-'}         | ${5}      | ${2}     | ${2}
  ${'bar'}     | ${'CONFIRMED'} | ${'HELD'}                  | ${'-'}         | ${5}      | ${2}     | ${2}
  ${'bar'}     | ${'RELEASED'}  | ${'DONE'}                  | ${'-'}         | ${5}      | ${2}     | ${2}
  ${'bar'}     | ${'none'}      | ${'DONE'}                  | ${'tombstone'} | ${5}      | ${2}     | ${2}
`('$verb of $state: $outcome, then $next', (given) => {
  const row = given as unknown as Row;
  const stock = { ...STOCK };
  const decision = decideClose({
    stocks: new Map([['sku-1', stock]]),
    held: new Map(row.state === 'none' ? [] : [['1/r1', part(ReservationState[row.state])]]),
    closings: [closing(row.verb, ['sku-1'])],
  });
  const next = decision.tombstones.length > 0 ? 'tombstone' : (decision.changed[0]?.state ?? '-');
  const wanted = row.next in ReservationState ? ReservationState[row.next as 'RESERVED'] : row.next;
  expect([decision.outcomes, next]).toEqual([[row.outcome], wanted]);
  expect(stock).toMatchObject({ available: row.available, reserved: row.reserved, sold: row.sold });
  // Redis hears of exactly the units that became available again.
  const refunded = decision.refunds.reduce((sum, refund) => sum + refund.quantity, 0);
  expect(refunded).toBe(row.available - STOCK.available);
});

test('a closing twice in one batch moves the units once', () => {
  const stock = { ...STOCK };
  const decision = decideClose({
    stocks: new Map([['sku-1', stock]]),
    held: new Map([['1/r1', part(ReservationState.RESERVED)]]),
    closings: [closing('release', ['sku-1']), closing('release', ['sku-1'])],
  });
  expect(decision.outcomes).toEqual(['DONE', 'DONE']);
  expect([stock.available, decision.moves.ledger.length]).toEqual([7, 1]);
});

test('whoever names other SKUs than were reserved changes nothing', () => {
  const decision = decideClose({
    stocks: new Map([['sku-2', { ...STOCK, skuId: 'sku-2' }]]),
    held: new Map([['1/r1', part(ReservationState.RESERVED)]]),
    closings: [closing('release', ['sku-2'])],
  });
  expect([decision.outcomes, decision.changed]).toEqual([['RESERVATION_UNKNOWN'], []]);
});

interface Row {
  verb: CloseVerb;
  state: keyof typeof ReservationState | 'none';
  outcome: string;
  next: string;
  available: number;
  reserved: number;
  sold: number;
}

const STOCK: StockRow = {
  partition: 1,
  skuId: 'sku-1',
  epoch: 3,
  version: 10,
  available: 5,
  reserved: 2,
  sold: 2,
  total: 9,
};

const LINE = { skuId: 'sku-1', quantity: 2, limited: false, returned: 0 };

function part(state: ReservationState): HeldPart {
  const ids = { reservationId: 'r1', orderId: 'o1', userId: 'ann', fingerprint: 'f' };
  return { partition: 1, ...ids, state, lines: [LINE] };
}

function closing(verb: CloseVerb, skuIds: string[]) {
  return { verb, partition: 1, reservationId: 'r1', orderId: 'o1', skuIds };
}
