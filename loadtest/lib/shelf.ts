// Before a run: offers and units for every SKU of it. After a run: whether the service's own books
// give away more than was put there, which is the `oversold` of k6; the verdict asks every server
// again.

import { check } from 'k6';
import exec from 'k6/execution';
import { shelfLine } from '../plan/journal-line.ts';
import { config } from './config.ts';
import { callGrpc, callGrpcAsync, type Reply, type StockLevel } from './mesh.ts';
import { counters } from './outcomes.ts';
import { skuName } from './shopper.ts';

/** Calls under way at a time, over one connection. */
const AT_ONCE = 100;
/** BatchGetStock takes 1,000. */
const STOCKS_PER_CALL = 500;
const PRICE_MINOR_MIN = 500;

export async function fillShelves(userLimit = 0): Promise<void> {
  for (let first = 0; first < config.skus; first += AT_ONCE) {
    const numbers = range(first, Math.min(first + AT_ONCE, config.skus));
    await Promise.all(numbers.map((number) => fillOne(number, userLimit)));
  }
}

/** More units of one SKU, in the middle of a run. True when they are there. */
export function restock(number: number, units: number, delivery: string): boolean {
  const reply = callGrpc('inventory', 'Restock', delivered(number, units, delivery), 'restock');
  if (reply.ok) console.log(shelfLine({ skuId: skuName(number), units }));
  return reply.ok;
}

export function lookForOversold(): void {
  for (let first = 0; first < config.skus; first += STOCKS_PER_CALL) {
    const skuIds = range(first, Math.min(first + STOCKS_PER_CALL, config.skus)).map(skuName);
    const reply = callGrpc('inventory', 'BatchGetStock', { skuIds }, 'teardown');
    const stocks = reply.ok ? (reply.answer.stocks ?? []) : [];
    check(stocks, {
      'every SKU of the run is there at its end': (all) => all.length === skuIds.length,
    });
    for (const stock of stocks) counters.oversold.add(beyond(stock));
  }
}

async function fillOne(number: number, userLimit: number): Promise<void> {
  const unitPrice = { currency: 'EUR', amountMinor: String(PRICE_MINOR_MIN + number) };
  const offer = { skuId: skuName(number), title: `Thing ${number}`, unitPrice, userLimit };
  must(await callGrpcAsync('order', 'PutOffer', { offer }, 'setup'));
  const request = delivered(number, config.units, 'first');
  must(await callGrpcAsync('inventory', 'Restock', request, 'setup'));
  console.log(shelfLine({ skuId: skuName(number), units: config.units }));
}

function delivered(number: number, units: number, delivery: string) {
  const skuId = skuName(number);
  return { requestId: `${skuId}-${delivery}`, skuId, delta: String(units), reason: 'load test' };
}

function must(reply: Reply): void {
  if (!reply.ok) exec.test.abort(`cannot fill the shelves: ${reply.reason}`);
}

/** Units that are promised although they do not exist. */
function beyond(stock: StockLevel): number {
  const promised = Number(stock.reserved) + Number(stock.sold);
  return Math.max(0, promised - Number(stock.total), -Number(stock.available));
}

function range(first: number, end: number): number[] {
  return Array.from({ length: end - first }, (_, i) => first + i);
}
