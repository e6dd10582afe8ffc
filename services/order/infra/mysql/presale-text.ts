// The terms of a presale as they lie in a column, of an offer or of an order: JSON in one order of its
// members, so that equal terms are equal text. The audit reads the deposit out of it.

import type { PresaleTerms } from '../../domain/presale-terms.js';

type Stored = Omit<PresaleTerms, 'depositMinor'> & { readonly depositMinor: string };

/** NULL for what is paid at once. */
export function presaleText(presale: PresaleTerms | undefined): string | null {
  if (presale === undefined) return null;
  const { balanceOpensMs, balanceDueMs, depositRefundable } = presale;
  const stored: Stored = {
    // As text: JSON numbers end at 2^53.
    depositMinor: presale.depositMinor.toString(),
    balanceOpensMs,
    balanceDueMs,
    depositRefundable,
  };
  return JSON.stringify(stored);
}

export function presaleIn(text: string | null): PresaleTerms | undefined {
  if (text === null) return undefined;
  const stored = JSON.parse(text) as Stored;
  return { ...stored, depositMinor: BigInt(stored.depositMinor) };
}
