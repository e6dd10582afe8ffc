// Prices an order from the offers of its lines, never from what the caller sends. Amounts are exact
// integers in minor units; no sum leaves the range that money may have.

import { type Offer, saleState } from './offer.js';
import type { OrderLine } from './order.js';
import type { OrderType } from './order-types.js';
import { type PresaleRefusal, presaleOf } from './presale.js';
import type { PresaleTerms } from './presale-terms.js';
import type { RequestedLine } from './request.js';

/** As on the wire: 20 lines of 10,000 units at the highest price would not fit into 63 bits. */
export const AMOUNT_MINOR_MAX = 1_000_000_000_000_000n;

export interface Price {
  readonly outcome: 'PRICED';
  readonly currency: string;
  readonly lines: readonly OrderLine[];
  readonly totalMinor: bigint;
  readonly discountMinor: bigint;
  readonly payableMinor: bigint;
  readonly presale: PresaleTerms | undefined;
}

export type PriceRefusal =
  | { readonly outcome: 'OFFER_UNKNOWN'; readonly skuId: string }
  | { readonly outcome: 'SALE_NOT_OPEN'; readonly skuId: string; readonly opensMs: number }
  | { readonly outcome: 'SALE_CLOSED'; readonly skuId: string }
  | PresaleRefusal
  | { readonly outcome: 'CURRENCY_MIXED' }
  | { readonly outcome: 'TOTAL_TOO_LARGE' };

/** `offers[i]` is the offer of `lines[i]`. The first line that is refused decides. */
export function priceLines(
  type: OrderType,
  lines: readonly RequestedLine[],
  offers: readonly (Offer | undefined)[],
  nowMs: number,
): Price | PriceRefusal {
  const priced: OrderLine[] = [];
  let currency: string | undefined;
  let mixed = false;
  let totalMinor = 0n;
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i] as RequestedLine;
    const offer = offers[i];
    const refusal = refuseOffer(line.skuId, offer, nowMs);
    if (refusal) return refusal;
    const { title, unitPriceMinor, attributes, snapshotHash, currency: own } = offer as Offer;
    currency ??= own;
    mixed ||= own !== currency;
    totalMinor += unitPriceMinor * BigInt(line.quantity);
    const { skuId, quantity } = line;
    priced.push({ skuId, title, quantity, unitPriceMinor, attributes, snapshotHash });
  }
  if (mixed) return { outcome: 'CURRENCY_MIXED' };
  if (totalMinor > AMOUNT_MINOR_MAX) return { outcome: 'TOTAL_TOO_LARGE' };
  // None was refused, so there is one for each line.
  const presale = presaleOf(type, lines, offers as readonly Offer[], nowMs);
  if (presale && 'outcome' in presale) return presale;
  const amounts = { totalMinor, discountMinor: 0n, payableMinor: totalMinor };
  return { outcome: 'PRICED', currency: currency ?? '', lines: priced, ...amounts, presale };
}

function refuseOffer(
  skuId: string,
  offer: Offer | undefined,
  nowMs: number,
): PriceRefusal | undefined {
  if (!offer) return { outcome: 'OFFER_UNKNOWN', skuId };
  const sale = saleState(offer, nowMs);
  if (sale === 'OPEN') return undefined;
  if (sale === 'CLOSED') return { outcome: 'SALE_CLOSED', skuId };
  return { outcome: 'SALE_NOT_OPEN', skuId, opensMs: offer.opensMs ?? 0 };
}
