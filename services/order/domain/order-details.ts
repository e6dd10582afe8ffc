// What an order needs to know beside its lines, by its type: where goods go, when a guest stays, which
// account is topped up. Details belong to the request: two requests that differ in them are not the
// same, and they are kept with the order as they came.

import { type DetailsKind, type OrderType, orderSteps } from './order-types.js';
import type { PresaleTerms } from './presale-terms.js';

export type OrderDetails =
  | { readonly kind: 'SHIPPING'; readonly recipient: string; readonly address: string }
  /** Days as YYYY-MM-DD, by the calendar of the place. */
  | { readonly kind: 'BOOKING'; readonly checkIn: string; readonly checkOut: string }
  | { readonly kind: 'TOP_UP'; readonly account: string };

export interface DetailsRefusal {
  readonly outcome: 'DETAILS_INVALID';
  /** As in the contract: `booking.check_in`. */
  readonly field: string;
  readonly problem: string;
}

const FIELDS = {
  SHIPPING: 'shipping',
  BOOKING: 'booking',
  TOP_UP: 'top_up',
} as const satisfies Record<DetailsKind, string>;

const DAY_MS = 86_400_000;
// The last place on earth where a day ends is 12 hours behind UTC.
const LAST_PLACE_MS = 12 * 3_600_000;

/** What is wrong with the details of a request of this type, whatever the time is. */
export function refuseDetails(
  type: OrderType,
  details: OrderDetails | undefined,
): DetailsRefusal | undefined {
  const { details: kind, detailsRequired } = orderSteps[type];
  if (!details) {
    if (!detailsRequired || !kind) return undefined;
    return invalid(FIELDS[kind], `a ${type} order needs it`);
  }
  if (details.kind !== kind) return invalid(FIELDS[details.kind], `a ${type} order has none`);
  return details.kind === 'BOOKING' ? refuseStay(details) : undefined;
}

/**
 * How long the buyer may take to pay from now on; at most the window. Zero or less: it is too late
 * for an order of this kind.
 */
export function timeToPayMs(
  type: OrderType,
  { details, presale }: { details: OrderDetails | undefined; presale: PresaleTerms | undefined },
  windowMs: number,
  nowMs: number,
): number {
  const { paidBefore } = orderSteps[type];
  if (paidBefore === 'BALANCE_DUE' && presale) {
    return Math.min(windowMs, presale.balanceDueMs - nowMs);
  }
  if (paidBefore !== 'CHECK_IN_OVER' || details?.kind !== 'BOOKING') return windowMs;
  const overMs = (dayStartMs(details.checkIn) ?? 0) + DAY_MS + LAST_PLACE_MS;
  return Math.min(windowMs, overMs - nowMs);
}

/** For the fingerprint of a request. The first part is no SKU, so it cannot be taken for a line. */
export function detailsParts(details: OrderDetails): string[] {
  switch (details.kind) {
    case 'SHIPPING':
      return ['/SHIPPING', details.recipient, details.address];
    case 'BOOKING':
      return ['/BOOKING', details.checkIn, details.checkOut];
    case 'TOP_UP':
      return ['/TOP_UP', details.account];
  }
}

function refuseStay(stay: { checkIn: string; checkOut: string }): DetailsRefusal | undefined {
  const inMs = dayStartMs(stay.checkIn);
  const outMs = dayStartMs(stay.checkOut);
  if (inMs === undefined) return invalid('booking.check_in', 'is no day of the calendar');
  if (outMs === undefined) return invalid('booking.check_out', 'is no day of the calendar');
  if (outMs <= inMs) return invalid('booking.check_out', 'must be after check_in');
  return undefined;
}

// Date.parse takes the 31st of June for the 1st of July, so the day must come back as it went.
function dayStartMs(day: string): number | undefined {
  const startMs = Date.parse(`${day}T00:00:00.000Z`);
  if (Number.isNaN(startMs)) return undefined;
  return new Date(startMs).toISOString().startsWith(day) ? startMs : undefined;
}

function invalid(field: string, problem: string): DetailsRefusal {
  return { outcome: 'DETAILS_INVALID', field, problem };
}
