// Promise: whatever a caller sends, it is told what is wrong with it, in words of the contract, and
// never sees a crash.
// Method: every rule of every field of every RPC, broken alone, from the descriptors; unknown ids for
// every RPC that names one; and random messages from a seed.
import type { DescMethod } from '@bufbuild/protobuf';
import { status } from '@grpc/grpc-js';
import { describe, expect, test } from '@jest/globals';
import { type Order, OrderState } from '../../gen/spillway/order/v1/order_pb.js';
import { RpcError } from '../../services/platform/rpc/errors.js';
import { type MeshClients, refusalOf, soon } from '../harness/clients.js';
import { brokenRules } from '../harness/field-rules.js';
import { type Known, type Random, randomMessage, seeded } from '../harness/random-message.js';
import { MESH_SERVICES } from '../harness/scripted-mesh.js';
import { fresh, Shop } from '../harness/shop.js';
import type { TestMesh } from '../harness/test-mesh.js';
import type { PlainMessage } from '../harness/valid-message.js';

const METHODS: readonly DescMethod[] = MESH_SERVICES.flatMap((service) => [...service.methods]);

export function brokenFields(mesh: () => TestMesh): void {
  describe.each(METHODS.map((method) => [method.name, method] as const))('%s', (_name, method) => {
    test.each(brokenRules(method.input).map((row) => [row.field, row.how, row] as const))(
      '%s breaks %s',
      async (field, _how, { rule, message }) => {
        const error = await send(mesh().clients, method, message);
        expect({ code: error?.code, reason: error?.reason }).toEqual({
          code: status.INVALID_ARGUMENT,
          reason: 'FIELD_INVALID',
        });
        expect(error?.fields.map((wrong) => [wrong.field, wrong.reason])).toContainEqual([
          field,
          rule,
        ]);
      },
    );
  });
}

const NOBODY = 'nobody-77';
const LINES = [{ skuId: NOBODY, quantity: 1 }];
const HELD = { reservationId: NOBODY, skuIds: [NOBODY], orderId: NOBODY };
const EUR = { currency: 'EUR', amountMinor: 1n };
const [NOT_FOUND, FORGED] = [status.NOT_FOUND, status.PERMISSION_DENIED];

/** Method, request, code, reason. Requests whose unknown ids are answered per item are not here. */
const UNKNOWN: [string, PlainMessage, status, string][] = [
  ['CreateOrder', { requestId: 'r', userId: 'u', lines: LINES }, NOT_FOUND, 'OFFER_UNKNOWN'],
  ['GetOffer', { skuId: NOBODY }, NOT_FOUND, 'OFFER_UNKNOWN'],
  ['GetOrder', { orderId: NOBODY }, NOT_FOUND, 'ORDER_UNKNOWN'],
  ['GetOrder', { orderId: '4611686018427387904' }, NOT_FOUND, 'ORDER_UNKNOWN'],
  ['GetOrder', { orderId: '9223372036854775808' }, NOT_FOUND, 'ORDER_UNKNOWN'],
  ['GetOrder', { orderId: '007' }, NOT_FOUND, 'ORDER_UNKNOWN'],
  ['CancelOrder', { orderId: '7' }, NOT_FOUND, 'ORDER_UNKNOWN'],
  ['ShipOrder', { orderId: '7', carrier: 'c', trackingNumber: 't' }, NOT_FOUND, 'ORDER_UNKNOWN'],
  ['DeliverOrder', { orderId: '7' }, NOT_FOUND, 'ORDER_UNKNOWN'],
  ['CompleteOrder', { orderId: '7' }, NOT_FOUND, 'ORDER_UNKNOWN'],
  ['AddTracking', { orderId: '7', requestId: 'r', status: 'seen' }, NOT_FOUND, 'ORDER_UNKNOWN'],
  ['RefundLines', { orderId: '7', requestId: 'r', lines: LINES }, NOT_FOUND, 'ORDER_UNKNOWN'],
  ['WatchOrder', { orderId: '7' }, NOT_FOUND, 'ORDER_UNKNOWN'],
  ['GetStock', { skuId: NOBODY }, NOT_FOUND, 'SKU_UNKNOWN'],
  ['ListLedger', { skuId: NOBODY }, NOT_FOUND, 'SKU_UNKNOWN'],
  ['WatchStock', { skuIds: [NOBODY] }, NOT_FOUND, 'SKU_UNKNOWN'],
  ['Restock', { requestId: 'r-77', skuId: NOBODY, delta: -1n }, NOT_FOUND, 'SKU_UNKNOWN'],
  [
    'Reserve',
    { reservationId: NOBODY, orderId: NOBODY, userId: 'u', lines: LINES },
    NOT_FOUND,
    'SKU_UNKNOWN',
  ],
  ['Confirm', { reservation: HELD }, NOT_FOUND, 'RESERVATION_UNKNOWN'],
  ['GetReservation', { reservationId: NOBODY }, NOT_FOUND, 'RESERVATION_UNKNOWN'],
  ['GetPayment', { paymentId: NOBODY }, NOT_FOUND, 'PAYMENT_UNKNOWN'],
  ['GetPayment', { paymentId: 'p-7' }, NOT_FOUND, 'PAYMENT_UNKNOWN'],
  [
    'StartPayment',
    { paymentId: 'p-7', requestId: 'r', method: 'card' },
    NOT_FOUND,
    'PAYMENT_UNKNOWN',
  ],
  ['CancelPayment', { paymentId: 'p-7' }, NOT_FOUND, 'PAYMENT_UNKNOWN'],
  [
    'RefundPayment',
    { paymentId: 'p-7', requestId: 'r', amount: EUR },
    NOT_FOUND,
    'PAYMENT_UNKNOWN',
  ],
  ['RefundUpTo', { paymentId: 'p-7', requestId: 'r', amount: EUR }, NOT_FOUND, 'PAYMENT_UNKNOWN'],
  ['LookAgain', { paymentId: 'p-7' }, NOT_FOUND, 'PAYMENT_UNKNOWN'],
  ['HandleProviderEvent', { provider: 'sandbox', signature: 't=1,v1=00' }, FORGED, 'EVENT_FORGED'],
];

