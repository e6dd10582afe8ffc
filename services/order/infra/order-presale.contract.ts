// What every store promises of orders that are paid in two parts. Run by both implementations, as the
// other contracts.

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { NewOrder } from '../app/ports.js';
import type { PaymentPart, PresaleTerms } from '../domain/presale-terms.js';
import type { OrderEvent } from '../domain/transition.js';
import { newOrder, soon } from './new-orders.fixture.js';
import type { StoreUnderTest } from './order-store.contract.js';

/** Of an order of 53.00: 20.00 now, 33.00 later. */
const DEPOSIT = { kind: 'CAPTURED', part: 'FIRST', currency: 'EUR', amountMinor: 2_000n } as const;
const BALANCE = { ...DEPOSIT, part: 'BALANCE', amountMinor: 3_300n } as const;

export function orderPresaleContract(open: () => Promise<StoreUnderTest>): void {
  let under: StoreUnderTest;
  beforeAll(async () => {
    under = await open();
  });
  afterAll(() => under.close());

  const change = (orderId: bigint, event: OrderEvent) => under.store.change(orderId, event, soon());
  async function placed(changes: Partial<PresaleTerms> = {}, windowMs = 60_000): Promise<NewOrder> {
    const presale = { ...terms(), ...changes };
    const item = newOrder({ type: 'PRESALE', presale, paymentWindowMs: windowMs });
    await under.store.commit(item, soon());
    return item;
  }
  const claim = async () => {
    const claims = under.store.dueQueues.map((queue) => queue.claim(1_000, 60_000, soon()));
    return (await Promise.all(claims)).flat();
  };

  test('the terms are kept as they were, and told wherever the order is', async () => {
    const { orderId, userId, requestId, presale } = await placed({ depositRefundable: false });
    const page = { userId, state: undefined, beforeId: undefined, limit: 5 };
    const told = [
      await under.store.read(orderId, soon()),
      await under.store.findByRequest(userId, requestId, soon()),
      (await under.store.list(page, soon()))[0],
    ];
    expect(told.map((order) => order?.presale)).toEqual([presale, presale, presale]);
    const plain = newOrder();
    await under.store.commit(plain, soon());
    expect((await under.store.read(plain.orderId, soon()))?.presale).toBeUndefined();
  });

  test('deposit, then balance, each once, each with what must follow', async () => {
    const { orderId, userId } = await placed();
    expect(await change(orderId, BALANCE)).toEqual({ outcome: 'MISMATCH' });
    const [first, again] = await Promise.all([change(orderId, DEPOSIT), change(orderId, DEPOSIT)]);
    expect([first.outcome, again.outcome].sort()).toEqual(['CHANGED', 'UNCHANGED']);
    const state = 'DEPOSIT_PAID';
    expect(await under.store.read(orderId, soon())).toMatchObject({ state, version: 2 });
    const page = { userId, state, beforeId: undefined, limit: 5 } as const;
    expect(await under.store.list(page, soon())).toHaveLength(1);
    expect((await change(orderId, BALANCE)).outcome).toBe('CHANGED');
    expect((await change(orderId, BALANCE)).outcome).toBe('UNCHANGED');
    expect((await change(orderId, DEPOSIT)).outcome).toBe('UNCHANGED');
    const order = await under.store.read(orderId, soon());
    expect(order).toMatchObject({ state: 'PAID', version: 3, paidMs: order?.updatedMs });
    const kinds = await under.effectsOf(orderId);
    expect(kinds).toEqual(['order.created', 'order.deposit-paid', 'order.paid']);
  });

  test('its units are held until its balance is due', async () => {
    const { orderId, presale } = await placed();
    const fate = async () => (await under.store.resolve([orderId], soon()))[0];
    const order = await under.store.read(orderId, soon());
    const { paymentDeadlineMs } = order ?? {};
    expect(await fate()).toEqual({ fate: 'PENDING', paymentDeadlineMs });
    await change(orderId, DEPOSIT);
    expect(await fate()).toEqual({ fate: 'PENDING', paymentDeadlineMs: presale?.balanceDueMs });
    await change(orderId, BALANCE);
    expect(await fate()).toEqual({ fate: 'PAID' });
  });

  test('is due twice: for its deposit, and for its balance', async () => {
    const over = { balanceDueMs: Date.now() - 1_000 };
    const unpaid = await placed({}, -1_000);
    const later = await placed({}, -1_000);
    const overdue = await placed(over, -1_000);
    await change(later.orderId, DEPOSIT);
    await change(overdue.orderId, DEPOSIT);
    const claimed = new Map((await claim()).map(({ orderId, awaited }) => [orderId, awaited]));
    const awaited = [unpaid, later, overdue].map(({ orderId }) => claimed.get(orderId));
    expect(awaited).toEqual(['FIRST', undefined, 'BALANCE']);
  });

  test.each<[string, Partial<PresaleTerms>, string, string[]]>([
    ['user', {}, 'CANCELLED', ['payment.refund', 'stock.release']],
    ['user', { depositRefundable: false }, 'CANCELLED', ['stock.release']],
    ['deadline', { depositRefundable: false }, 'CANCELLED', ['stock.release']],
    ['operator', { depositRefundable: false }, 'CANCELLED', ['payment.refund', 'stock.release']],
  ])('given up by %s with %j', async (operator, changes, fate, kinds) => {
    const { orderId } = await placed(changes);
    await change(orderId, DEPOSIT);
    expect((await change(orderId, cancel(operator, 'FIRST'))).outcome).toBe('TRANSITION_ILLEGAL');
    expect((await change(orderId, cancel(operator, 'BALANCE'))).outcome).toBe('CHANGED');
    expect((await under.store.resolve([orderId], soon()))[0]).toEqual({ fate });
    const earlier = ['order.created', 'order.deposit-paid'];
    expect((await under.effectsOf(orderId)).sort()).toEqual([...earlier, ...kinds].sort());
    // The deposit was taken in its time; a balance that comes now is not.
    expect((await change(orderId, DEPOSIT)).outcome).toBe('UNCHANGED');
    expect((await change(orderId, BALANCE)).outcome).toBe('REFUND');
  });
}

function terms(): PresaleTerms {
  const nowMs = Date.now();
  const times = { balanceOpensMs: nowMs + 1_000, balanceDueMs: nowMs + 3_600_000 };
  return { depositMinor: 2_000n, ...times, depositRefundable: true };
}

function cancel(operator: string, barred: PaymentPart): OrderEvent {
  const by = operator as 'user' | 'operator' | 'deadline';
  return { kind: 'CANCEL', operator: by, remark: '', barred, expectedVersion: 0 };
}
