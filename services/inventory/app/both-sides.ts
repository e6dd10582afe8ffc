// How a SKU stands on both sides, read together: the arbiter first, then the gate. Two sights that are
// equal, with time between them, are the only proof that nobody is moving units from one to the other.

import type { StockRow } from '../domain/stock.js';
import type { Gate, GateLevel, StockBook } from './ports.js';

export interface Sight {
  readonly skuId: string;
  /** Undefined where the arbiter does not know the SKU. */
  readonly stock: StockRow | undefined;
  /** Undefined where the SKU is not loaded, or where the gate did not answer. */
  readonly level: GateLevel | undefined;
}

/** One sight per SKU, in the same order. Throws when the arbiter does not answer. */
export async function seeBothSides(
  o: { book: StockBook; gate: Gate },
  skuIds: readonly string[],
  deadlineMs: number,
): Promise<Sight[]> {
  const stocks = await o.book.stocks(skuIds, deadlineMs);
  const levels = await o.gate.levels(stocks);
  const bySku = new Map(stocks.map((stock, i) => [stock.skuId, { stock, level: levels[i] }]));
  return skuIds.map((skuId) => ({
    skuId,
    stock: bySku.get(skuId)?.stock,
    level: bySku.get(skuId)?.level,
  }));
}

export function agree(stock: StockRow, level: GateLevel): boolean {
  return stock.epoch === level.epoch && stock.available === level.available;
}

/**
 * What two sights have in common while nobody moves units. The row's version is left out: payments
 * raise it for minutes after a sale, and move nothing between the two sides.
 */
export function outlineOf(stock: StockRow, level: GateLevel): string {
  return [stock.epoch, stock.available, level.epoch, level.seq, level.available].join(' ');
}
