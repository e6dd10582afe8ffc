// What a cache of orders may hold: what can never change under its name. The lines of an order are
// written once, and so are the transitions that led to one of its versions. Everything else of an
// order, its version first of all, is read from MySQL each time; so is what a carrier tells of it,
// which makes no new version.
//
// Invariant: an entry is named by order and version, and every entry of one name says the same. So
// there is nothing to invalidate: the commit that makes a new version is what ends the old entry. A
// cache that is lost, late, split or promoted from an old copy can only fail to know.

import type { Order, OrderLine, OrderTransition } from '../domain/order.js';

export interface OrderVersion {
  readonly orderId: bigint;
  readonly version: number;
}

export interface OrderParts {
  readonly lines: readonly OrderLine[];
  /** As many as the version says. */
  readonly transitions: readonly OrderTransition[];
}

export interface PartsCache {
  /** One entry per order, undefined where it does not know. Never throws, and never waits long. */
  read(orders: readonly OrderVersion[]): Promise<(OrderParts | undefined)[]>;
  /** Takes orders that were read elsewhere, with their transitions; it may forget any of them. */
  keep(orders: readonly Order[]): void;
}
