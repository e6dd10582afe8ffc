// What is measured of the order service, in the order of a round: reads and changes are of the
// orders that this round has placed.
import type { OrderFigures } from '../bench-result.js';
import type { Load } from '../measure.js';
import type { Measurement } from '../rounds.js';
import type { Shop } from './shop.js';

export type OrderMeasurement = Measurement<keyof OrderFigures>;

/**
 * Waits for quiet before the load, so that nothing of the one before is counted, and after it, so
 * that all of its own is.
 */
export function quietly<Name extends string>(
  name: Name,
  quiet: () => Promise<void>,
  make: () => Load | Promise<Load>,
): Measurement<Name> {
  return {
    name,
    async load() {
      const load = await make();
      await quiet();
      return { ...load, settled: quiet };
    },
  };
}

export function orderMeasurements(shop: Shop, quiet: () => Promise<void>): OrderMeasurement[] {
  const measurement = (name: keyof OrderFigures, make: () => Load | Promise<Load>) =>
    quietly(name, quiet, make);
  return [
    measurement('create_order', () => shop.createOrder()),
    measurement('create_order_limited', () => shop.createLimited()),
    measurement('sold_out', () => shop.soldOut()),
    measurement('duplicate', () => shop.duplicate()),
    measurement('get_order', () => shop.getOrder()),
    measurement('ship_order', () => shop.shipOrder()),
    measurement('deliver_order', () => shop.deliverOrder()),
    measurement('cancel_order', () => shop.cancelOrder()),
  ];
}
