// What a carrier tells of a shipment on its way. Events do not change the order: they have no version,
// and the state machine does not know them.
//
// Order of the checks: idempotency first, so that a retry is answered although the order has moved on.

import type { OrderState, TrackingEvent } from './order.js';

/** A parcel is seen some ten times; far more than that is a carrier gone wild. */
export const TRACKING_EVENTS_MAX = 100;

/** An event that wants to be added; without a time it happens now. */
export type NewTrackingEvent = Omit<TrackingEvent, 'atMs'> & { readonly atMs: number | undefined };

export type TrackingDecision =
  | { readonly outcome: 'ADDED'; readonly event: TrackingEvent }
  | { readonly outcome: 'EXISTING' }
  | { readonly outcome: 'REQUEST_ID_REUSED' }
  /** It has not been handed to a carrier, or it is closed. */
  | { readonly outcome: 'NOT_SHIPPED' }
  | { readonly outcome: 'TRACKING_FULL' };

export function decideTracking(
  order: { readonly state: OrderState; readonly tracking: readonly TrackingEvent[] },
  asked: NewTrackingEvent,
  nowMs: number,
): TrackingDecision {
  const earlier = order.tracking.find((event) => event.requestId === asked.requestId);
  if (earlier) return { outcome: same(earlier, asked) ? 'EXISTING' : 'REQUEST_ID_REUSED' };
  if (!takesTracking(order.state)) return { outcome: 'NOT_SHIPPED' };
  if (order.tracking.length >= TRACKING_EVENTS_MAX) return { outcome: 'TRACKING_FULL' };
  return { outcome: 'ADDED', event: { ...asked, atMs: asked.atMs ?? nowMs } };
}

/** In these states an order of one version may still come to say more. */
export function takesTracking(state: OrderState): boolean {
  return state === 'SHIPPED' || state === 'DELIVERED';
}

/** By the time of the events, not of their arrival: carriers report late and out of order. */
export function inTime(events: readonly TrackingEvent[]): TrackingEvent[] {
  return [...events].sort((a, b) => {
    if (a.atMs !== b.atMs) return a.atMs - b.atMs;
    return a.requestId < b.requestId ? -1 : 1;
  });
}

// A retry that leaves the time to us cannot know which time the first try got.
function same(earlier: TrackingEvent, asked: NewTrackingEvent): boolean {
  const { status, place, text, atMs } = asked;
  const words = earlier.status === status && earlier.place === place && earlier.text === text;
  return words && (atMs === undefined || atMs === earlier.atMs);
}
