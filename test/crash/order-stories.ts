// The same as crash-stories.ts, of whoever places an order and gives it up.
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { type Order, OrderState, OrderType } from '../../gen/spillway/order/v1/order_pb.js';
import { soon } from '../harness/clients.js';
import { fresh } from '../harness/shop.js';
import { answered } from './answered.js';
import type { CrashStage } from './crash-stage.js';
import { type Story, UNITS } from './crash-stories.js';

export const createOrder: Story = {
  program: 'order',
  async set(stage) {
    const sku = await stage.shop.sells(UNITS);
    const request = {
      requestId: fresh('crash-r'),
      userId: fresh('crash-user'),
      lines: [{ skuId: sku, quantity: 1 }],
    };
    return {
      skus: [sku],
      async send({ orders }) {
        const answer = await answered(() => orders.createOrder(request, soon()));
        return answer?.order?.orderId;
      },
    };
  },
};

/** An unpaid order, placed by others. */
export const cancelOrder: Story = {
  program: 'order',
  async set(stage) {
    const sku = await stage.shop.sells(UNITS);
    const { orderId } = await stage.shop.order({ [sku]: 1 }, { user: fresh('crash-user') });
    return {
      skus: [sku],
      async send({ orders }) {
        const request = { orderId, reason: 'changed my mind' };
        const answer = await answered(() => orders.cancelOrder(request, soon()));
        if (answer === undefined) return undefined;
        return `${OrderState[answer.order?.state ?? 0]} ${answer.order?.transitions.length}`;
      },
      answer: 'CANCELLED 2',
    };
  },
};

/** Its deposit is paid and its balance is not: the balance is barred before the order is cancelled. */
export const cancelPresale: Story = {
  program: 'order',
  async set(stage) {
    const { orderId, lines } = await depositPaid(stage);
    return {
      skus: lines.map(({ skuId }) => skuId),
      async send({ orders }) {
        const request = { orderId, reason: 'changed my mind' };
        const answer = await answered(() => orders.cancelOrder(request, soon()));
        if (answer === undefined) return undefined;
        return `${OrderState[answer.order?.state ?? 0]} ${answer.order?.transitions.length}`;
      },
      answer: 'CANCELLED 3',
    };
  },
};

async function depositPaid({ shop }: CrashStage): Promise<Order> {
  const skuId = await shop.sells(UNITS);
  const euro = (amountMinor: bigint) => ({ currency: 'EUR', amountMinor });
  const presale = {
    deposit: euro(300n),
    balanceOpensAt: timestampFromMs(Date.now()),
    balanceDueAt: timestampFromMs(Date.now() + 3_600_000),
  };
  const offer = { skuId, title: 'Early', unitPrice: euro(1_000n), presale };
  await shop.clients.orders.putOffer({ offer }, soon());
  const user = fresh('crash-user');
  const order = await shop.order({ [skuId]: 1 }, { user, type: OrderType.PRESALE });
  await shop.pay(order);
  return await shop.becomes(order.orderId, OrderState.DEPOSIT_PAID);
}
