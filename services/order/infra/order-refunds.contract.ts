// What every store promises of refunds of lines. Run by both implementations, as the other contracts.

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { ChangeResult, NewOrder } from '../app/ports.js';
import type { LineQuantity } from '../domain/line-refund.js';
import type { OrderEvent } from '../domain/transition.js';
import { newOrder, soon } from './new-orders.fixture.js';
import type { StoreUnderTest } from './order-store.contract.js';

const captured = { kind: 'CAPTURED', part: 'FIRST', currency: 'EUR', amountMinor: 5_300n } as const;

export function orderRefundsContract(open: () => Promise<StoreUnderTest>): void {
  let under: StoreUnderTest;
  beforeAll(async () => {
    under = await open();
  });
  afterAll(() => under.close());

  const change = (orderId: bigint, event: OrderEvent) => under.store.change(orderId, event, soon());
  async function paid(changes: Partial<NewOrder> = {}): Promise<bigint> {
    const item = newOrder(changes);
    await under.store.commit(item, soon());
    await change(item.orderId, captured);
    return item.orderId;
  }
  const effectsOf = async (orderId: bigint) => (await under.effectsOf(orderId)).sort();
  const refund = (orderId: bigint, requestId: string, ...lines: LineQuantity[]) =>
    change(orderId, refundOf(requestId, ...lines));

  test('what is read is what was refunded, in lists too', async () => {
    const orderId = await paid();
    const first = await refund(orderId, 'b1', units(1, 'tea'), units(1, 'cup'));
    expect(first).toMatchObject({ outcome: 'CHANGED', order: { version: 3, state: 'PAID' } });
    const order = await under.store.read(orderId, soon());
    const lines = [
      { skuId: 'tea', quantity: 1, amountMinor: 1_650n },
      { skuId: 'cup', quantity: 1, amountMinor: 2_000n },
    ];
    const made = { requestId: 'b1', lines, unitsReturned: true, reason: 'it’s broken' };
    expect(order?.refunds).toEqual([{ ...made, version: 3, atMs: order?.updatedMs }]);
    expect(order?.transitions.at(-1)).toMatchObject({ from: 'PAID', to: 'PAID', version: 3 });
    const userId = order?.userId ?? '';
    const page = { userId, state: undefined, beforeId: undefined, limit: 5 };
    expect((await under.store.list(page, soon()))[0]?.refunds).toEqual(order?.refunds);
    expect((await under.store.findByRequest(userId, 'r1', soon()))?.refunds).toEqual(
      order?.refunds,
    );
    expect(await effectsOf(orderId)).toEqual([
      'order.created',
      'order.paid',
      'payment.refund-lines',
      'stock.return-lines',
    ]);
  });

  test('copies of a refund at the same moment refund once', async () => {
    const orderId = await paid();
    const copies = await Promise.all(
      Array.from({ length: 6 }, () => refund(orderId, 'b1', units(1, 'tea'))),
    );
    const words = copies.map(({ outcome }) => outcome).sort();
    expect(words).toEqual(['CHANGED', ...Array<string>(5).fill('UNCHANGED')]);
    expect((await under.store.read(orderId, soon()))?.refunds).toHaveLength(1);
    expect(await refund(orderId, 'b1', units(2, 'tea'))).toEqual({ outcome: 'REQUEST_ID_REUSED' });
  });

  test('different refunds at the same moment never take more than there is', async () => {
    const orderId = await paid();
    const asked = Array.from({ length: 5 }, (_, i) => refund(orderId, `b${i}`, units(1, 'tea')));
    const outcomes = (await Promise.all(asked)).map(({ outcome }) => outcome).sort();
    const refused = Array<string>(3).fill('REFUND_EXCEEDS_CAPTURED');
    expect(outcomes).toEqual(['CHANGED', 'CHANGED', ...refused]);
  });

  test('with the last unit the order is cancelled, and nothing more can be refunded', async () => {
    const orderId = await paid();
    await refund(orderId, 'b1', units(1, 'tea'));
    const last = await refund(orderId, 'b2', units(1, 'cup'), units(1, 'tea'));
    expect(last).toMatchObject({ outcome: 'CHANGED', order: { state: 'CANCELLED', version: 4 } });
    expect(await effectsOf(orderId)).toEqual([
      'order.created',
      'order.paid',
      'payment.refund',
      'payment.refund-lines',
      'stock.return',
      'stock.return-lines',
    ]);
    expect(await under.store.resolve([orderId], soon())).toEqual([{ fate: 'RETURNED' }]);
    const again = await refund(orderId, 'b2', units(1, 'cup'), units(1, 'tea'));
    expect(again).toEqual({ outcome: 'UNCHANGED', order: orderOf(last) });
  });

  test('orders that change in one batch keep their own sums', async () => {
    const ids = await Promise.all([paid(), paid(), paid()]);
    await Promise.all([
      refund(ids[0], 'b1', units(1, 'tea')),
      refund(ids[1], 'b1', units(1, 'cup')),
      change(ids[2], { kind: 'DELIVER', expectedVersion: 0 }),
    ]);
    const orders = await Promise.all(ids.map((orderId) => under.store.read(orderId, soon())));
    const sums = orders.map((order) =>
      order?.refunds.flatMap(({ lines }) => lines.map(({ amountMinor }) => amountMinor)),
    );
    expect(sums).toEqual([[1_650n], [2_000n], []]);
  });

  test('a change later keeps the refunds, and a refund after shipping returns no units', async () => {
    const orderId = await paid();
    await refund(orderId, 'b1', units(1, 'tea'));
    const ship = { kind: 'SHIP', carrier: 'dhl', trackingNumber: 'T1' } as const;
    await change(orderId, { ...ship, expectedVersion: 3 });
    await refund(orderId, 'b2', units(1, 'tea'), units(1, 'cup'));
    const order = await under.store.read(orderId, soon());
    expect(order).toMatchObject({ state: 'SHIPPED', version: 5, carrier: 'dhl' });
    expect(order?.refunds.map((made) => [made.requestId, made.unitsReturned])).toEqual([
      ['b1', true],
      ['b2', false],
    ]);
    const kinds = await effectsOf(orderId);
    expect(kinds.filter((kind) => kind.endsWith('-lines'))).toEqual([
      'payment.refund-lines',
      'payment.refund-lines',
      'stock.return-lines',
    ]);
  });
}

export function units(quantity: number, skuId: string): LineQuantity {
  return { skuId, quantity };
}

export function refundOf(requestId: string, ...lines: LineQuantity[]): OrderEvent {
  return { kind: 'REFUND_LINES', requestId, lines, reason: 'it’s broken', expectedVersion: 0 };
}

function orderOf(result: ChangeResult) {
  return 'order' in result ? result.order : undefined;
}
