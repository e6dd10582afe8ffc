// Promise: what is sold in advance is held for a deposit and sold for the balance, each paid once; who
// does not pay in time loses the order, and the deposit only where the terms say so.
// Method: one small story per way a presale can go, through public RPCs only, then races at the balance.
import { type Timestamp, timestampFromMs, timestampMs } from '@bufbuild/protobuf/wkt';
import { describe, expect, test } from '@jest/globals';
import { type Order, OrderState, OrderType } from '../../gen/spillway/order/v1/order_pb.js';
import { PaymentState } from '../../gen/spillway/payment/v1/payment_pb.js';
import { RpcError } from '../../services/platform/rpc/errors.js';
import { patiently, refusalOf, soon } from '../harness/clients.js';
import { crowd, eventually, fresh, Shop } from '../harness/shop.js';
import type { TestMesh } from '../harness/test-mesh.js';

const { DEPOSIT_PAID, PAID, SHIPPED, CANCELLED } = OrderState;
const HOUR_MS = 3_600_000;

interface Terms {
  /** From now on. */
  readonly opensInMs?: number;
  readonly dueInMs?: number;
  /** Left out, the offer does not say. */
  readonly refundable?: boolean;
}

/** A shop that sells in advance: for 3.00 now and 7.00 later, five units of each SKU. */
class EarlyShop extends Shop {
  async announces(terms: Terms = {}): Promise<string> {
    const skuId = await this.sells(5);
    const at = (inMs: number) => timestampFromMs(Date.now() + inMs);
    const presale = {
      deposit: { currency: 'EUR', amountMinor: 300n },
      balanceOpensAt: at(terms.opensInMs ?? -HOUR_MS),
      balanceDueAt: at(terms.dueInMs ?? HOUR_MS),
      ...(terms.refundable === undefined ? {} : { depositRefundable: terms.refundable }),
    };
    const unitPrice = { currency: 'EUR', amountMinor: 1_000n };
    const offer = { skuId, title: `The early ${skuId}`, unitPrice, presale };
    await this.clients.orders.putOffer({ offer }, soon());
    return skuId;
  }

  /** Two units. */
  early(skuId: string, windowSeconds = 0): Promise<Order> {
    return this.order({ [skuId]: 2 }, { type: OrderType.PRESALE, windowSeconds });
  }

  async depositPaid(terms: Terms = {}): Promise<Order> {
    const order = await this.early(await this.announces(terms));
    await this.pay(order);
    return await this.becomes(order.orderId, DEPOSIT_PAID);
  }

  /** Its intent is made a moment after the deposit has come. */
  async payBalance(order: Order, method = 'card'): Promise<string> {
    const request = { paymentId: order.balancePaymentId, requestId: fresh('pay'), method };
    let redirectUrl = '';
    await eventually(
      () => `order ${order.orderId} has no balance to pay`,
      async () => {
        try {
          const started = this.clients.payments.startPayment(request, soon());
          redirectUrl = (await started).redirectUrl;
          return true;
        } catch (error) {
          if (error instanceof RpcError && error.reason === 'PAYMENT_UNKNOWN') return false;
          throw error;
        }
      },
    );
    return redirectUrl;
  }

  async fullyPaid(terms: Terms = {}): Promise<Order> {
    const order = await this.depositPaid(terms);
    await this.payBalance(order);
    return await this.becomes(order.orderId, PAID);
  }