export function unknownIds(mesh: () => TestMesh): void {
  test.each(UNKNOWN)('%s of %j', async (name, request, code, reason) => {
    const method = METHODS.find((candidate) => candidate.name === name) as DescMethod;
    const error = await send(mesh().clients, method, request);
    expect([error?.code, error?.reason]).toEqual([code, reason]);
  });

  test.each([
    ['opens_at', { opensAt: { seconds: -(2n ** 62n) } }],
    ['closes_at', { closesAt: { seconds: 2n ** 62n } }],
  ])('a time that no calendar has: %s', async (field, times) => {
    const price = { currency: 'EUR', amountMinor: 1n };
    const offer = { skuId: fresh('sku'), title: 'x', unitPrice: price, ...times };
    const refused = await refusalOf(mesh().clients.orders.putOffer({ offer }, soon()));
    expect([refused.reason, refused.fields[0]?.field]).toEqual(['FIELD_INVALID', `offer.${field}`]);
  });

  test('every method that names one thing has a row', () => {
    const rows = new Set(UNKNOWN.map(([name]) => name));
    const perItem = METHODS.map((method) => method.name).filter((name) => !rows.has(name));
    expect(perItem).toEqual(WITHOUT_UNKNOWN_IDS);
  });
}

/** They create what they name, list what there is, or answer item by item. */
const WITHOUT_UNKNOWN_IDS = [
  'ListOrders',
  'PutOffer',
  'ResolveOrders',
  'RecordPayment',
  'BatchReserve',
  'BatchConfirm',
  'Release',
  'BatchRelease',
  'BatchReturn',
  'BatchReturnLines',
  'BatchGetStock',
  'CreatePayment',
  'BatchCreatePayment',
  'BatchCancelPayment',
];

const SEED = Number(process.env.SPILLWAY_FUZZ_SEED ?? 20_260_101);
const MESSAGES_PER_METHOD = 40;
// What a caller may be told. INTERNAL, UNKNOWN and DATA_LOSS would be bugs of ours, UNAVAILABLE a crash.
const TOLD = new Set([
  status.INVALID_ARGUMENT,
  status.NOT_FOUND,
  status.ALREADY_EXISTS,
  status.ABORTED,
  status.FAILED_PRECONDITION,
  status.PERMISSION_DENIED,
]);

export function randomInput(mesh: () => TestMesh): void {
  let known: Known | undefined;
  const random: Random = seeded(SEED);

  test.each(METHODS.map((method) => [method.name, method] as const))(
    `%s answers random messages (seed ${SEED})`,
    async (_name, method) => {
      known ??= await thingsThatExist(mesh());
      for (let i = 0; i < MESSAGES_PER_METHOD; i += 1) {
        const message = randomMessage(method.input, random, known);
        const error = await send(mesh().clients, method, message);
        if (!error) continue;
        const told = { code: error.code, reason: error.reason, text: error.message };
        if (TOLD.has(error.code) && error.reason !== '' && !/\bat .*:\d+/.test(error.message))
          continue;
        throw new Error(`${method.name} ${shown(message)} was answered ${JSON.stringify(told)}`);
      }
    },
    20_000,
  );
}

async function thingsThatExist(mesh: TestMesh): Promise<Known> {
  const shop = new Shop(mesh.clients);
  const skus = await Promise.all([shop.sells(1_000), shop.sells(1_000)]);
  const placed: Order[] = [];
  for (const sku of [...skus, ...skus]) placed.push(await shop.order({ [sku]: 1 }));
  await shop.pay(placed[0] as Order);
  await shop.becomes((placed[0] as Order).orderId, OrderState.PAID);
  return {
    sku_id: skus,
    order_id: placed.map((order) => order.orderId),
    payment_id: placed.map((order) => order.paymentId),
    user_id: placed.map((order) => order.userId),
    request_id: [...placed.map((order) => order.requestId), fresh('r'), fresh('r')],
  };
}

function shown(message: PlainMessage): string {
  const text = JSON.stringify(message, (_key, value: unknown) =>
    typeof value === 'bigint' ? `${value}n` : value,
  );
  return text.length > 2_000 ? `${text.slice(0, 2_000)}...` : text;
}

type AnyCall = (
  request: PlainMessage,
  o: { deadlineMs: number },
) => Promise<unknown> & AsyncIterable<unknown>;

/** The refusal, or undefined for an answer; of a stream only the first message is awaited. */
async function send(
  clients: MeshClients,
  method: DescMethod,
  request: PlainMessage,
): Promise<RpcError | undefined> {
  const calls = Object.assign({}, clients.orders, clients.inventory, clients.payments);
  const call = (calls as unknown as Record<string, AnyCall>)[method.localName] as AnyCall;
  try {
    const answer = call(request, soon());
    await (method.methodKind === 'unary' ? answer : firstOf(answer));
    return undefined;
  } catch (error) {
    if (error instanceof RpcError) return error;
    throw error;
  }
}

async function firstOf(stream: AsyncIterable<unknown>): Promise<void> {
  for await (const first of stream) if (first) return;
}
