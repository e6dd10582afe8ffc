// Promise: each type of order asks for its own details, takes its own steps, and keeps what was bought
// as it was; carriers may tell what they see, and nothing late overwrites what is newer.
// Method: one order per story, from its placing to its end, through public RPCs only.
import type { MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { expect, test } from '@jest/globals';
import { type Order, OrderState, OrderType } from '../../gen/spillway/order/v1/order_pb.js';
import type { CreateOrderRequestSchema } from '../../gen/spillway/order/v1/order_service_pb.js';
import { refusalOf, soon } from '../harness/clients.js';
import { eventually, fresh, Shop } from '../harness/shop.js';
import type { TestMesh } from '../harness/test-mesh.js';

type Details = NonNullable<MessageInitShape<typeof CreateOrderRequestSchema>['details']>;

const { PHYSICAL, VIRTUAL, TOP_UP, BOOKING } = OrderType;
const shipping = { case: 'shipping', value: { recipient: 'Ada', address: '1 Main St' } } as const;
const booking = {
  case: 'booking',
  value: { checkIn: '2199-02-28', checkOut: '2199-03-01' },
} as const;
const topUp = { case: 'topUp', value: { account: '+49 30 1234' } } as const;

function stay(checkIn: string, checkOut: string): Details {
  return { case: 'booking', value: { checkIn, checkOut } };
}

export function orderTypes(mesh: () => TestMesh): void {
  const shop = () => new Shop(mesh().clients);
  async function ask(type: OrderType, details?: Details, requestId = fresh('r')) {
    const lines = [{ skuId: await shop().sells(5), quantity: 1 }];
    const request = { requestId, userId: fresh('user'), lines, type };
    return { ...request, ...(details && { details }) };
  }

  test.each<[string, OrderType, Details | undefined, string]>([
    ['a booking without dates', BOOKING, undefined, 'booking'],
    ['a top-up with dates', TOP_UP, booking, 'booking'],
    ['a download with an address', VIRTUAL, shipping, 'shipping'],
    ['goods with an account', PHYSICAL, topUp, 'top_up'],
    ['a day that is in no calendar', BOOKING, stay('2199-02-29', '2199-03-02'), 'booking.check_in'],
    ['a stay of no night', BOOKING, stay('2199-03-01', '2199-03-01'), 'booking.check_out'],
    ['a stay that is over', BOOKING, stay('2020-01-01', '2020-01-02'), 'booking.check_in'],
  ])('%s is refused by its field', async (_name, type, details, field) => {
    const request = await ask(type, details);
    const refused = await refusalOf(mesh().clients.orders.createOrder(request, soon()));
    expect([refused.reason, refused.fields[0]?.field]).toEqual(['FIELD_INVALID', field]);
    await shop().stockBecomes(request.lines[0]?.skuId ?? '', '5/0/0 of 5');
  });

  test.each<[string, OrderType, Details, string]>([
    ['goods with an address', PHYSICAL, shipping, '4/0/1 of 5'],
    ['a stay', BOOKING, booking, '4/0/1 of 5'],
    ['a top-up', TOP_UP, topUp, '5/0/0 of 5'],
  ])('%s: placed, paid, delivered', async (_name, type, details, stock) => {
    const { orders } = mesh().clients;
    const request = await ask(type, details);
    const { order } = await orders.createOrder(request, soon());
    const { orderId } = order as Order;
    await shop().pay(order as Order);
    await shop().becomes(orderId, OrderState.PAID);
    await shop().stockBecomes(request.lines[0]?.skuId ?? '', stock);
    const track = { orderId, carrier: 'DHL', trackingNumber: 'T-1' };
    if (type === PHYSICAL) await orders.shipOrder(track, soon());
    else expect((await refusalOf(orders.shipOrder(track, soon()))).reason).toMatch(/ILLEGAL/);
    const { order: delivered } = await orders.deliverOrder({ orderId }, soon());
    expect(delivered).toMatchObject({ state: OrderState.DELIVERED, details });
  });

  test('details belong to the request', async () => {
    const { orders } = mesh().clients;
    const request = await ask(BOOKING, booking);
    const { order } = await orders.createOrder(request, soon());
    const again = await orders.createOrder(request, soon());
    expect([again.duplicate, again.order?.orderId]).toEqual([true, order?.orderId]);
    const other = { ...request, details: stay('2199-02-28', '2199-03-02') };
    const refused = await refusalOf(orders.createOrder(other, soon()));
    expect(refused.reason).toBe('REQUEST_ID_REUSED');
  });
}

export function whatWasBought(mesh: () => TestMesh): void {
  test('an order keeps title, price and attributes, whatever becomes of the offer', async () => {
    const { orders } = mesh().clients;
    const shop = new Shop(mesh().clients);
    const skuId = await shop.sells(10);
    const put = async (title: string, amountMinor: bigint, attributes: Record<string, string>) => {
      const unitPrice = { currency: 'EUR', amountMinor };
      await orders.putOffer({ offer: { skuId, title, unitPrice, attributes } }, soon());
    };
    const bought = (order: Order) => {
      const [line] = order.lines;
      return [line?.title, line?.unitPrice?.amountMinor, line?.attributes];
    };
    await put('Shirt', 900n, { colour: 'grün', size: 'M' });
    let first = await shop.order({ [skuId]: 1 });
    // A change of an offer reaches orders placed a second later.
    await eventually(
      () => 'the change does not arrive',
      async () => {
        first = await shop.order({ [skuId]: 1 });
        return first.lines[0]?.title === 'Shirt';
      },
    );
    await put('Shirt, old stock', 500n, { colour: 'green' });
    let second = first;
    await eventually(
      () => 'the change does not arrive',
      async () => {
        second = await shop.order({ [skuId]: 1 });
        return second.lines[0]?.title !== 'Shirt';
      },
    );
    expect(bought(second)).toEqual(['Shirt, old stock', 500n, { colour: 'green' }]);
    const kept = await shop.look(first.orderId);
    expect(bought(kept)).toEqual(['Shirt', 900n, { colour: 'grün', size: 'M' }]);
    const hashes = [first, kept, second].map((order) => order.lines[0]?.snapshotHash);
    expect([hashes[0] === hashes[1], hashes[1] === hashes[2]]).toEqual([true, false]);
  });
}

export function onItsWay(mesh: () => TestMesh): void {
  async function shipped() {
    const shop = new Shop(mesh().clients);
    const { orderId, version } = await shop.paid({ [await shop.sells(1)]: 1 });
    const first = { orderId, carrier: 'DHL', trackingNumber: 'OLD', expectedVersion: version };
    const { order } = await mesh().clients.orders.shipOrder(first, soon());
    return { shop, orderId, first, shippedVersion: order?.version ?? 0n };
  }

  test('a late retry of ShipOrder does not overwrite the newer number', async () => {
    const { orders } = mesh().clients;
    const { shop, orderId, first, shippedVersion } = await shipped();
    const newer = { ...first, trackingNumber: 'NEW', expectedVersion: shippedVersion };
    await orders.shipOrder(newer, soon());
    // The first request again, late, as it was sent; and as a careless caller would send it.
    expect((await refusalOf(orders.shipOrder(first, soon()))).reason).toBe('VERSION_MISMATCH');
    const careless = { ...first, expectedVersion: 0n };
    expect((await refusalOf(orders.shipOrder(careless, soon()))).reason).toBe('TRANSITION_ILLEGAL');
    await orders.shipOrder(newer, soon());
    const order = await shop.look(orderId);
    expect([order.trackingNumber, order.version]).toEqual(['NEW', shippedVersion + 1n]);
    const remarks = order.transitions.slice(-2).map(({ operator, remark }) => [operator, remark]);
    expect(remarks).toEqual([
      ['operator', 'DHL OLD'],
      ['operator', 'DHL NEW'],
    ]);
  });

  test('what the carrier tells is listed by time, each event once, until the order is closed', async () => {
    const { orders } = mesh().clients;
    const { shop, orderId, shippedVersion } = await shipped();
    const event = { orderId, requestId: 'e1', status: 'in_transit', place: 'Köln', text: 'hub' };
    const later = { ...event, at: timestampFromMs(2_000) };
    await orders.addTracking(later, soon());
    await orders.addTracking(later, soon());
    const earlier = { ...event, requestId: 'e0', at: timestampFromMs(1_000) };
    const { order } = await orders.addTracking(earlier, soon());
    expect(order?.tracking.map(({ requestId }) => requestId)).toEqual(['e0', 'e1']);
    const other = { ...later, place: 'Bonn' };
    expect((await refusalOf(orders.addTracking(other, soon()))).reason).toBe('REQUEST_ID_REUSED');
    await orders.deliverOrder({ orderId }, soon());
    await orders.addTracking({ ...event, requestId: 'e2', status: 'at_door' }, soon());
    await orders.completeOrder({ orderId }, soon());
    const late = { ...event, requestId: 'e3' };
    expect((await refusalOf(orders.addTracking(late, soon()))).reason).toBe('NOT_SHIPPED');
    const seen = await shop.look(orderId);
    expect(seen.tracking.map(({ requestId, status }) => `${requestId} ${status}`)).toEqual([
      'e0 in_transit',
      'e1 in_transit',
      'e2 at_door',
    ]);
    // Shipped, delivered, completed: events make no version.
    expect(seen.version).toBe(shippedVersion + 2n);
  });

  test('nothing is told of an order that is not on its way, and a time must be one', async () => {
    const { orders } = mesh().clients;
    const { orderId: onWay } = await shipped();
    const shop = new Shop(mesh().clients);
    const { orderId } = await shop.order({ [await shop.sells(1)]: 1 });
    const event = { requestId: 'e1', status: 'in_transit' };
    const refused = await refusalOf(orders.addTracking({ orderId, ...event }, soon()));
    expect(refused.reason).toBe('NOT_SHIPPED');
    const at = { seconds: 2n ** 62n, nanos: 0 };
    const odd = await refusalOf(orders.addTracking({ orderId: onWay, ...event, at }, soon()));
    expect([odd.reason, odd.fields[0]?.field]).toEqual(['FIELD_INVALID', 'at']);
  });
}
