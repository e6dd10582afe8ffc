// Promise: what is recorded of an order is the whole truth about it: every hop, under its parent or by a
// link, whatever became of the order and whoever died meanwhile.
// Method: real processes that record every call; the test is the caller whose trace they continue.
import path from 'node:path';
import { Metadata } from '@grpc/grpc-js';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Order } from '../../gen/spillway/order/v1/order_pb.js';
import { OrderState } from '../../gen/spillway/order/v1/order_pb.js';
import { freePort, LOOPBACK } from '../../launcher/ports.js';
import type { TraceSpan } from '../../launcher/trace/trace-span.js';
import { patiently, refusalOf, soon } from '../harness/clients.js';
import { startService } from '../harness/service-process.js';
import { fresh, Shop } from '../harness/shop.js';
import { startTestMesh, type TestMesh } from '../harness/test-mesh.js';
import { Caller, Recorded } from './recorded.js';

const START_MS_MAX = 120_000;
const STORY_MS_MAX = 60_000;

let mesh: TestMesh;
beforeAll(async () => {
  process.env['OTEL_TRACES_SAMPLER'] = 'parentbased_always_on';
  mesh = await startTestMesh({});
}, START_MS_MAX);
afterAll(async () => {
  await mesh?.stop();
}, START_MS_MAX);

const CREATE = 'order OrderService/CreateOrder';
const RESERVE = `${CREATE} > order reserve`;
const RESERVED = [
  `${CREATE} > order price`,
  `${RESERVE} > order order.reserve > ${call('order', 'inventory', 'InventoryService/BatchReserve')}`,
  `${RESERVE} > inventory inventory.reserve > inventory redis.reserve`,
  `${RESERVE} > inventory inventory.reserve > inventory inventory.settle`,
];
const INTENDED = [
  `order intend > order order.intend > ${call('order', 'payment', 'PaymentService/BatchCreatePayment')}`,
  'order intend > payment payment.create > payment payment.insert',
].map((path) => `${CREATE} > ${path}`);
const PLACED = [...RESERVED, `${CREATE} > order commit > order order.commit`, ...INTENDED];

const START = 'payment PaymentService/StartPayment';
const CALLBACK = `${START} > payment POST /v1/charges > gateway POST /callbacks/{provider}`;
const TAKEN = `${CALLBACK} > ${call('gateway', 'payment', 'PaymentService/HandleProviderEvent')}`;
const NEWS = `${TAKEN} > payment process payment.captured`;
const RECORD = `${NEWS} > order order.record`;
const CONFIRM = `${RECORD} > order process order.paid`;
const PAID = [
  `${START} > payment payment.update`,
  `${TAKEN} > payment payment.update`,
  `${RECORD} > order order.change`,
  `${NEWS} > payment payment.tell-orders > ${call('payment', 'order', 'OrderService/RecordPayment')}`,
  `${CONFIRM} > order order.batchConfirm > ${call('order', 'inventory', 'InventoryService/BatchConfirm')}`,
  `${CONFIRM} > inventory inventory.confirm > inventory inventory.close`,
];

test(
  'an order that is paid: every hop, from the gateway to the confirmed units',
  async () => {
    const shop = new Shop(mesh.clients);
    const caller = new Caller();
    const sku = await shop.sells(5);
    const lines = [{ skuId: sku, quantity: 1 }];
    const body = { requestId: fresh('r'), userId: fresh('user'), lines };
    const created = (await edge(caller, 'order.v1.OrderService/CreateOrder', body)) as {
      order: { orderId: string; paymentId: string };
    };
    const { orderId, paymentId } = created.order;
    const start = { paymentId, requestId: fresh('pay'), method: 'card' };
    await edge(caller, 'payment.v1.PaymentService/StartPayment', start);
    await shop.becomes(orderId, OrderState.PAID);

    const viaGateway = (service: string, paths: readonly string[]) =>
      paths.map((path) => `gateway ${service} > gateway ${service} > ${path}`);
    const paths = [
      ...viaGateway('OrderService/CreateOrder', PLACED),
      ...viaGateway('PaymentService/StartPayment', PAID),
    ];
    const seen = await Recorded.ofPaths(mesh.traceDir, caller, paths);
    expect(seen.loose(caller.traceId, [caller.spanId])).toEqual([]);
    expect(seen.errors(caller.traceId)).toEqual([]);
    expect(unlinked(seen.trace(caller.traceId))).toEqual([]);
    // The gateway's side of the call has the same name, and may be read first.
    const creates = seen.named(caller.traceId, 'spillway.order.v1.OrderService/CreateOrder');
    expect(creates.map(({ attributes }) => attributes['spillway.order.id'])).toContain(orderId);
  },
  STORY_MS_MAX,
);

