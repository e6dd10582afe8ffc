// What the units of a line are worth when they are refunded, and which of them can be.
//
// Every unit has its share of what the buyer pays, discount included. Shares are cut from running
// sums, so whatever is refunded in whichever steps, rounding never adds up: all units of a line come
// to the line's share, all lines to the payable amount, and the last unit of each takes the rest.

import type { LineRefund, Order, OrderLine, RefundedLine } from './order.js';

export interface LineQuantity {
  readonly skuId: string;
  readonly quantity: number;
}

export type RefundPrice =
  | {
      readonly outcome: 'PRICED';
      readonly lines: readonly RefundedLine[];
      /** Whether nothing of the order is left after it. */
      readonly whole: boolean;
    }
  | { readonly outcome: 'LINE_UNKNOWN'; readonly skuId: string }
  /** The line has fewer units left. */
  | { readonly outcome: 'REFUND_EXCEEDS_CAPTURED'; readonly skuId: string };

/** Each SKU stands in `wanted` once. */
export function priceRefund(order: Order, wanted: readonly LineQuantity[]): RefundPrice {
  const lines: RefundedLine[] = [];
  for (const { skuId, quantity } of wanted) {
    const index = order.lines.findIndex((line) => line.skuId === skuId);
    const line = order.lines[index];
    if (line === undefined) return { outcome: 'LINE_UNKNOWN', skuId };
    const before = refundedQuantity(order, skuId);
    const after = before + quantity;
    if (after > line.quantity) return { outcome: 'REFUND_EXCEEDS_CAPTURED', skuId };
    const shareMinor = shareOf(order, index);
    const amountMinor = part(shareMinor, after, line) - part(shareMinor, before, line);
    lines.push({ skuId, quantity, amountMinor });
  }
  const left = order.lines.some((line) => {
    const now = wanted.find(({ skuId }) => skuId === line.skuId)?.quantity ?? 0;
    return refundedQuantity(order, line.skuId) + now < line.quantity;
  });
  return { outcome: 'PRICED', lines, whole: !left };
}

/** How many units of a line have been refunded. */
export function refundedQuantity(order: Order, skuId: string): number {
  let units = 0;
  for (const refund of order.refunds) {
    for (const line of refund.lines) if (line.skuId === skuId) units += line.quantity;
  }
  return units;
}

export function amountOf(refund: Pick<LineRefund, 'lines'>): bigint {
  return refund.lines.reduce((sum, line) => sum + line.amountMinor, 0n);
}

/** What was refunded line by line. */
export function refundedMinor(order: Order): bigint {
  return order.refunds.reduce((sum, refund) => sum + amountOf(refund), 0n);
}

export function sameRefund(
  refund: LineRefund,
  asked: { readonly lines: readonly LineQuantity[]; readonly reason: string },
): boolean {
  const text = (lines: readonly LineQuantity[]) =>
    lines
      .map(({ skuId, quantity }) => `${skuId} ${quantity}`)
      .sort()
      .join();
  return refund.reason === asked.reason && text(refund.lines) === text(asked.lines);
}

function shareOf({ lines, payableMinor, totalMinor }: Order, index: number): bigint {
  if (totalMinor === 0n) return 0n;
  const throughMinor = (count: number) =>
    lines
      .slice(0, count)
      .reduce((sum, line) => sum + line.unitPriceMinor * BigInt(line.quantity), 0n);
  const cut = (minor: bigint) => (payableMinor * minor) / totalMinor;
  return cut(throughMinor(index + 1)) - cut(throughMinor(index));
}

function part(shareMinor: bigint, units: number, line: OrderLine): bigint {
  return (shareMinor * BigInt(units)) / BigInt(line.quantity);
}
