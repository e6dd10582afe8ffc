// The translator of offers and of the terms of a presale, and what the rules of single fields cannot say
// of an offer: which of its values fit each other.

import type { MessageInitShape } from '@bufbuild/protobuf';
import type {
  OfferSchema,
  PresaleTermsSchema,
  Offer as WireOffer,
  PresaleTerms as WirePresale,
} from '../../../gen/spillway/order/v1/order_pb.js';
import { invalidField } from '../../platform/rpc/errors.js';
import { timestampOf } from '../../platform/rpc/timestamp.js';
import type { NewOffer, Offer } from '../domain/offer.js';
import type { PresaleTerms } from '../domain/presale-terms.js';
import { money, msOf, timestampHolds } from './convert-values.js';

export function offerOf(offer: WireOffer): NewOffer {
  return {
    skuId: offer.skuId,
    title: offer.title,
    currency: offer.unitPrice?.currency ?? '',
    unitPriceMinor: offer.unitPrice?.amountMinor ?? 0n,
    userLimit: offer.userLimit,
    opensMs: msOf(offer.opensAt),
    closesMs: msOf(offer.closesAt),
    attributes: offer.attributes,
    presale: offer.presale && presaleOf(offer.presale),
  };
}

export function offerTo(offer: Offer): MessageInitShape<typeof OfferSchema> {
  return {
    skuId: offer.skuId,
    title: offer.title,
    unitPrice: money(offer.currency, offer.unitPriceMinor),
    userLimit: offer.userLimit,
    opensAt: offer.opensMs === undefined ? undefined : timestampOf(offer.opensMs),
    closesAt: offer.closesMs === undefined ? undefined : timestampOf(offer.closesMs),
    version: BigInt(offer.version),
    attributes: offer.attributes,
    presale: offer.presale && presaleTo(offer.presale, offer.currency, offer.unitPriceMinor),
  };
}

/** `priceMinor` is what deposit and balance come to together. */
export function presaleTo(
  presale: PresaleTerms,
  currency: string,
  priceMinor: bigint,
): MessageInitShape<typeof PresaleTermsSchema> {
  return {
    deposit: money(currency, presale.depositMinor),
    balance: money(currency, priceMinor - presale.depositMinor),
    balanceOpensAt: timestampOf(presale.balanceOpensMs),
    balanceDueAt: timestampOf(presale.balanceDueMs),
    depositRefundable: presale.depositRefundable,
  };
}

/** Throws what is wrong with an offer whose fields each keep their rules. */
export function checkOffer(offer: WireOffer): void {
  const { opensAt, closesAt, presale } = offer;
  if (opensAt && !timestampHolds(opensAt)) throw invalidField('offer.opens_at', 'is no time');
  if (closesAt && !timestampHolds(closesAt)) throw invalidField('offer.closes_at', 'is no time');
  const [opensMs, closesMs] = [msOf(opensAt), msOf(closesAt)];
  if (opensMs !== undefined && closesMs !== undefined && closesMs <= opensMs) {
    throw invalidField('offer.closes_at', 'must be after opens_at');
  }
  if (presale) checkPresale(offer, presale);
}

function checkPresale({ unitPrice }: WireOffer, presale: WirePresale): void {
  const { balanceOpensAt, balanceDueAt, deposit } = presale;
  const wrong = (field: string, problem: string) => invalidField(`offer.presale.${field}`, problem);
  if (!balanceOpensAt || !timestampHolds(balanceOpensAt)) {
    throw wrong('balance_opens_at', 'is no time');
  }
  if (!balanceDueAt || !timestampHolds(balanceDueAt)) throw wrong('balance_due_at', 'is no time');
  const { depositMinor, balanceOpensMs, balanceDueMs } = presaleOf(presale);
  if (balanceDueMs <= balanceOpensMs) {
    throw wrong('balance_due_at', 'must be after balance_opens_at');
  }
  if (deposit?.currency !== unitPrice?.currency) {
    throw wrong('deposit.currency', 'is not that of the price');
  }
  if (depositMinor <= 0n || depositMinor >= (unitPrice?.amountMinor ?? 0n)) {
    throw wrong('deposit.amount_minor', 'must be more than nothing and less than the price');
  }
}

function presaleOf(presale: WirePresale): PresaleTerms {
  return {
    depositMinor: presale.deposit?.amountMinor ?? 0n,
    balanceOpensMs: msOf(presale.balanceOpensAt) ?? 0,
    balanceDueMs: msOf(presale.balanceDueAt) ?? 0,
    depositRefundable: presale.depositRefundable ?? true,
  };
}
