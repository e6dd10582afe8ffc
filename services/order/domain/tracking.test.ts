// Promise: an event is added once, to orders that are on their way, and never more than a hundred.
// Method: a table, and a list out of order.

import { expect, test } from '@jest/globals';
import type { OrderState, TrackingEvent } from './order.js';
import { orderIn } from './orders.fixture.js';
import { decideTracking, inTime, type NewTrackingEvent, TRACKING_EVENTS_MAX } from './tracking.js';

const NOW_MS = 5_000;
const known = event('known', 1_000);

function event(requestId: string, atMs: number): TrackingEvent {
  return { requestId, status: 'in_transit', place: 'Hub', text: 'on its way', atMs };
}

test.each<[OrderState, Partial<NewTrackingEvent>, string]>([
  ['PENDING_PAYMENT', {}, 'NOT_SHIPPED'],
  ['PAID', {}, 'NOT_SHIPPED'],
  ['SHIPPED', {}, 'ADDED'],
  ['DELIVERED', {}, 'ADDED'],
  ['COMPLETED', {}, 'NOT_SHIPPED'],
  ['CANCELLED', {}, 'NOT_SHIPPED'],
  // A retry is answered wherever the order has gone since.
  ['SHIPPED', known, 'EXISTING'],
  ['COMPLETED', known, 'EXISTING'],
  ['SHIPPED', { ...known, atMs: undefined }, 'EXISTING'],
  ['SHIPPED', { ...known, atMs: 1_001 }, 'REQUEST_ID_REUSED'],
  ['SHIPPED', { ...known, status: 'lost' }, 'REQUEST_ID_REUSED'],
  ['SHIPPED', { ...known, place: 'Port' }, 'REQUEST_ID_REUSED'],
  ['COMPLETED', { ...known, text: '' }, 'REQUEST_ID_REUSED'],
])('%s, %j: %s', (state, changes, wanted) => {
  const order = orderIn(state, { tracking: [known] });
  const asked = { ...event('new', 2_000), ...changes };
  expect(decideTracking(order, asked, NOW_MS).outcome).toBe(wanted);
});

test('without a time it happens now', () => {
  const asked = { ...event('new', 0), atMs: undefined };
  const decision = decideTracking(orderIn('SHIPPED'), asked, NOW_MS);
  expect(decision).toEqual({ outcome: 'ADDED', event: event('new', NOW_MS) });
});

test('a full order takes no more, but still knows what it has', () => {
  const tracking = Array.from({ length: TRACKING_EVENTS_MAX }, (_, i) => event(`e${i}`, i));
  const full = orderIn('SHIPPED', { tracking });
  const room = orderIn('SHIPPED', { tracking: tracking.slice(1) });
  expect(decideTracking(room, event('new', 1), NOW_MS).outcome).toBe('ADDED');
  expect(decideTracking(full, event('new', 1), NOW_MS).outcome).toBe('TRACKING_FULL');
  expect(decideTracking(full, event('e7', 7), NOW_MS).outcome).toBe('EXISTING');
});

test('events stand by their time, not by their arrival', () => {
  const events = [event('late', 9), event('b', 5), event('a', 5), event('early', 1)];
  expect(inTime(events).map(({ requestId }) => requestId)).toEqual(['early', 'a', 'b', 'late']);
});
