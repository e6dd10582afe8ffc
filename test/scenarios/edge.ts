// Promise: what the mesh does can be done with curl, and nothing else can be done from outside.
// Method: a purchase by JSON over HTTP, a forged callback, an internal method, and the page.
import { expect, test } from '@jest/globals';
import { eventually, fresh, Shop } from '../harness/shop.js';
import type { TestMesh } from '../harness/test-mesh.js';

const ORDER = 'spillway.order.v1.OrderService';

interface Answer {
  status: number;
  body: Record<string, never> & { order?: Record<string, unknown> };
  text: string;
}

async function post(origin: string, path: string, body: unknown): Promise<Answer> {
  const res = await fetch(`${origin}/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'spillway-signature': 't=1,v1=00' },
    body: JSON.stringify(body),
  });
  const text = await res.text();
  return { status: res.status, body: JSON.parse(text) as Answer['body'], text };
}

export function throughTheGateway(mesh: () => TestMesh): void {
  test('ordering, paying and looking, by JSON', async () => {
    const origin = mesh().gateway;
    const sku = await new Shop(mesh().clients).sells(5);
    const request = { requestId: fresh('r'), userId: 'ann', lines: [{ skuId: sku, quantity: 2 }] };
    const bought = await post(origin, `${ORDER}/CreateOrder`, request);
    expect([bought.status, bought.body.order?.state]).toEqual([200, 'ORDER_STATE_PENDING_PAYMENT']);
    const { orderId, paymentId } = bought.body.order ?? {};
    const start = { paymentId, requestId: fresh('pay'), method: 'card' };
    await post(origin, 'spillway.payment.v1.PaymentService/StartPayment', start);
    let seen: unknown;
    await eventually(
      () => `the order is ${String(seen)}`,
      async () => {
        seen = (await post(origin, `${ORDER}/GetOrder`, { orderId })).body.order?.state;
        return seen === 'ORDER_STATE_PAID';
      },
    );
    const soldOut = await post(origin, `${ORDER}/CreateOrder`, {
      ...request,
      requestId: fresh('r'),
      lines: [{ skuId: sku, quantity: 4 }],
    });
    expect([soldOut.status, soldOut.text.includes('"SOLD_OUT"')]).toEqual([400, true]);
  });

  test.each([
    ['an internal method', `${ORDER}/ResolveOrders`, { orderIds: ['1'] }, 403, 'METHOD_NOT_PUBLIC'],
    ['a forged callback', 'callbacks/sandbox', { type: 'charge.succeeded' }, 403, 'EVENT_FORGED'],
    ['an unknown order', `${ORDER}/GetOrder`, { orderId: '7' }, 404, 'ORDER_UNKNOWN'],
    ['a bad field', `${ORDER}/GetOrder`, { orderId: '' }, 400, 'FIELD_INVALID'],
  ])('%s', async (_name, path, body, wanted, reason) => {
    const answer = await post(mesh().gateway, path, body);
    expect([answer.status, answer.text.includes(reason)]).toEqual([wanted, true]);
  });

  test('the page and the health check are there', async () => {
    const page = await fetch(`${mesh().gateway}/`);
    expect(await page.text()).toContain('<title>Spillway</title>');
    expect((await fetch(`${mesh().gateway}/healthz`)).status).toBe(200);
  });
}
