// What a shopper and the staff of the shop can do: one function per step, each counted and
// recorded. Ids are made from the run's tag and the number of the arrival, so a retry of a step is
// the same request.

import { sleep } from 'k6';
import { Trend } from 'k6/metrics';
import { config } from './config.ts';
import {
  type Answer,
  callGrpc,
  callGrpcAsync,
  callHttp,
  type Reply,
  type Service,
} from './mesh.ts';
import { record, recordSeen } from './outcomes.ts';

export interface Line {
  readonly skuId: string;
  readonly quantity: number;
}

export interface PlacedOrder {
  readonly orderId: string;
  readonly paymentId: string;
  readonly duplicate: boolean;
}

export interface Purchase {
  readonly requestId: string;
  readonly userId: string;
  readonly lines: readonly Line[];
}

/** Over which protocol; gRPC unless said otherwise. */
type Call = typeof callGrpc;
export const overGrpc: Call = callGrpc;
export const overHttp: Call = callHttp;

/** From StartPayment until the order itself says PAID, through provider, callback and outbox. */
const timeToPaid = new Trend('time_to_paid', true);

/** Looks at an order that is being paid. Together they are patient for five seconds. */
const PAID_LOOKS_MAX = 100;
const PAID_LOOK_SECONDS = 0.05;

export function skuName(number: number): string {
  return `${config.tag}-s${number}`;
}

/** Arrival `number` of a scenario; `part` tells two scenarios of one script apart. */
export function purchase(number: number, lines: readonly Line[], part = ''): Purchase {
  const name = `${part}${number}`;
  return { requestId: `${config.tag}-r${name}`, userId: `${config.tag}-u${name}`, lines };
}

/** Undefined when it was refused or got no answer. */
export function createOrder(
  bought: Purchase,
  lawful: readonly string[] = [],
  call: Call = overGrpc,
): PlacedOrder | undefined {
  return placed(bought, call('order', 'CreateOrder', bought, 'create'), lawful);
}

/** For copies that are under way at the same time. */
export async function createOrderAsync(
  bought: Purchase,
  lawful: readonly string[],
): Promise<PlacedOrder | undefined> {
  return placed(bought, await callGrpcAsync('order', 'CreateOrder', bought, 'create'), lawful);
}

export function getOrder(orderId: string, call: Call = overGrpc): Answer['order'] {
  const reply = call('order', 'GetOrder', { orderId }, 'get_order');
  record('get_order', reply, { done: 'DONE', ids: { orderId } });
  return reply.ok ? reply.answer.order : undefined;
}

/** True when the order is paid, as the order itself says. */
export function payOrder(order: PlacedOrder, call: Call = overGrpc): boolean {
  const startMs = Date.now();
  const { orderId, paymentId } = order;
  const request = { paymentId, requestId: `${orderId}-pay`, method: 'card' };
  // The payment is made beside the answer to the order: a very quick shopper is asked to come
  // again.
  const reply = untilKnown(() => call('payment', 'StartPayment', request, 'pay'));
  record('pay', reply, { done: 'DONE', ids: { orderId } });
  if (!reply.ok) return false;
  for (let look = 0; look < PAID_LOOKS_MAX; look++) {
    const seen = call('order', 'GetOrder', { orderId }, 'get_order');
    if (seen.ok && seen.answer.order?.state === 'ORDER_STATE_PAID') {
      timeToPaid.add(Date.now() - startMs);
      recordSeen('await_paid', seen, 'PAID', { orderId });
      return true;
    }
    sleep(PAID_LOOK_SECONDS);
  }
  const late = { ok: false as const, reason: 'code=NOT_PAID_IN_TIME' };
  const waited = { atMs: startMs, ms: Date.now() - startMs, protocol: reply.protocol };
  record('await_paid', { ...waited, ...late }, { done: 'PAID', ids: { orderId } });
  return false;
}

export function cancelOrder(orderId: string, call: Call = overGrpc): boolean {
  const request = { orderId, reason: 'changed my mind' };
  const reply = call('order', 'CancelOrder', request, 'change');
  record('cancel', reply, { done: 'CANCELLED', ids: { orderId } });
  return reply.ok;
}

export function shipOrder(orderId: string, call: Call = overGrpc): boolean {
  const request = { orderId, carrier: 'pigeon', trackingNumber: `t-${orderId}` };
  const reply = call('order', 'ShipOrder', request, 'change');
  record('ship', reply, { done: 'DONE', ids: { orderId } });
  return reply.ok;
}

export function getStock(skuId: string, call: Call = overGrpc): Answer['stock'] {
  const reply = call('inventory', 'GetStock', { skuId }, 'stock');
  record('get_stock', reply, { done: 'DONE' });
  return reply.ok ? reply.answer.stock : undefined;
}

/** Expects to be refused, for this reason; for the corners of the contract. */
export function mustRefuse(
  operation: string,
  reason: string,
  service: Service,
  method: string,
  request: object,
  call: Call = overGrpc,
): void {
  const reply = call(service, method, request, operation);
  record(operation, unwelcomeUnlessRefused(reply), { done: 'DONE', lawful: [reason] });
}

function placed(
  bought: Purchase,
  reply: Reply,
  lawful: readonly string[],
): PlacedOrder | undefined {
  const { requestId } = bought;
  const order = reply.ok ? reply.answer.order : undefined;
  const duplicate = reply.ok && reply.answer.duplicate === true;
  record('create', reply, {
    done: duplicate ? 'DUPLICATE' : 'ACCEPTED',
    lawful,
    ids: { requestId, orderId: order?.orderId ?? '' },
  });
  if (order === undefined || order === null) return undefined;
  return { orderId: order.orderId, paymentId: order.paymentId, duplicate };
}

function untilKnown(send: () => Reply): Reply {
  for (let look = 0; ; look++) {
    const reply = send();
    const early = !reply.ok && reply.reason === 'PAYMENT_UNKNOWN';
    if (!early || look >= PAID_LOOKS_MAX) return reply;
    sleep(PAID_LOOK_SECONDS);
  }
}

/** A yes where a no was due is recorded as a refusal that nothing makes lawful. */
function unwelcomeUnlessRefused(reply: Reply): Reply {
  if (!reply.ok) return reply;
  const { atMs, ms, protocol } = reply;
  return { atMs, ms, protocol, ok: false, reason: 'WAS_NOT_REFUSED' };
}
