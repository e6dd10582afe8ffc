// Which steps an order takes, by what is being bought. A new type is one more line of this table.

export type OrderType = 'PHYSICAL' | 'VIRTUAL' | 'TOP_UP';

export interface OrderSteps {
  /** Units are reserved when it is placed, sold when it is paid, given back when it is cancelled. */
  readonly takesStock: boolean;
  /** It passes through a carrier's hands before it is delivered. */
  readonly ships: boolean;
}

export const orderSteps: Readonly<Record<OrderType, OrderSteps>> = {
  PHYSICAL: { takesStock: true, ships: true },
  VIRTUAL: { takesStock: false, ships: false },
  TOP_UP: { takesStock: false, ships: false },
};
