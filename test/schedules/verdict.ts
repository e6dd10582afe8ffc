// What must be true of a schedule when it has come to rest, whatever happened in it. The provider's
// ledger says what the buyer has paid; the rest must agree with it to the cent and to the unit.

import { refundedMinor } from '../../services/order/domain/line-refund.js';
import type { Order } from '../../services/order/domain/order.js';
import type { PaymentFile } from '../../services/payment/domain/payment-file.js';
import { LINES, PAYABLE_MINOR } from './play.js';
import { ORDER_ID, type World } from './world.js';

/** What a schedule has come to, to be counted: none of it may be rare. */
export const ENDINGS = [
  'PAID',
  'SHIPPED',
  'CANCELLED',
  'SURPLUS',
  'LINES',
  'GOODWILL',
  'RETURNED',
] as const;
export type Ending = (typeof ENDINGS)[number];

export async function judge(world: World): Promise<Ending[]> {
  const order = await world.books.orders.read(ORDER_ID, world.soon());
  const file = await world.books.payment(ORDER_ID);
  if (!order) throw new Error('the order is gone');
  same('left for a person', world.parked.join('; '), '');
  judgeWay(order);
  judgeMoney(world, order, file);
  await judgeUnits(world, order);
  return endings(world, order, file);
}

/** One end, reached by one way: paid at most once, given up at most once, and nothing after it. */
function judgeWay({ state, transitions }: Order): void {
  const ended = ['PAID', 'SHIPPED', 'CANCELLED'].includes(state);
  same(`an end, and not ${state}`, ended, true);
  const ways = transitions.map(({ from, to }) => `${from ?? ''}>${to}`);
  const count = (way: string) => ways.filter((one) => one.includes(way)).length;
  same('paid at most once', count('PENDING_PAYMENT>PAID') <= 1, true);
  same('cancelled once', count('>CANCELLED'), state === 'CANCELLED' ? 1 : 0);
  same('over when it is over', count('CANCELLED>'), 0);
}

function judgeMoney({ provider }: World, order: Order, file: PaymentFile | undefined): void {
  const { payment, refunds = [] } = file ?? {};
  if (!payment) throw new Error('an order has a payment, or a tombstone in its place');
  const open = refunds.filter(({ state }) => state !== 'SUCCEEDED');
  same('refunds that did not arrive', open.length, 0);
  const counted = refunds.filter(({ surplus }) => !surplus);
  const { capturedMinor, refundedMinor: returnedMinor } = payment;
  same('the sum of the refunds', sum(counted), returnedMinor);
  same('refunded at most what was captured', returnedMinor <= capturedMinor, true);
  // What we believe is what the provider has: no capture is counted twice, and none is missed.
  same('what the provider keeps', provider.keptMinor, capturedMinor - returnedMinor);
  same('captured', capturedMinor, provider.captures > 0 ? PAYABLE_MINOR : 0n);
  // What was kept is what the order is worth to its buyer.
  const worth = order.state === 'CANCELLED' ? 0n : PAYABLE_MINOR - refundedMinor(order);
  const goodwill = sum(counted.filter(({ requestId }) => !requestId.startsWith('/')));
  const allowance = goodwill < worth ? goodwill : worth;
  same('what the order is worth', provider.keptMinor, worth - allowance);
  // Nobody can begin to pay for what was given up.
  const given = order.state === 'CANCELLED' && order.paidMs === undefined;
  const states = given ? ['CANCELLED', 'SUCCEEDED'] : ['SUCCEEDED'];
  same(`one of ${states.join()}, and not ${payment.state}`, states.includes(payment.state), true);
}

async function judgeUnits({ stock, keys }: World, order: Order): Promise<void> {
  const over = order.state === 'CANCELLED' && order.carrier === undefined;
  const kept = LINES.map(({ skuId, quantity }) => {
    if (over) return '0/0';
    const back = order.refunds.flatMap(({ unitsReturned, lines }) => (unitsReturned ? lines : []));
    const units = back.filter((line) => line.skuId === skuId).map((line) => line.quantity);
    return `${quantity - units.reduce((all, one) => all + one, 0)}/0`;
  });
  const report = await stock.report(LINES.map(({ skuId }) => skuId));
  same('sold and reserved', report, kept.join(' '));
  const unpaid = order.paidMs === undefined ? 'RELEASED' : 'RETURNED';
  const states = new Set(await stock.states(keys.reservationId('ann', 'r1')));
  same('the reservation', [...states].join(), over ? unpaid : 'CONFIRMED');
}

type Fact = string | number | bigint | boolean;

// Said some fifteen times a schedule, which a matcher would make the dearest part of it.
function same(what: string, found: Fact, wanted: Fact): void {
  if (found !== wanted) throw new Error(`${what}: ${found} instead of ${wanted}`);
}

function endings({ provider }: World, order: Order, file: PaymentFile | undefined): Ending[] {
  const refunds = file?.refunds ?? [];
  const found: [Ending, boolean][] = [
    [order.state as Ending, true],
    ['SURPLUS', provider.captures > 1],
    ['LINES', order.refunds.length > 0],
    ['GOODWILL', refunds.some(({ requestId }) => requestId.startsWith('goodwill'))],
    ['RETURNED', order.state === 'CANCELLED' && provider.captures > 0],
  ];
  return found.filter(([, is]) => is).map(([ending]) => ending);
}

function sum(refunds: readonly { readonly amountMinor: bigint }[]): bigint {
  return refunds.reduce((all, one) => all + one.amountMinor, 0n);
}
