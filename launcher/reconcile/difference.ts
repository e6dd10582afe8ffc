// What can differ between our books and the provider's, each cause with what it means and what a person
// does about it. SAFE causes are repaired by asking the provider again: its answer then goes the way of
// every callback. Nothing is repaired where money would have to be believed or given up on a guess.

export const CAUSES = {
  CALLBACK_LOST: {
    safe: true,
    means: 'The provider has the money and its callback never came. It is asked again.',
  },
  TIMED_OUT: {
    safe: true,
    means:
      'The buyer was given up and paid after all. The provider is asked again; what nobody is owed ' +
      'any more is refunded by itself.',
  },
  CONTRADICTED: {
    safe: true,
    means: 'A failure was told of a charge that succeeded. The provider is asked again.',
  },
  REFUND_CALLBACK_LOST: {
    safe: true,
    means: 'The provider has paid it back and we do not know. It is asked again.',
  },
  REFUND_WAITING: {
    safe: true,
    means: 'We owe this refund and the provider has not made it. It is asked again.',
  },
  REFUND_REFUSED: {
    safe: true,
    means:
      'The provider refused this refund, which is asked for again. If it stays: pay the buyer back ' +
      'in another way, or settle with the provider why it refuses.',
  },
  CHARGE_UNKNOWN: {
    safe: false,
    means:
      'The provider has money under a name that is not in our books: it is no payment of ours, or ' +
      'we have lost one. Find the buyer in the statement and refund at the provider.',
  },
  CHARGED_TWICE: {
    safe: false,
    means: 'The provider has charged twice for one attempt of ours. Refund the second one there.',
  },
  CHARGE_MISSING: {
    safe: false,
    means:
      'We believe in money that the provider does not have: a callback was signed and false, or the ' +
      'statement ends too early. Stop the shipment of the order, then ask the provider.',
  },
  NUMBER_DIFFERS: {
    safe: false,
    means: 'Both have the charge, each by another number. Ask the provider which one exists.',
  },
  AMOUNT_DIFFERS: {
    safe: false,
    means:
      'Both have it, with another amount or currency. Ask the provider what the buyer has paid.',
  },
  REFUND_UNKNOWN: {
    safe: false,
    means:
      'The provider has paid back what we never asked for, as when somebody refunds at its desk. ' +
      'Our books still have the money: note it, and do not refund it again.',
  },
  REFUND_TWICE: {
    safe: false,
    means: 'One refund of ours was paid back more than once. Claim the surplus from the provider.',
  },
  REFUND_MISSING: {
    safe: false,
    means:
      'We believe that it was paid back and the provider did not do it, or it came back later. Pay ' +
      'the buyer in another way.',
  },
} as const;

export type Cause = keyof typeof CAUSES;

export interface Difference {
  readonly cause: Cause;
  /** Of which payment; what the statement says where it is none of ours. */
  readonly payment: string;
  /** The provider's number, or our key where it has none. */
  readonly number: string;
  readonly detail: string;
}

/** Two looks that found the same found something that stands still. */
export function differenceKey({ cause, payment, number, detail }: Difference): string {
  return JSON.stringify([cause, payment, number, detail]);
}

export function isSafe({ cause }: Difference): boolean {
  return CAUSES[cause].safe;
}
