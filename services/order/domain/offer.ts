// An offer is what may be bought: one SKU at one price within one sale window.

export interface Offer {
  readonly skuId: string;
  readonly title: string;
  readonly currency: string;
  readonly unitPriceMinor: bigint;
  /** Units that one user may hold or have bought; 0 means no limit. */
  readonly userLimit: number;
  readonly opensMs: number | undefined;
  readonly closesMs: number | undefined;
  /** Grows by one with each change; 0 before it is stored. */
  readonly version: number;
}

/** Whether the sale is on. It opens at `opensMs` and is over at `closesMs`. */
export function saleState(offer: Offer, nowMs: number): 'OPEN' | 'NOT_OPEN' | 'CLOSED' {
  if (offer.opensMs !== undefined && nowMs < offer.opensMs) return 'NOT_OPEN';
  if (offer.closesMs !== undefined && nowMs >= offer.closesMs) return 'CLOSED';
  return 'OPEN';
}
