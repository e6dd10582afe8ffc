// Promise: money is captured once, recorded once, and goes back exactly once when nobody is owed it.
// Method: the whole service over gRPC, with a real provider process, real MySQL, and callbacks that are
// delivered, doubled, lost or forged.

import { createHmac } from 'node:crypto';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { PaymentRecordOutcome } from '../../gen/spillway/order/v1/order_service_pb.js';
import { PaymentState, RefundState } from '../../gen/spillway/payment/v1/payment_pb.js';
import {
  CancelPaymentOutcome,
  CreatePaymentOutcome,
} from '../../gen/spillway/payment/v1/payment_service_pb.js';
import type { RpcError } from '../platform/rpc/errors.js';
import { type PaymentMesh, SECRET, startPaymentMesh } from './service.fixture.js';

let mesh: PaymentMesh;
let lastOrderId = BigInt(Date.now()) << 22n;

beforeAll(async () => {
  mesh = await startPaymentMesh([process.env.TEST_MYSQL_1 ?? '', process.env.TEST_MYSQL_2 ?? '']);
}, 20_000);
afterAll(() => mesh.stop());
beforeEach(() => {
  mesh.gateway.mode = 'ONCE';
});

test('pay: captured, and the order hears it once, although every callback comes twice', async () => {
  mesh.gateway.mode = 'TWICE';
  const { orderId, paymentId } = await create();
  const { payment, redirectUrl } = await start(paymentId, 'start', 'card');
  expect(payment?.state).toBe(PaymentState.PROCESSING);
  expect(redirectUrl).toBe('');
  const paid = await until(paymentId, PaymentState.SUCCEEDED);
  expect(paid).toMatchObject({ captured: { amountMinor: 500n }, refunded: { amountMinor: 0n } });
  await eventually(() => expect(mesh.orders.toldOf(orderId)).toEqual(['CAPTURED 500']));
  await eventually(() => {
    const taken = mesh.gateway.taken.filter((line) => line.startsWith(`${paymentId} `)).sort();
    const applied = [`${paymentId} charge.succeeded APPLIED`];
    expect(taken).toEqual([...applied, `${paymentId} charge.succeeded DUPLICATE`]);
  });
  const again = await start(paymentId, 'start', 'card');
  expect(again.payment?.state).toBe(PaymentState.SUCCEEDED);
  await refused(start(paymentId, 'start', 'card_redirect'), 'REQUEST_ID_REUSED');
  await refused(start(paymentId, 'another', 'card'), 'TRANSITION_ILLEGAL');
  await refused(mesh.client.cancelPayment({ paymentId }, soon()), 'TRANSITION_ILLEGAL');
});

test('a decline leaves the order payable: another attempt succeeds', async () => {
  const { orderId, paymentId } = await create();
  await start(paymentId, 'first', 'card_declined');
  await until(paymentId, PaymentState.FAILED);
  await start(paymentId, 'second', 'card');
  await until(paymentId, PaymentState.SUCCEEDED);
  await eventually(() => expect(mesh.orders.toldOf(orderId)).toEqual(['CAPTURED 500']));
});

test('a method that the provider does not know fails at once', async () => {
  const { paymentId } = await create();
  const { payment } = await start(paymentId, 'first', 'cowries');
  expect(payment?.state).toBe(PaymentState.FAILED);
});

test('a lost callback is found by asking the provider', async () => {
  mesh.gateway.mode = 'LOSE';
  const { orderId, paymentId } = await create();
  await start(paymentId, 'start', 'card');
  await until(paymentId, PaymentState.SUCCEEDED);
  await eventually(() => expect(mesh.orders.toldOf(orderId)).toEqual(['CAPTURED 500']));
});

