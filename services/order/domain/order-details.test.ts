// Promise: an order has the details that its type needs and no others, and is paid while they hold.
// Method: tables.

import { describe, expect, test } from '@jest/globals';
import { type OrderDetails, refuseDetails, timeToPayMs } from './order-details.js';
import { type OrderType, orderSteps } from './order-types.js';

const details: Record<string, OrderDetails | undefined> = {
  none: undefined,
  shipping: { kind: 'SHIPPING', recipient: 'Ada', address: '1 Main St' },
  booking: { kind: 'BOOKING', checkIn: '2028-02-29', checkOut: '2028-03-02' },
  topUp: { kind: 'TOP_UP', account: '+49 30 1234' },
};

test('which details each type takes', () => {
  const table = Object.keys(orderSteps).map((type) => {
    const told = Object.values(details).map(
      (each) => refuseDetails(type as OrderType, each)?.field ?? 'ok',
    );
    return [type, ...told].join(' ');
  });
  expect(table).toEqual([
    // type, then: none, shipping, booking, top-up
    'PHYSICAL ok ok booking top_up',
    'VIRTUAL ok shipping booking top_up',
    'TOP_UP ok shipping booking ok',
    'BOOKING booking shipping ok top_up',
    'PRESALE ok ok booking top_up',
  ]);
});

test.each([
  ['2028-02-29', '2028-03-01', 'ok'],
  ['2027-02-29', '2027-03-01', 'booking.check_in'], // no leap year
  ['2028-06-31', '2028-07-02', 'booking.check_in'],
  ['2028-13-01', '2029-01-01', 'booking.check_in'],
  ['2028-00-01', '2028-01-02', 'booking.check_in'],
  ['2028-06-30', '2028-06-31', 'booking.check_out'],
  ['2028-06-30', '2028-06-30', 'booking.check_out'],
  ['2028-06-30', '2028-06-29', 'booking.check_out'],
  ['0000-01-01', '9999-12-31', 'ok'],
])('a stay from %s to %s: %s', (checkIn, checkOut, wanted) => {
  const refusal = refuseDetails('BOOKING', { kind: 'BOOKING', checkIn, checkOut });
  expect(refusal?.field ?? 'ok').toBe(wanted);
});

describe('the time to pay', () => {
  const HOUR_MS = 3_600_000;
  // The 29th of February ends in the last place on earth at noon UTC of the next day.
  const overMs = Date.UTC(2028, 2, 1, 12);

  test.each<[OrderType, string, number, number, number]>([
    // type, details, hours before check-in is over, window, time to pay
    ['PHYSICAL', 'shipping', 1, 24, 24],
    ['TOP_UP', 'topUp', -1, 24, 24],
    ['BOOKING', 'booking', 48, 24, 24],
    ['BOOKING', 'booking', 5, 24, 5],
    ['BOOKING', 'booking', 0, 24, 0],
    ['BOOKING', 'booking', -1, 24, -1],
    // Of a presale: hours before its balance is due.
    ['PRESALE', 'shipping', 48, 24, 24],
    ['PRESALE', 'shipping', 5, 24, 5],
  ])('of %s with %s, %i h before: %i h become %i h', (type, kind, beforeH, windowH, wantedH) => {
    const nowMs = overMs - beforeH * HOUR_MS;
    const terms = { depositMinor: 1n, balanceOpensMs: 0, depositRefundable: true };
    const presale = type === 'PRESALE' ? { ...terms, balanceDueMs: overMs } : undefined;
    const timeMs = timeToPayMs(type, { details: details[kind], presale }, windowH * HOUR_MS, nowMs);
    expect(timeMs / HOUR_MS).toBe(wantedH);
  });
});
