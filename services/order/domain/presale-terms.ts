// The words of what is paid in two parts, a deposit and a balance.

export interface PresaleTerms {
  /** Of one unit in an offer, of all units in an order. More than nothing, and less than the price. */
  readonly depositMinor: bigint;
  readonly balanceOpensMs: number;
  /** When the order ends unless its balance is paid; the presale itself is over then. */
  readonly balanceDueMs: number;
  /** Whether a buyer who gives the order up, or does not pay its balance in time, gets it back. */
  readonly depositRefundable: boolean;
}

/** Which payment of an order: all of it or its deposit, or the balance. */
export type PaymentPart = 'FIRST' | 'BALANCE';
