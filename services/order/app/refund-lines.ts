// Refunds units of an order's lines. The order alone decides, in one change: it counts the units, prices
// them and leaves the effects that bring money and units back. So a refund that was answered happens,
// and one that was refused leaves nothing behind.

import type { LineRefund, Order } from '../domain/order.js';
import { duplicateSkuIndex } from '../domain/request.js';
import type { OrderEvent } from '../domain/transition.js';
import type { ChangeResult, OrderStore } from './ports.js';

export interface RefundLinesCommand extends Omit<OrderEvent & { kind: 'REFUND_LINES' }, 'kind'> {
  readonly orderId: bigint;
}

export type RefundLinesResult =
  | { readonly outcome: 'REFUNDED'; readonly order: Order; readonly refund: LineRefund }
  | { readonly outcome: 'SKU_TWICE' | 'LINE_UNKNOWN'; readonly index: number }
  | Exclude<ChangeResult, { outcome: 'CHANGED' | 'UNCHANGED' | 'LINE_UNKNOWN' }>;

export class RefundLines {
  readonly #orders: OrderStore;

  constructor(o: { orders: OrderStore }) {
    this.#orders = o.orders;
  }

  async run(command: RefundLinesCommand, deadlineMs: number): Promise<RefundLinesResult> {
    const { orderId, ...asked } = command;
    const index = duplicateSkuIndex(asked.lines);
    if (index >= 0) return { outcome: 'SKU_TWICE', index };
    const event = { kind: 'REFUND_LINES', ...asked } as const;
    const result = await this.#orders.change(orderId, event, deadlineMs);
    switch (result.outcome) {
      case 'CHANGED':
      case 'UNCHANGED':
        return refunded(result.order, asked.requestId);
      case 'LINE_UNKNOWN': {
        const at = asked.lines.findIndex(({ skuId }) => skuId === result.skuId);
        return { outcome: 'LINE_UNKNOWN', index: at };
      }
      default:
        return result;
    }
  }
}

function refunded(order: Order, requestId: string): RefundLinesResult {
  const refund = order.refunds.find((made) => made.requestId === requestId);
  if (!refund) throw new Error('a refund that was made stands in its order');
  return { outcome: 'REFUNDED', order, refund };
}