  /** `captured-refunded` of deposit and balance; `none` where there is no payment. */
  async money({ paymentId, balancePaymentId }: Order): Promise<string> {
    const told = await Promise.all([paymentId, balancePaymentId].map((id) => this.#moneyOf(id)));
    return told.join(' ');
  }

  async moneyBecomes(order: Order, wanted: string): Promise<void> {
    let seen = '';
    await eventually(
      () => `money of ${order.orderId} is ${seen}, not ${wanted}`,
      async () => {
        seen = await this.money(order);
        return seen === wanted;
      },
    );
  }

  async #moneyOf(paymentId: string): Promise<string> {
    try {
      const { payment } = await this.clients.payments.getPayment({ paymentId }, soon());
      return `${payment?.captured?.amountMinor}-${payment?.refunded?.amountMinor}`;
    } catch (error) {
      if (error instanceof RpcError && error.reason === 'PAYMENT_UNKNOWN') return 'none';
      throw error;
    }
  }
}

export function presales(mesh: () => TestMesh): void {
  const shop = () => new EarlyShop(mesh().clients);
  const skuOf = (order: Order) => order.lines[0]?.skuId ?? '';

  test('deposit, balance, shipped: every version seen, every callback twice, each paid once', async () => {
    const sku = await shop().announces();
    const order = await shop().early(sku);
    expect(order.presale).toMatchObject({
      deposit: { currency: 'EUR', amountMinor: 600n },
      balance: { currency: 'EUR', amountMinor: 1_400n },
      depositRefundable: true,
    });
    const seen: string[] = [];
    const watched = (async () => {
      const from = { orderId: order.orderId, fromVersion: 0n };
      for await (const sight of mesh().clients.orders.watchOrder(from, soon())) {
        seen.push(`${OrderState[sight.order?.state ?? 0]}`);
        if (sight.order?.state === SHIPPED) return;
      }
    })();
    await shop().pay(order, 'card_doubled');
    await shop().becomes(order.orderId, DEPOSIT_PAID);
    expect([await shop().stock(sku), await shop().money(order)]).toEqual([
      '3/2/0 of 5',
      expect.stringMatching(/^600-0 (none|0-0)$/),
    ]);
    await shop().payBalance(order, 'card_doubled');
    await shop().becomes(order.orderId, PAID);
    await shop().stockBecomes(sku, '3/0/2 of 5');
    expect(await shop().money(order)).toBe('600-0 1400-0');
    const track = { orderId: order.orderId, carrier: 'DHL', trackingNumber: 'T-1' };
    await mesh().clients.orders.shipOrder(track, soon());
    await watched;
    expect(seen).toEqual(['PENDING_PAYMENT', 'DEPOSIT_PAID', 'PAID', 'SHIPPED']);
  });

  test('a balance that is not open, and lists of those who wait for it', async () => {
    const order = await shop().depositPaid({ opensInMs: HOUR_MS, dueInMs: 2 * HOUR_MS });
    const early = await refusalOf(shop().payBalance(order));
    expect(early.reason).toBe('PAYMENT_NOT_OPEN');
    const { userId, orderId } = order;
    const listing = { userId, state: DEPOSIT_PAID };
    const { orders } = await mesh().clients.orders.listOrders(listing, soon());
    expect(orders.map((each) => each.orderId)).toEqual([orderId]);
    const ship = { orderId, carrier: 'DHL', trackingNumber: 'T-1' };
    const shipped = await refusalOf(mesh().clients.orders.shipOrder(ship, soon()));
    expect(shipped.reason).toBe('TRANSITION_ILLEGAL');
  });

  test('a deposit that is not paid in time: the order is over, and nothing was paid', async () => {
    const sku = await shop().announces({ refundable: false });
    const order = await shop().early(sku, 1);
    await shop().becomes(order.orderId, CANCELLED);
    await shop().stockBecomes(sku, '5/0/0 of 5');
    expect(await shop().money(order)).toBe('0-0 none');
  });

  test.each<[string, Terms, string]>([
    ['comes back', {}, '600-600 0-0'],
    ['is lost where the terms say so', { refundable: false }, '600-0 0-0'],
  ])('a balance that is not paid in time: the deposit %s', async (_what, terms, wanted) => {
    const order = await shop().depositPaid({ ...terms, dueInMs: 2_500 });
    const cancelled = await shop().becomes(order.orderId, CANCELLED, 6_000);
    const dueMs = timeMs(order.presale?.balanceDueAt);
    const lateMs = timeMs(cancelled.updatedAt) - dueMs;
    expect([lateMs >= 0, lateMs < 2_000]).toEqual([true, true]);
    expect(cancelled.transitions.at(-1)?.operator).toBe('deadline');
    await shop().stockBecomes(skuOf(order), '5/0/0 of 5');
    await shop().moneyBecomes(order, wanted);
    expect((await refusalOf(shop().payBalance(order))).code).toBe(9);
  });

  test.each<[string, Terms, boolean, string]>([
    ['its buyer', { refundable: true }, false, '600-600 0-0'],
    ['its buyer', { refundable: false }, false, '600-0 0-0'],
    ['an operator', { refundable: false }, true, '600-600 0-0'],
  ])('before the balance %s gives it up, %j', async (_who, terms, asOperator, wanted) => {
    const order = await shop().depositPaid(terms);
    const { orderId } = order;
    const cancel = () => mesh().clients.orders.cancelOrder({ orderId, asOperator }, soon());
    await Promise.all([cancel(), cancel()]);
    await cancel();
    await shop().stockBecomes(skuOf(order), '5/0/0 of 5');
    await shop().moneyBecomes(order, wanted);
    expect((await refusalOf(shop().payBalance(order))).reason).toBe('TRANSITION_ILLEGAL');
  });

  test.each<[string, Terms, boolean, string]>([
    ['its buyer', {}, false, '600-600 1400-1400'],
    ['its buyer', { refundable: false }, false, '600-0 1400-1400'],
    ['an operator', { refundable: false }, true, '600-600 1400-1400'],
  ])('after the balance %s gives it up, %j', async (_who, terms, asOperator, wanted) => {
    const order = await shop().fullyPaid(terms);
    await mesh().clients.orders.cancelOrder({ orderId: order.orderId, asOperator }, soon());
    await shop().stockBecomes(skuOf(order), '5/0/0 of 5');
    await shop().moneyBecomes(order, wanted);
  });

  test('a buyer who pays the balance after all was given up gets it back, once', async () => {
    const order = await shop().depositPaid({ dueInMs: 2_500, refundable: false });
    const redirectUrl = await shop().payBalance(order, 'card_redirect');
    // While the buyer might still pay, the order is not given up.
    expect((await refusalOf(shop().cancel(order.orderId))).reason).toBe('PAYMENT_IN_PROGRESS');
    await shop().becomes(order.orderId, CANCELLED, 20_000);
    for (let visit = 1; visit <= 2; visit += 1) expect((await fetch(redirectUrl)).ok).toBe(true);
    await shop().moneyBecomes(order, '600-0 1400-1400');
    expect((await shop().look(order.orderId)).state).toBe(CANCELLED);
  }, 40_000);

  describe('refunds', () => {
    const refund = (paymentId: string, amountMinor: bigint) => {
      const amount = { currency: 'EUR', amountMinor };
      const request = { requestId: fresh('refund'), paymentId, amount };
      return patiently(() => mesh().clients.payments.refundPayment(request, soon()));
    };

    test('of the whole deposit before the balance: nothing is left, so the order is over', async () => {
      const order = await shop().depositPaid({ refundable: false });
      await refund(order.paymentId, 600n);
      await shop().becomes(order.orderId, CANCELLED);
      await shop().stockBecomes(skuOf(order), '5/0/0 of 5');
      await shop().moneyBecomes(order, '600-600 0-0');
      await eventually(
        () => 'the balance may still be paid',
        async () => {
          const paymentId = order.balancePaymentId;
          const { payment } = await mesh().clients.payments.getPayment({ paymentId }, soon());
          return payment?.state === PaymentState.CANCELLED;
        },
      );
    });

    test('of one payment leave the order as it is, of both they end it', async () => {
      const order = await shop().fullyPaid();
      await refund(order.balancePaymentId, 1_400n);
      await shop().moneyBecomes(order, '600-0 1400-1400');
      expect((await shop().look(order.orderId)).state).toBe(PAID);
      await refund(order.paymentId, 600n);
      await shop().becomes(order.orderId, CANCELLED);
      await shop().stockBecomes(skuOf(order), '5/0/0 of 5');
    });

    test('of a unit come out of the balance', async () => {
      const order = await shop().fullyPaid();
      const lines = [{ skuId: skuOf(order), quantity: 1 }];
      const request = { orderId: order.orderId, requestId: fresh('back'), lines };
      await mesh().clients.orders.refundLines(request, soon());
      await shop().moneyBecomes(order, '600-0 1400-1000');
      await shop().stockBecomes(skuOf(order), '4/0/1 of 5');
    });
  });

  test('types and offers belong together', async () => {
    const [plain, early] = [await shop().sells(5), await shop().announces()];
    const other = await shop().announces({ refundable: false });
    const fieldOf = async (skus: string[], type: OrderType) => {
      const lines = skus.map((skuId) => ({ skuId, quantity: 1 }));
      const request = { requestId: fresh('r'), userId: fresh('user'), lines, type };
      const refused = await refusalOf(mesh().clients.orders.createOrder(request, soon()));
      return `${refused.reason} ${refused.fields[0]?.field}`;
    };
    expect([
      await fieldOf([plain], OrderType.PRESALE),
      await fieldOf([early], OrderType.PHYSICAL),
      await fieldOf([early, other], OrderType.PRESALE),
    ]).toEqual(['FIELD_INVALID type', 'FIELD_INVALID type', 'FIELD_INVALID lines[1].sku_id']);
    for (const sku of [plain, early, other]) await shop().stockBecomes(sku, '5/0/0 of 5');
  });

  test.each<[string, object]>([
    ['deposit.amount_minor', { deposit: { currency: 'EUR', amountMinor: 1_000n } }],
    ['deposit.amount_minor', { deposit: { currency: 'EUR', amountMinor: 0n } }],
    ['deposit.currency', { deposit: { currency: 'USD', amountMinor: 1n } }],
    ['balance_due_at', { balanceDueAt: timestampFromMs(1_000) }],
    ['balance_opens_at', { balanceOpensAt: { seconds: 2n ** 62n } }],
  ])('an offer that cannot be: %s', async (field, wrong) => {
    const times = { balanceOpensAt: timestampFromMs(1_000), balanceDueAt: timestampFromMs(2_000) };
    const deposit = { currency: 'EUR', amountMinor: 300n };
    const presale = { deposit, ...times, ...wrong };
    const unitPrice = { currency: 'EUR', amountMinor: 1_000n };
    const offer = { skuId: fresh('sku'), title: 'x', unitPrice, presale };
    const refused = await refusalOf(mesh().clients.orders.putOffer({ offer }, soon()));
    expect([refused.reason, refused.fields[0]?.field]).toEqual([
      'FIELD_INVALID',
      `offer.presale.${field}`,
    ]);
  });
}

const RACES = 40;

export function presaleRaces(mesh: () => TestMesh): void {
  test(`${RACES} balances are paid and their orders given up at the same moment: one of the two wins`, async () => {
    const shop = new EarlyShop(mesh().clients);
    const orders = await crowd(Array.from({ length: RACES }), 10, async (_, i) => {
      return await shop.depositPaid({ refundable: i % 2 === 0 });
    });
    await crowd(orders, RACES, (order) =>
      Promise.allSettled([shop.payBalance(order), shop.cancel(order.orderId)]),
    );
    const ends = await crowd(orders, 20, (order, i) => ended(shop, order, i % 2 === 0));
    expect(ends.filter((end) => end === undefined)).toEqual([]);
  }, 60_000);
}

/** Waits until order, units and money agree. */
async function ended(shop: EarlyShop, order: Order, refundable: boolean): Promise<string> {
  const returned = refundable ? '600-600' : '600-0';
  const sku = order.lines[0]?.skuId ?? '';
  let seen = '';
  await eventually(
    () => `order ${order.orderId} does not settle: ${seen}`,
    async () => {
      const { state } = await shop.look(order.orderId);
      seen = `${OrderState[state]} ${await shop.money(order)} ${await shop.stock(sku)}`;
      return [
        'PAID 600-0 1400-0 3/0/2 of 5',
        `CANCELLED ${returned} 0-0 5/0/0 of 5`,
        `CANCELLED ${returned} 1400-1400 5/0/0 of 5`,
      ].includes(seen);
    },
    20_000,
  );
  return seen;
}

function timeMs(at: Timestamp | undefined): number {
  if (!at) throw new Error('a time is missing');
  return timestampMs(at);
}
