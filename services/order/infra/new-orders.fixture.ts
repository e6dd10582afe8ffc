// Orders that want to be committed, for tests of stores: each of another user, with two lines.

import { systemClock } from '../../platform/clock.js';
import { IdSource } from '../../platform/ids.js';
import type { NewOrder } from '../app/ports.js';
import { type NewOffer, snapshotHashOf } from '../domain/offer.js';
import type { OrderLine } from '../domain/order.js';
import { orderKeys } from './order-keys.js';

const lease = () => ({ workerId: 1, fromMs: 0, untilMs: Number.MAX_SAFE_INTEGER });
export const keys = orderKeys(new IdSource({ clock: systemClock, lease }));
export const soon = () => Date.now() + 5_000;

let users = 0;
export function newUser(): string {
  users += 1;
  return `user-${users}`;
}

export function newOrder(changes: Partial<NewOrder> = {}): NewOrder {
  const userId = changes.userId ?? newUser();
  return {
    orderId: keys.newOrderId(userId),
    userId,
    requestId: 'r1',
    fingerprint: keys.digest(['one']),
    type: 'PHYSICAL',
    details: undefined,
    currency: 'EUR',
    totalMinor: 5_300n,
    discountMinor: 0n,
    payableMinor: 5_300n,
    presale: undefined,
    paymentWindowMs: 60_000,
    lines: [
      boughtLine(2, { skuId: 'tea', title: 'Tea, “green”', unitPriceMinor: 1_650n }),
      boughtLine(1, { skuId: 'cup', title: "Cup of O'Hara", unitPriceMinor: 2_000n }),
    ],
    fresh: true,
    ...changes,
  };
}

type Terms = Pick<NewOffer, 'skuId' | 'title' | 'unitPriceMinor'> & Partial<NewOffer>;

/** As the saga makes it of an offer. */
export function boughtLine(quantity: number, terms: Terms): OrderLine {
  const open = { userLimit: 0, opensMs: undefined, closesMs: undefined };
  const offer: NewOffer = {
    currency: 'EUR',
    ...open,
    attributes: {},
    presale: undefined,
    ...terms,
  };
  const { skuId, title, unitPriceMinor, attributes } = offer;
  return {
    skuId,
    title,
    quantity,
    unitPriceMinor,
    attributes,
    snapshotHash: snapshotHashOf(offer),
  };
}
