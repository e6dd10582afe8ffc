// Which way an order goes, by what is being bought: which steps run, which details it needs, and what
// ends the time to pay. A new type is one more line of this table.

export type OrderType = 'PHYSICAL' | 'VIRTUAL' | 'TOP_UP' | 'BOOKING' | 'PRESALE';

/** What an order knows beside its lines, see order-details.ts. */
export type DetailsKind = 'SHIPPING' | 'BOOKING' | 'TOP_UP';

export interface OrderSteps {
  /** Units are reserved when it is placed, sold when it is paid, given back when it is cancelled. */
  readonly takesStock: boolean;
  /** It passes through a carrier's hands before it is delivered. */
  readonly ships: boolean;
  /** The only details that it may carry. */
  readonly details: DetailsKind | undefined;
  readonly detailsRequired: boolean;
  /** It is paid within the payment window, and before this. */
  readonly paidBefore: 'CHECK_IN_OVER' | 'BALANCE_DUE' | undefined;
  /** A deposit is paid in that time, and the balance later; both before it goes on as paid. */
  readonly paysDeposit: boolean;
}

const plain = {
  details: undefined,
  detailsRequired: false,
  paidBefore: undefined,
  paysDeposit: false,
} as const;

export const orderSteps: Readonly<Record<OrderType, OrderSteps>> = {
  PHYSICAL: { ...plain, takesStock: true, ships: true, details: 'SHIPPING' },
  VIRTUAL: { ...plain, takesStock: false, ships: false },
  // Without details it is the buyer's own account, as before there were any.
  TOP_UP: { ...plain, takesStock: false, ships: false, details: 'TOP_UP' },
  BOOKING: {
    ...plain,
    takesStock: true,
    ships: false,
    details: 'BOOKING',
    detailsRequired: true,
    paidBefore: 'CHECK_IN_OVER',
  },
  PRESALE: {
    ...plain,
    takesStock: true,
    ships: true,
    details: 'SHIPPING',
    paidBefore: 'BALANCE_DUE',
    paysDeposit: true,
  },
};
