// How Stripe writes amounts. It counts the smallest unit of a currency, as we do (ISO 4217), but for a few
// currencies; see https://docs.stripe.com/currencies, "special cases".

/** Have no smaller unit today; Stripe goes on counting hundredths, which must be whole. */
const HUNDREDTHS_THERE = ['ISK', 'UGX'];
/** Has two places by ISO 4217; Stripe counts whole ones. */
const WHOLE_THERE = ['MGA'];
/** Have three places, of which card networks take two. */
const LAST_DIGIT_ZERO = ['BHD', 'JOD', 'KWD', 'OMR', 'TND'];

/** Undefined for an amount that cannot be charged there. */
export function toStripeAmount(currency: string, amountMinor: bigint): number | undefined {
  if (HUNDREDTHS_THERE.includes(currency)) return Number(amountMinor * 100n);
  if (WHOLE_THERE.includes(currency)) return exactly(amountMinor, 100n);
  const rough = LAST_DIGIT_ZERO.includes(currency) && amountMinor % 10n !== 0n;
  return rough ? undefined : Number(amountMinor);
}

/** Undefined for an amount that we cannot write, which is then none of ours. */
export function fromStripeAmount(currency: string, amount: number): bigint | undefined {
  if (HUNDREDTHS_THERE.includes(currency)) {
    return amount % 100 === 0 ? BigInt(amount) / 100n : undefined;
  }
  return WHOLE_THERE.includes(currency) ? BigInt(amount) * 100n : BigInt(amount);
}

function exactly(amount: bigint, unit: bigint): number | undefined {
  return amount % unit === 0n ? Number(amount / unit) : undefined;
}
