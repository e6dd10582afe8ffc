// An offer is what may be bought: one SKU at one price within one sale window.

import { requestDigest } from '../../platform/digest.js';
import type { PresaleTerms } from './presale-terms.js';

export interface Offer {
  readonly skuId: string;
  readonly title: string;
  readonly currency: string;
  readonly unitPriceMinor: bigint;
  /** Units that one user may hold or have bought; 0 means no limit. */
  readonly userLimit: number;
  readonly opensMs: number | undefined;
  readonly closesMs: number | undefined;
  /** What a person may want to know of it later: colour, size. */
  readonly attributes: Attributes;
  /** It is sold in advance, under these terms; undefined for what is paid at once. */
  readonly presale: PresaleTerms | undefined;
  /** Grows by one with each change. */
  readonly version: number;
  /** Of what an order keeps of the offer, see snapshotHashOf. */
  readonly snapshotHash: string;
}

export type Attributes = Readonly<Record<string, string>>;

/** An offer as it comes from the shop, before it is stored. */
export type NewOffer = Omit<Offer, 'version' | 'snapshotHash'>;

/**
 * Names what an order keeps of an offer, so that a later change of the offer does not change the
 * order. All orders with the same content share one snapshot.
 */
export function snapshotHashOf(offer: NewOffer): string {
  const parts = [offer.title, offer.currency, offer.unitPriceMinor.toString()];
  return requestDigest(...parts, ...sortedAttributes(offer.attributes).flat());
}

/** By name: a map has no order of its own. */
export function sortedAttributes(attributes: Attributes): [string, string][] {
  return Object.entries(attributes).sort(([a], [b]) => (a < b ? -1 : 1));
}

/** Whether the sale is on. It opens at `opensMs` and is over at `closesMs`. */
export function saleState(offer: Offer, nowMs: number): 'OPEN' | 'NOT_OPEN' | 'CLOSED' {
  if (offer.opensMs !== undefined && nowMs < offer.opensMs) return 'NOT_OPEN';
  if (offer.closesMs !== undefined && nowMs >= offer.closesMs) return 'CLOSED';
  return 'OPEN';
}
