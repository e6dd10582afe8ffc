// What the whole benchmark consists of, by the names that --only takes and the result has.
import type { WholeFigures } from '../bench-result.js';

export const MEASUREMENTS = [
  'create_order',
  'sold_out',
  'duplicate',
  'get_order',
  'get_stock',
  'cancel_order',
  'paid_order',
  'naive',
] as const satisfies readonly (keyof WholeFigures)[];

export const WHOLE_PARTS = [...MEASUREMENTS, 'strategies', 'growth'] as const;
export type WholePart = (typeof WHOLE_PARTS)[number];

/** These are of the orders that create_order has placed in the same round. */
const OF_PLACED_ORDERS: readonly WholePart[] = ['duplicate', 'get_order', 'cancel_order'];

/** What must be measured for the parts that are wanted. */
export function neededFor(wanted: ReadonlySet<WholePart>): (keyof WholeFigures)[] {
  const placing = OF_PLACED_ORDERS.some((part) => wanted.has(part));
  return MEASUREMENTS.filter((name) => wanted.has(name) || (placing && name === 'create_order'));
}
