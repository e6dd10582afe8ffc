// Units that came back when the rush was nearly over, from a cancelled order or from one whose
// other line was sold out, are offered again: some of those who were turned away look in once more.

import { crowd } from './crowd.js';
import { persist } from './persist.js';
import { placeOrder, type SaleContext } from './rush.js';
import type { Buyer } from './scenario.js';

/** Each round sells what has come back by then; nothing comes back for longer than a second. */
const ROUNDS_MAX = 8;
const PAUSE_MS = 150;

/** Answers how many came again. */
export async function offerAgain(sale: SaleContext, hotSkuId: string): Promise<number> {
  let came = 0;
  for (let round = 2; round < 2 + ROUNDS_MAX; round++) {
    const left = await unitsToSell(sale, hotSkuId);
    if (left === 0 || sale.tally.turnedAway.length === 0) return came;
    const visitors = sale.tally.turnedAway.splice(0, left);
    came += visitors.length;
    forget(sale, visitors);
    const o = { concurrency: visitors.length, signal: sale.signal };
    await crowd(visitors, o, (buyer) => placeOrder(sale, buyer, round));
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
  return came;
}

/** A buyer is counted once: by what the last visit came to. */
function forget({ tally }: SaleContext, visitors: readonly Buyer[]): void {
  tally.refused.set('SOLD_OUT', tally.soldOut - visitors.length);
  tally.arrived -= visitors.length;
}

async function unitsToSell(sale: SaleContext, skuId: string): Promise<number> {
  const o = { signal: sale.signal, onRetry: () => {} };
  const { stock } = await persist(o, (options) => sale.clients.stock.getStock({ skuId }, options));
  return Number(stock?.available ?? 0);
}