test('the buyer pays after the payment was cancelled: the money goes back exactly once', async () => {
  const { orderId, paymentId } = await create({ deadlineMs: Date.now() + 800 });
  const { payment, redirectUrl } = await start(paymentId, 'start', 'card_redirect');
  expect(payment?.state).toBe(PaymentState.INITIALISED);
  expect((await start(paymentId, 'start', 'card_redirect')).redirectUrl).toBe(redirectUrl);
  await refused(mesh.client.cancelPayment({ paymentId }, soon()), 'PAYMENT_IN_PROGRESS');
  expect(await cancelMany([paymentId])).toEqual([CancelPaymentOutcome.IN_PROGRESS]);
  await until(paymentId, PaymentState.TIMED_OUT);
  await refused(start(paymentId, 'late', 'card'), 'PAYMENT_DEADLINE_PASSED');
  await mesh.client.cancelPayment({ paymentId }, soon());

  mesh.gateway.mode = 'TWICE';
  expect((await fetch(redirectUrl)).status).toBe(200);
  await eventually(async () => {
    const late = await get(paymentId);
    expect(late).toMatchObject({ state: PaymentState.CANCELLED, captured: { amountMinor: 500n } });
    expect(late?.refunded?.amountMinor).toBe(500n);
    expect(await statementOf(paymentId)).toEqual(['charge 500', 'refund 500']);
    expect(mesh.orders.toldOf(orderId)).toEqual(['REFUNDED 500']);
  });
  await fetch(redirectUrl);
  expect(await statementOf(paymentId)).toEqual(['charge 500', 'refund 500']);
});

test('the buyer pays too late and the callback is lost: the money is found, and goes back', async () => {
  const { orderId, paymentId } = await create({ deadlineMs: Date.now() + 800 });
  const { redirectUrl } = await start(paymentId, 'start', 'card_redirect');
  await until(paymentId, PaymentState.TIMED_OUT);
  await mesh.client.cancelPayment({ paymentId }, soon());
  mesh.gateway.mode = 'LOSE';
  expect((await fetch(redirectUrl)).status).toBe(200);
  await eventually(async () => {
    expect(await statementOf(paymentId)).toEqual(['charge 500', 'refund 500']);
    expect(mesh.orders.toldOf(orderId)).toEqual(['REFUNDED 500']);
  });
});

test('the order is gone when the money comes: all of it goes back', async () => {
  const { orderId, paymentId } = await create();
  mesh.orders.answers.set(`${orderId}`, PaymentRecordOutcome.REFUND);
  await start(paymentId, 'start', 'card');
  await eventually(async () => {
    expect(await statementOf(paymentId)).toEqual(['charge 500', 'refund 500']);
    expect(mesh.orders.toldOf(orderId)).toEqual(['CAPTURED 500', 'REFUNDED 500']);
  });
});

test('refund: partly, again, too much, to the end', async () => {
  const { orderId, paymentId } = await create();
  await refused(refund(paymentId, 'a', 1n), 'TRANSITION_ILLEGAL');
  await start(paymentId, 'start', 'card');
  await until(paymentId, PaymentState.SUCCEEDED);
  const first = await refund(paymentId, 'a', 200n);
  expect(first.payment?.refunded?.amountMinor).toBe(200n);
  const copy = await refund(paymentId, 'a', 200n);
  expect(copy.refund?.refundId).toBe(first.refund?.refundId);
  await refused(refund(paymentId, 'a', 201n), 'REQUEST_ID_REUSED');
  await refused(refund(paymentId, 'b', 301n), 'REFUND_EXCEEDS_CAPTURED');
  await refund(paymentId, 'c', 300n);
  await eventually(async () => {
    const { refund: done } = await refund(paymentId, 'c', 300n);
    expect(done?.state).toBe(RefundState.SUCCEEDED);
    const statement = (await statementOf(paymentId)).sort();
    expect(statement).toEqual(['charge 500', 'refund 200', 'refund 300']);
    expect(mesh.orders.toldOf(orderId)).toEqual(['CAPTURED 500', 'REFUNDED 500']);
  });
});