test(
  'a payment that nobody records goes on in the trace of its order; a recorded one links to it',
  async () => {
    const shop = new Shop(mesh.clients);
    const [caller, payer] = [new Caller(), new Caller()];
    const sku = await shop.sells(5);
    const first = await create(caller, sku, fresh('r'));
    const second = await create(caller, sku, fresh('r'));
    const pay = (order: Order | undefined) => ({
      paymentId: order?.paymentId ?? '',
      requestId: fresh('pay'),
      method: 'card',
    });
    const silent = { ...soon(), metadata: unrecorded() };
    await mesh.clients.payments.startPayment(pay(first.order), silent);
    await mesh.clients.payments.startPayment(pay(second.order), payer.call());

    const charge = `${CREATE} > order intend > payment payment.create > payment payment.charge`;
    const callback = `${charge} > payment POST /v1/charges > gateway POST /callbacks/{provider}`;
    const handle = 'PaymentService/HandleProviderEvent';
    const taken = `${callback} > gateway ${handle} > payment ${handle}`;
    const seen = await Recorded.ofPaths(mesh.traceDir, caller, [
      `${taken} > payment process payment.captured > order order.record > order process order.paid`,
    ]);
    expect(seen.loose(caller.traceId, [caller.spanId])).toEqual([]);
    const own = await Recorded.ofPaths(mesh.traceDir, payer, [START]);
    const [started] = own.named(payer.traceId, 'spillway.payment.v1.PaymentService/StartPayment');
    expect(started?.links.map(({ traceId }) => traceId)).toContain(caller.traceId);
  },
  STORY_MS_MAX,
);

test(
  'a sold-out order: a refusal is an outcome and no error, and MySQL is not asked',
  async () => {
    const shop = new Shop(mesh.clients);
    const caller = new Caller();
    const sku = await shop.sells(1);
    await shop.order({ [sku]: 1 });
    const refusal = await refusalOf(create(caller, sku, fresh('r')));
    expect(refusal.reason).toBe('SOLD_OUT');
    const gate = `${RESERVE} > inventory inventory.reserve > inventory redis.reserve`;
    const seen = await Recorded.ofPaths(mesh.traceDir, caller, [gate, CREATE]);
    expect(seen.errors(caller.traceId)).toEqual([]);
    expect(seen.loose(caller.traceId, [caller.spanId])).toEqual([]);
    const word = (name: string) =>
      seen.named(caller.traceId, name).map((span) => span.attributes['spillway.outcome']);
    expect(word('redis.reserve')).toEqual(['SOLD_OUT']);
    expect(word('inventory.reserve')).toEqual(['SOLD_OUT']);
    expect(word('spillway.order.v1.OrderService/CreateOrder')).toEqual(['SOLD_OUT']);
    expect(word('inventory.settle')).toEqual([]);
  },
  STORY_MS_MAX,
);

test(
  'a retried order: the second copy is there and meets the first',
  async () => {
    const shop = new Shop(mesh.clients);
    const [first, second] = [new Caller(), new Caller()];
    const [sku, request] = [await shop.sells(5), fresh('r')];
    const made = await create(first, sku, request);
    const again = await create(second, sku, request);
    expect([again.duplicate, again.order?.orderId]).toEqual([true, made.order?.orderId]);
    const gate = `${RESERVE} > inventory inventory.reserve > inventory redis.reserve`;
    const seen = await Recorded.ofPaths(mesh.traceDir, second, [gate, CREATE]);
    expect(seen.loose(second.traceId, [second.spanId])).toEqual([]);
    const [redis] = seen.named(second.traceId, 'redis.reserve');
    expect(redis?.attributes['spillway.outcome']).toBe('DUPLICATE');
    const [call] = seen.named(second.traceId, 'spillway.order.v1.OrderService/CreateOrder');
    expect(call?.attributes['spillway.duplicate']).toBe(true);
  },
  STORY_MS_MAX,
);

test(
  'a cancelled order: the payment is barred, then the units come back',
  async () => {
    const shop = new Shop(mesh.clients);
    const caller = new Caller();
    const order = await shop.order({ [await shop.sells(5)]: 1 });
    const request = { orderId: order.orderId, reason: 'changed my mind' };
    await patiently(() => mesh.clients.orders.cancelOrder(request, caller.call()));
    const cancel = 'order OrderService/CancelOrder';
    const release = `${cancel} > order change > order process stock.release`;
    const seen = await Recorded.ofPaths(mesh.traceDir, caller, [
      `${cancel} > order bar > order order.bar > ${call('order', 'payment', 'PaymentService/BatchCancelPayment')}`,
      `${cancel} > order bar > payment payment.cancel > payment payment.update`,
      `${cancel} > order change > order order.change`,
      `${release} > inventory inventory.release > inventory inventory.close`,
    ]);
    expect(seen.loose(caller.traceId, [caller.spanId])).toEqual([]);
    expect(seen.errors(caller.traceId)).toEqual([]);
  },
  STORY_MS_MAX,
);

