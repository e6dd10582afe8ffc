// The numbers that stand for words in the tables of orders. A number is never given to another word.

import type { OrderState } from '../../domain/order.js';
import type { OrderType } from '../../domain/order-types.js';

/** A tombstone: no order has the id, and none ever will. */
export const VOID_STATE = 0;

export const stateCodes = {
  PENDING_PAYMENT: 1,
  PAID: 2,
  SHIPPED: 3,
  DELIVERED: 4,
  COMPLETED: 5,
  CANCELLED: 6,
  DEPOSIT_PAID: 7,
} as const satisfies Record<OrderState, number>;

export const typeCodes = {
  PHYSICAL: 1,
  VIRTUAL: 2,
  TOP_UP: 3,
  BOOKING: 4,
  PRESALE: 5,
} as const satisfies Record<OrderType, number>;

const states = new Map(entriesOf(stateCodes));
const types = new Map(entriesOf(typeCodes));

export function stateOf(code: number): OrderState {
  return wordOf(states, code);
}

export function typeOf(code: number): OrderType {
  return wordOf(types, code);
}

function entriesOf<K extends string>(codes: Record<K, number>): [number, K][] {
  return (Object.entries(codes) as [K, number][]).map(([word, code]) => [code, word]);
}

function wordOf<K>(words: ReadonlyMap<number, K>, code: number): K {
  const word = words.get(code);
  if (word === undefined) throw new Error(`unknown code ${code} in the order tables`);
  return word;
}