test('what an order owes: the rest when that is less, under ids of its own', async () => {
  const { paymentId } = await create();
  const owe = (requestId: string, amountMinor: bigint) => {
    const amount = { currency: 'EUR', amountMinor };
    return mesh.client.refundUpTo({ paymentId, requestId, amount, reason: 'test' }, soon());
  };
  await refused(owe('a', 1n), 'TRANSITION_ILLEGAL');
  await start(paymentId, 'start', 'card');
  await until(paymentId, PaymentState.SUCCEEDED);
  await refund(paymentId, 'a', 200n);
  expect((await owe('a', 200n)).refunded?.amountMinor).toBe(200n);
  expect((await owe('b', 200n)).refunded?.amountMinor).toBe(100n);
  expect((await owe('b', 200n)).refunded?.amountMinor).toBe(100n);
  expect((await owe('c', 200n)).refunded?.amountMinor).toBe(0n);
  await refused(owe('a', 199n), 'REQUEST_ID_REUSED');
  await refused(owe('d', 0n), 'FIELD_INVALID');
  await eventually(async () => {
    const statement = (await statementOf(paymentId)).sort();
    expect(statement).toEqual(['charge 500', 'refund 100', 'refund 200', 'refund 200']);
  });
});

test('create in batches: again is the same, another amount is told', async () => {
  const items = [wanted(nextOrderId()), wanted(nextOrderId())];
  const { orderId } = items[0] as { orderId: string };
  const { CREATED, REUSED } = CreatePaymentOutcome;
  const createAll = async (all: typeof items) =>
    (await mesh.client.batchCreatePayment({ items: all }, soon())).outcomes;
  expect(await createAll(items)).toEqual([CREATED, CREATED]);
  const other = { ...wanted(BigInt(orderId)), amount: { currency: 'EUR', amountMinor: 1n } };
  expect(await createAll([...items, other])).toEqual([CREATED, CREATED, REUSED]);
  await refused(mesh.client.createPayment(other, soon()), 'REQUEST_ID_REUSED');
});

test('a payment that was cancelled before it was created can never be started', async () => {
  const orderId = nextOrderId();
  const paymentId = `p-${orderId}`;
  await refused(mesh.client.cancelPayment({ paymentId }, soon()), 'PAYMENT_UNKNOWN');
  const { CANCELLED } = CancelPaymentOutcome;
  expect(await cancelMany([paymentId, 'nonsense'])).toEqual([CANCELLED, CANCELLED]);
  const late = await mesh.client.createPayment(wanted(orderId), soon());
  expect(late.payment?.state).toBe(PaymentState.CANCELLED);
  await refused(start(paymentId, 'start', 'card'), 'TRANSITION_ILLEGAL');
});

describe('callbacks that do not hold change nothing', () => {
  async function genuine(paymentId: string) {
    const key = `${paymentId}-1`;
    const found = await fetch(`${mesh.sandboxUrl}/v1/charges?idempotency_key=${key}`);
    const { number } = (await found.json()) as { number: string };
    const amount = { currency: 'EUR', amount_minor: 500 };
    const data = { number, reference: paymentId, amount, idempotency_key: key };
    return { id: `evt_${paymentId}`, type: 'charge.succeeded', created: 0, data };
  }

  const send = (body: object, secret = SECRET) => {
    const text = JSON.stringify(body);
    const seconds = Math.floor(Date.now() / 1_000);
    const digest = createHmac('sha256', secret).update(`${seconds}.${text}`).digest('hex');
    const signature = `t=${seconds},v1=${digest}`;
    const request = { provider: 'sandbox', signature, body: Buffer.from(text) };
    return mesh.client.handleProviderEvent(request, soon());
  };

  test('one thing wrong each, and then nothing', async () => {
    const { paymentId } = await create();
    const other = await create();
    await start(other.paymentId, 'start', 'card_redirect');
    const { payment } = await start(paymentId, 'start', 'card_redirect');
    const event = await genuine(paymentId);
    const wrong = (change: object) => send({ ...event, data: { ...event.data, ...change } });
    const refund = { ...event, type: 'refund.succeeded' };

    await refused(send(event, 'wrong-secret-altogether'), 'EVENT_FORGED');
    await refused(wrong({ amount: { currency: 'EUR', amount_minor: 499 } }), 'EVENT_FORGED');
    await refused(wrong({ amount: { currency: 'USD', amount_minor: 500 } }), 'EVENT_FORGED');
    await refused(wrong({ number: 'ch_other' }), 'EVENT_FORGED');
    await refused(wrong({ idempotency_key: `${other.paymentId}-1` }), 'EVENT_FORGED');
    await refused(wrong({ idempotency_key: `${paymentId}-2` }), 'EVENT_FORGED');
    await refused(wrong({ reference: other.paymentId }), 'EVENT_FORGED');
    const nobody = `p-${nextOrderId()}`;
    const ofNobody = { reference: nobody, idempotency_key: `${nobody}-1` };
    await refused(wrong(ofNobody), 'PAYMENT_UNKNOWN');
    await refused(wrong({ reference: 'p-99999999999999999999' }), 'PAYMENT_UNKNOWN');
    await refused(send(refund), 'EVENT_FORGED');
    expect((await get(paymentId))?.version).toBe(payment?.version);
    expect((await get(other.paymentId))?.state).toBe(PaymentState.INITIALISED);

    expect(await send(event)).toMatchObject({ duplicate: false });
    expect(await send(event)).toMatchObject({ duplicate: true });
    expect((await get(paymentId))?.state).toBe(PaymentState.SUCCEEDED);
  });
});