test(
  'a rebased order: the gate had forgotten, was loaded anew and asked again',
  async () => {
    const shop = new Shop(mesh.clients);
    const caller = new Caller();
    const sku = await shop.sells(5);
    await mesh.flushRedis();
    await create(caller, sku, fresh('r'));
    const reserve = `${RESERVE} > inventory inventory.reserve`;
    const rebase = `${reserve} > inventory inventory.rebase`;
    const seen = await Recorded.ofPaths(mesh.traceDir, caller, [rebase, ...PLACED]);
    expect(seen.loose(caller.traceId, [caller.spanId])).toEqual([]);
    const words = seen
      .named(caller.traceId, 'redis.reserve')
      .map((span) => span.attributes['spillway.outcome']);
    expect([words[0], words.at(-1)]).toEqual(['NOT_LOADED', 'GRANTED']);
  },
  STORY_MS_MAX,
);

test(
  'a crash after a commit: what another process carries on is in the same trace',
  async () => {
    const shop = new Shop(mesh.clients);
    const caller = new Caller();
    const sku = await shop.sells(5);
    const { orderId } = await shop.order({ [sku]: 1 });
    const address = `${LOOPBACK}:${await freePort()}`;
    const file = path.join(mesh.traceDir, 'order-victim.jsonl');
    const env = { ...mesh.serviceEnv, CRASH_AT: 'change.after-commit', TRACE_FILE: file };
    const victim = await startService({ program: 'order', address, env });
    const orders = mesh.connect({ order: [address] }).orders;
    const request = { orderId, reason: 'changed my mind' };
    await expect(orders.cancelOrder(request, caller.call())).rejects.toThrow();
    expect(await victim.ended).toBe('SIGKILL');

    await shop.stockBecomes(sku, '5/0/0 of 5', STORY_MS_MAX);
    const relayed = 'order process stock.release';
    const seen = await Recorded.ofPaths(mesh.traceDir, caller, [
      `${relayed} > inventory inventory.release > inventory inventory.close`,
    ]);
    const [event] = seen.named(caller.traceId, 'process stock.release');
    expect(event?.attributes).toMatchObject({ 'spillway.aggregate.id': orderId });
    expect(event?.attributes['spillway.outbox.attempts']).toBeGreaterThanOrEqual(1);
    // The retry of the caller, in the same trace, finds it done.
    await patiently(() => mesh.clients.orders.cancelOrder(request, caller.call()));
    await Recorded.ofPaths(mesh.traceDir, caller, ['order OrderService/CancelOrder']);
  },
  STORY_MS_MAX,
);

test(
  'orders that travel together: their batches link to all of them, and they to it',
  async () => {
    const shop = new Shop(mesh.clients);
    const sku = await shop.sells(100);
    const callers = Array.from({ length: 40 }, () => new Caller());
    await Promise.all(callers.map((caller) => create(caller, sku, fresh('r'))));
    let spans: readonly TraceSpan[] = [];
    for (const caller of callers) {
      spans = (await Recorded.ofPaths(mesh.traceDir, caller, [CREATE])).spans;
    }
    const recorded = new Recorded(spans);
    const batches = spans.filter((span) => Number(span.attributes['spillway.batch.recorded']) > 1);
    expect(batches.length).toBeGreaterThan(0);
    for (const batch of batches) {
      expect(batch.parentId).toBeUndefined();
      expect(batch.links).toHaveLength(Number(batch.attributes['spillway.batch.recorded']));
      expect(recorded.loose(batch.traceId, [])).toEqual([]);
    }
    expect(unlinked(spans)).toEqual([]);
  },
  STORY_MS_MAX,
);

/** Of a caller that has decided not to be recorded. */
function unrecorded(): Metadata {
  const metadata = new Metadata();
  metadata.set('traceparent', `00-${'a'.repeat(32)}-${'b'.repeat(16)}-00`);
  return metadata;
}

/** A call from one service to another, as both sides see it. */
function call(from: string, to: string, method: string): string {
  return `${from} ${method} > ${to} ${method}`;
}

/** Members of batches that their batch links to, but that do not link back. */
function unlinked(spans: readonly TraceSpan[]): string[] {
  const byId = new Map(spans.map((span) => [span.spanId, span]));
  const batches = spans.filter((span) => span.attributes['spillway.batch.size'] !== undefined);
  return batches.flatMap((batch) =>
    batch.links.flatMap(({ spanId }) => {
      const back = byId.get(spanId)?.links.some((link) => link.spanId === batch.spanId);
      return back === true ? [] : [`${batch.name} and ${byId.get(spanId)?.name}`];
    }),
  );
}

function create(caller: Caller, skuId: string, requestId: string) {
  const request = { requestId, userId: fresh('user'), lines: [{ skuId, quantity: 1 }] };
  return mesh.clients.orders.createOrder(
    { ...request, userId: `${requestId}-user` },
    caller.call(),
  ) as Promise<{ order?: Order; duplicate: boolean }>;
}

async function edge(caller: Caller, method: string, body: unknown): Promise<unknown> {
  const answer = await fetch(`${mesh.gateway}/spillway.${method}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', traceparent: caller.traceparent },
    body: JSON.stringify(body),
  });
  expect(answer.status).toBe(200);
  return answer.json();
}
