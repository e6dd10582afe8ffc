// Orders for tests: one that was just placed, and the same one further along.

import type { Order, OrderLine, OrderState, OrderTransition } from './order.js';
import type { PresaleTerms } from './presale-terms.js';

const EARLIER: Record<OrderState, OrderState[]> = {
  PENDING_PAYMENT: [],
  DEPOSIT_PAID: ['PENDING_PAYMENT'],
  PAID: ['PENDING_PAYMENT'],
  SHIPPED: ['PENDING_PAYMENT', 'PAID'],
  DELIVERED: ['PENDING_PAYMENT', 'PAID', 'SHIPPED'],
  COMPLETED: ['PENDING_PAYMENT', 'PAID', 'SHIPPED', 'DELIVERED'],
  CANCELLED: ['PENDING_PAYMENT'],
};

/** An order in the given state, with the transitions that led there. */
export function orderIn(state: OrderState, changes: Partial<Order> = {}): Order {
  const path = [...EARLIER[state], state];
  const shipped = path.includes('SHIPPED');
  return {
    orderId: 7_000_000_001n,
    userId: 'ada',
    requestId: 'request-1',
    fingerprint: 'f'.repeat(22),
    type: 'PHYSICAL',
    details: undefined,
    state,
    version: path.length,
    currency: 'EUR',
    totalMinor: 1999n,
    discountMinor: 0n,
    payableMinor: 1999n,
    presale: undefined,
    paymentDeadlineMs: 900_000,
    paidMs: path.includes('PAID') ? 2_000 : undefined,
    carrier: shipped ? 'dhl' : undefined,
    trackingNumber: shipped ? 'T1' : undefined,
    createdMs: 1_000,
    updatedMs: path.length * 1_000,
    lines: [lineOf('tea', 1, 1999n)],
    transitions: path.map((to, i) => ({
      version: i + 1,
      from: path[i - 1],
      to,
      operator: 'user',
      remark: '',
      atMs: (i + 1) * 1_000,
    })),
    tracking: [],
    refunds: [],
    ...changes,
  };
}

export const TERMS: PresaleTerms = {
  depositMinor: 500n,
  balanceOpensMs: 100_000,
  balanceDueMs: 200_000,
  depositRefundable: true,
};

/** A presale of 19.99 in the given state; one that is cancelled had its deposit paid. */
export function presaleIn(state: OrderState, changes: Partial<Order> = {}): Order {
  const order = orderIn(state, { type: 'PRESALE', presale: TERMS });
  if (state === 'PENDING_PAYMENT' || state === 'DEPOSIT_PAID') return { ...order, ...changes };
  const [placed, ...later] = order.transitions;
  const paid: OrderTransition = {
    version: 2,
    from: 'PENDING_PAYMENT',
    to: 'DEPOSIT_PAID',
    operator: 'payment',
    remark: '',
    atMs: 1_500,
  };
  const after = later.map((made, i) => {
    return { ...made, version: made.version + 1, from: i === 0 ? paid.to : made.from };
  });
  const transitions = placed ? [placed, paid, ...after] : [];
  return { ...order, version: order.version + 1, transitions, ...changes };
}

/** A line whose offer had no attributes. */
export function lineOf(skuId: string, quantity: number, unitPriceMinor: bigint): OrderLine {
  const title = skuId.toUpperCase();
  return { skuId, title, quantity, unitPriceMinor, attributes: {}, snapshotHash: `of-${skuId}` };
}