test('what nobody knows, and what is not allowed', async () => {
  const { paymentId } = await create();
  const unknown = `p-${nextOrderId()}`;
  await refused(get(unknown), 'PAYMENT_UNKNOWN');
  await refused(get('nonsense'), 'PAYMENT_UNKNOWN');
  await refused(start(unknown, 'a', 'card'), 'PAYMENT_UNKNOWN');
  await refused(refund(unknown, 'a', 1n), 'PAYMENT_UNKNOWN');
  await refused(refund(paymentId, 'a', 0n), 'FIELD_INVALID');
  await refused(start(paymentId, 'a', 'Not a method'), 'FIELD_INVALID');
  const zero = { ...wanted(1n), orderId: '0' };
  await refused(mesh.client.batchCreatePayment({ items: [zero] }, soon()), 'FIELD_INVALID');
});

function nextOrderId(): bigint {
  lastOrderId += (1n << 16n) + 1n;
  return lastOrderId;
}

function soon() {
  return { deadlineMs: Date.now() + 5_000 };
}

function wanted(orderId: bigint, deadlineMs = Date.now() + 60_000) {
  const amount = { currency: 'EUR', amountMinor: 500n };
  return { orderId: `${orderId}`, userId: 'ann', amount, deadline: timestampFromMs(deadlineMs) };
}

async function create(o: { deadlineMs?: number } = {}) {
  const orderId = nextOrderId();
  await mesh.client.createPayment(wanted(orderId, o.deadlineMs), soon());
  return { orderId, paymentId: `p-${orderId}` };
}

function start(paymentId: string, requestId: string, method: string) {
  return mesh.client.startPayment({ paymentId, requestId, method }, soon());
}

function refund(paymentId: string, requestId: string, amountMinor: bigint) {
  const amount = { currency: 'EUR', amountMinor };
  return mesh.client.refundPayment({ paymentId, requestId, amount, reason: 'test' }, soon());
}

async function cancelMany(paymentIds: string[]) {
  return (await mesh.client.batchCancelPayment({ paymentIds }, soon())).outcomes;
}

async function get(paymentId: string) {
  return (await mesh.client.getPayment({ paymentId }, soon())).payment;
}

async function until(paymentId: string, state: PaymentState) {
  await eventually(async () => expect((await get(paymentId))?.state).toBe(state));
  return get(paymentId);
}

/** What the provider's own book says about a payment, oldest first. */
async function statementOf(paymentId: string): Promise<string[]> {
  const text = await (await fetch(`${mesh.sandboxUrl}/v1/statement`)).text();
  const lines = text.split('\n').filter((line) => line !== '');
  const movements = lines.map((line) => JSON.parse(line));
  const mine = movements.filter((movement) => movement.reference === paymentId);
  return mine.map((movement) => `${movement.kind} ${movement.amount_minor}`);
}

async function refused(call: Promise<unknown>, reason: string): Promise<void> {
  const error = await call.then(
    () => ({ reason: 'not refused' }),
    (e: RpcError) => e,
  );
  expect(error.reason).toBe(reason);
}

/** Tries until it holds, at most four seconds: a lost callback takes one look of the resolver. */
async function eventually(check: () => unknown): Promise<void> {
  const endMs = Date.now() + 4_000;
  for (;;) {
    try {
      await check();
      return;
    } catch (error) {
      if (Date.now() > endMs) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}
