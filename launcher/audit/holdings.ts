// Orders against reservations: every live order of goods holds exactly its lines, and nobody else
// holds anything. The pure half: it compares lines that somebody has read.
import { type Problem, problem } from './problem.js';

/** What a reservation line may be, and what an order makes of it. */
export type Hold = 'RESERVED' | 'CONFIRMED';

export type OrderStatus = 'NONE' | 'PENDING' | 'SOLD' | 'CANCELLED' | 'CANCELLED_SHIPPED';

/** One order line, or one order without lines (skuId ''). */
export interface OrderLine {
  readonly orderId: string;
  readonly status: Exclude<OrderStatus, 'NONE'>;
  /** Virtual goods take no stock. */
  readonly takesStock: boolean;
  readonly skuId: string;
  readonly quantity: number;
}

export interface HeldLine {
  readonly orderId: string;
  readonly reservationId: string;
  readonly skuId: string;
  readonly quantity: number;
  readonly hold: Hold;
  readonly holdUntilMs: number;
}

/**
 * What a line of an order with this status must be held as. The goods of an order that an operator
 * cancelled after shipping are away: their units stay sold.
 */
export const HOLD_OF_STATUS: Readonly<Record<OrderStatus, Hold | undefined>> = {
  NONE: undefined,
  PENDING: 'RESERVED',
  SOLD: 'CONFIRMED',
  CANCELLED: undefined,
  CANCELLED_SHIPPED: 'CONFIRMED',
};

export interface HoldingsFound {
  readonly problems: readonly Problem[];
  /** Units of reservations whose order is still being made. */
  readonly inFlightUnits: number;
}

/** Both sides must be complete for the orders that they name. */
export function compareHoldings(
  orderLines: readonly OrderLine[],
  heldLines: readonly HeldLine[],
  nowMs: number,
): HoldingsFound {
  const found: Problem[] = [];
  const statusOf = new Map<string, OrderStatus>();
  const owed = new Map<string, OrderLine>();
  for (const line of orderLines) {
    statusOf.set(line.orderId, line.status);
    const owes = line.takesStock && line.skuId !== '' && HOLD_OF_STATUS[line.status] !== undefined;
    if (owes) owed.set(lineKey(line), line);
  }
  let inFlightUnits = 0;
  for (const held of heldLines) {
    const line = owed.get(lineKey(held));
    const status = statusOf.get(held.orderId) ?? 'NONE';
    if (line === undefined) {
      const young = status === 'NONE' && held.hold === 'RESERVED' && held.holdUntilMs > nowMs;
      if (young) inFlightUnits += held.quantity;
      else found.push(leaked(held, status));
      continue;
    }
    owed.delete(lineKey(held));
    const wanted = HOLD_OF_STATUS[line.status];
    if (held.hold !== wanted || held.quantity !== line.quantity) {
      found.push(unequal(held, line, wanted));
    }
  }
  for (const line of owed.values()) {
    const detail = `${line.quantity} of ${line.skuId} promised (${line.status}), nothing held`;
    found.push(problem('UNHELD', `order ${line.orderId}`, detail, line.quantity));
  }
  return { problems: found, inFlightUnits };
}

function leaked(held: HeldLine, status: OrderStatus): Problem {
  const order = status === 'NONE' ? 'there is no such order' : `the order is ${status}`;
  const what = `${held.quantity} of ${held.skuId} ${held.hold} by ${held.reservationId}`;
  return problem('LEAKED', `order ${held.orderId}`, `${what}, but ${order}`, held.quantity);
}

function unequal(held: HeldLine, line: OrderLine, wanted: Hold | undefined): Problem {
  const surplus = held.quantity - line.quantity;
  const detail =
    `${line.quantity} of ${line.skuId} must be ${wanted}, ` +
    `but ${held.quantity} are ${held.hold} by ${held.reservationId}`;
  // Too much held is a leak; too little, or in the wrong state, is a promise without its units.
  const kind = surplus > 0 ? 'LEAKED' : 'UNHELD';
  return problem(kind, `order ${line.orderId}`, detail, Math.abs(surplus));
}

function lineKey(line: { orderId: string; skuId: string }): string {
  return `${line.orderId}\n${line.skuId}`;
}
