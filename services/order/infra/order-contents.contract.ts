// What every store promises of the contents of orders: details, what was bought, and what carriers
// tell. Run by both implementations, as the other contract is.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { NewOrder, TrackResult } from '../app/ports.js';
import type { OrderDetails } from '../domain/order-details.js';
import { type NewTrackingEvent, TRACKING_EVENTS_MAX } from '../domain/tracking.js';
import { boughtLine, newOrder, newUser, soon } from './new-orders.fixture.js';
import type { StoreUnderTest } from './order-store.contract.js';

const seen: NewTrackingEvent = {
  requestId: 'e1',
  status: 'in_transit',
  place: 'Köln',
  text: 'it’s on its way',
  atMs: 1_000,
};

export function orderContentsContract(open: () => Promise<StoreUnderTest>): void {
  let under: StoreUnderTest;
  beforeAll(async () => {
    under = await open();
  });
  afterAll(() => under.close());

  const read = (orderId: bigint) => under.store.read(orderId, soon());
  async function placed(changes: Partial<NewOrder> = {}): Promise<bigint> {
    const { orderId, ...rest } = newOrder(changes);
    const result = await under.store.commit({ orderId, ...rest }, soon());
    expect(result).toMatchObject({ outcome: 'COMMITTED', order: { lines: rest.lines } });
    return orderId;
  }
  async function shipped(): Promise<bigint> {
    const orderId = await placed();
    const captured = {
      kind: 'CAPTURED',
      part: 'FIRST',
      currency: 'EUR',
      amountMinor: 5_300n,
    } as const;
    const track = { carrier: 'dhl', trackingNumber: 'T1' };
    await under.store.change(orderId, captured, soon());
    await under.store.change(orderId, { kind: 'SHIP', ...track, expectedVersion: 2 }, soon());
    return orderId;
  }
  const track = (orderId: bigint, changes: Partial<NewTrackingEvent> = {}): Promise<TrackResult> =>
    under.store.track(orderId, { ...seen, ...changes }, soon());
  const idsOf = async (orderId: bigint) =>
    (await read(orderId))?.tracking.map(({ requestId }) => requestId);

  describe('details', () => {
    test.each<[string, Partial<NewOrder>]>([
      ['none', {}],
      ['an address', { details: { kind: 'SHIPPING', recipient: 'O’Hara', address: 'a "b"\n\\c' } }],
      ['a stay', { type: 'BOOKING', details: stay('2028-02-29', '2028-03-01') }],
      ['an account', { type: 'TOP_UP', details: { kind: 'TOP_UP', account: '+49 30' } }],
    ])('%s', async (_, changes) => {
      const orderId = await placed(changes);
      const wanted = { type: 'PHYSICAL', details: undefined, ...changes };
      const order = await read(orderId);
      expect({ type: order?.type, details: order?.details }).toEqual(wanted);
    });
  });

  describe('what was bought', () => {
    const attributes = { colour: 'grün', size: 'O"Neill \\ XL', a_1: '' };

    test('is told as it was, whatever else is sold since', async () => {
      const terms = { skuId: 'shirt', title: 'Shirt', unitPriceMinor: 1_000n };
      const userId = newUser();
      const before = [boughtLine(1, { ...terms, attributes })];
      const after = [boughtLine(1, { ...terms, title: 'Shirt, new', attributes: {} })];
      const first = await placed({ userId, requestId: 'r1', lines: before });
      const second = await placed({ userId, requestId: 'r2', lines: after });
      expect((await read(first))?.lines).toEqual(before);
      expect((await read(second))?.lines).toEqual(after);
      const listed = { userId, state: undefined, beforeId: undefined, limit: 9 };
      const lines = (await under.store.list(listed, soon())).map((order) => order.lines);
      expect(lines).toEqual([after, before]);
    });

    test('many orders for the same, at once, beside others', async () => {
      const ids = await Promise.all(
        Array.from({ length: 80 }, (_, i) => {
          const skuId = i % 2 === 0 ? 'mug' : 'pen';
          return placed({ lines: [boughtLine(1, { skuId, title: skuId, unitPriceMinor: 9n })] });
        }),
      );
      const titles = await Promise.all(ids.map(async (id) => (await read(id))?.lines[0]?.title));
      expect(titles).toEqual(ids.map((_, i) => (i % 2 === 0 ? 'mug' : 'pen')));
    });
  });

  describe('tracking', () => {
    test('is told with the order, by the time of the events', async () => {
      const orderId = await shipped();
      const version = (await read(orderId))?.version;
      expect(await track(orderId)).toMatchObject({ outcome: 'ADDED', order: { tracking: [seen] } });
      await track(orderId, { requestId: 'e0', atMs: 500 });
      await track(orderId, { requestId: 'e2', atMs: undefined });
      const order = await read(orderId);
      expect(order?.version).toBe(version);
      expect(order?.tracking.slice(0, 2)).toEqual([{ ...seen, requestId: 'e0', atMs: 500 }, seen]);
      expect(order?.tracking[2]?.atMs).toBeGreaterThanOrEqual(order?.createdMs ?? 0);
      const changed = await under.store.change(
        orderId,
        { kind: 'DELIVER', expectedVersion: 0 },
        soon(),
      );
      expect('order' in changed && changed.order.tracking).toEqual(order?.tracking);
    });

    test('takes an event once, however often it comes', async () => {
      const orderId = await shipped();
      const outcomes = (await Promise.all(Array.from({ length: 20 }, () => track(orderId)))).map(
        ({ outcome }) => outcome,
      );
      expect(outcomes.sort()).toEqual(['ADDED', ...new Array(19).fill('EXISTING')]);
      expect(await track(orderId, { text: 'another' })).toEqual({ outcome: 'REQUEST_ID_REUSED' });
      expect(await idsOf(orderId)).toEqual(['e1']);
    });

    test('is refused for what is not on its way, but a retry is still answered', async () => {
      const pending = await placed();
      expect(await track(pending)).toEqual({ outcome: 'NOT_SHIPPED' });
      expect(await track(newOrder().orderId)).toEqual({ outcome: 'ORDER_UNKNOWN' });
      const orderId = await shipped();
      await track(orderId);
      for (const kind of ['DELIVER', 'COMPLETE'] as const) {
        await under.store.change(orderId, { kind, expectedVersion: 0 }, soon());
      }
      expect(await track(orderId, { requestId: 'e2' })).toEqual({ outcome: 'NOT_SHIPPED' });
      expect(await track(orderId)).toMatchObject({ outcome: 'EXISTING' });
    });

    test('has an end, also for events that come at once', async () => {
      const orderId = await shipped();
      const results = await Promise.all(
        Array.from({ length: TRACKING_EVENTS_MAX + 5 }, (_, i) =>
          track(orderId, { requestId: `e${i}` }),
        ),
      );
      expect(results.filter(({ outcome }) => outcome === 'ADDED')).toHaveLength(100);
      expect(results.filter(({ outcome }) => outcome === 'TRACKING_FULL')).toHaveLength(5);
      expect(await idsOf(orderId)).toHaveLength(100);
    });
  });
}

function stay(checkIn: string, checkOut: string): OrderDetails {
  return { kind: 'BOOKING', checkIn, checkOut };
}
