// smoke: does every public step work, over gRPC and over HTTP/JSON? Each arrival lives one order's
// whole life over one protocol and knocks at the corners of the contract.

import { check } from 'k6';
import exec from 'k6/execution';
import { config } from './lib/config.ts';
import { constantly, promisedOptions } from './lib/promises.ts';
import { fillShelves, lookForOversold } from './lib/shelf.ts';
import {
  cancelOrder,
  createOrder,
  getOrder,
  getStock,
  mustRefuse,
  overGrpc,
  overHttp,
  payOrder,
  purchase,
  shipOrder,
  skuName,
} from './lib/shopper.ts';

export { handleSummary } from './lib/summary.ts';

/** One arrival makes some fifteen calls and waits for a payment. */
const SECONDS_EACH = 4;

export const options = promisedOptions(
  { smoke: constantly('liveOneLife', config.rate, SECONDS_EACH) },
  ['create', 'change', 'stock', 'get_order'],
  {
    counts: {
      paid: ['count>0'],
      cancelled: ['count>0'],
      duplicate: ['count>0'],
      refused: ['count>0'],
    },
  },
);

export async function setup(): Promise<void> {
  await fillShelves();
}

export function liveOneLife(): void {
  const number = exec.scenario.iterationInTest;
  const call = number % 2 === 0 ? overGrpc : overHttp;
  const line = { skuId: skuName(number % config.skus), quantity: 1 };
  const bought = purchase(number, [line]);

  const order = createOrder(bought, [], call);
  const again = createOrder(bought, [], call);
  check(again, { 'a copy hears of the same order': (copy) => copy?.orderId === order?.orderId });
  if (order !== undefined && payOrder(order, call)) {
    shipOrder(order.orderId, call);
    const seen = getOrder(order.orderId, call);
    check(seen, { 'the order is shipped': (it) => it?.state === 'ORDER_STATE_SHIPPED' });
    const cancel = { orderId: order.orderId, reason: 'too late' };
    mustRefuse('late_cancel', 'TRANSITION_ILLEGAL', 'order', 'CancelOrder', cancel, call);
  }

  const other = createOrder(purchase(number, [line], 'other'), [], call);
  if (other !== undefined) cancelOrder(other.orderId, call);
  check(getStock(line.skuId, call), { 'units add up': (stock) => addsUp(stock) });
  knockAtCorners(number, call);
}

export function teardown(): void {
  lookForOversold();
}

function knockAtCorners(number: number, call: typeof overGrpc): void {
  const refused = (name: string, reason: string, request: object) =>
    mustRefuse(name, reason, 'order', 'CreateOrder', request, call);
  const line = { skuId: skuName(0), quantity: 1 };
  const bought = purchase(number, [line]);
  refused('reused_id', 'REQUEST_ID_REUSED', {
    ...bought,
    lines: [{ skuId: skuName(number % config.skus), quantity: 2 }],
  });
  const corner = purchase(number, [line], 'corner');
  refused('no_offer', 'OFFER_UNKNOWN', {
    ...corner,
    lines: [{ ...line, skuId: 'nobody-sells-it' }],
  });
  refused('bad_field', 'FIELD_INVALID', { ...corner, userId: 'not an id' });
  refused('too_many', 'SOLD_OUT', { ...corner, lines: [{ ...line, quantity: 10_000 }] });
}

function addsUp(stock: ReturnType<typeof getStock>): boolean {
  if (stock === undefined || stock === null) return false;
  const { available, reserved, sold, total } = stock;
  return Number(available) + Number(reserved) + Number(sold) === Number(total);
}
