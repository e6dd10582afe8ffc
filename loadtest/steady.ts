// steady: a constant stream of orders over many SKUs by Zipf's law, with one to three lines. One in
// ten looks at the stock before, one in fifty pays at once. Nothing is ever sold out, so every
// order must be accepted.

import exec from 'k6/execution';
import { fillBasket } from './lib/basket.ts';
import { config } from './lib/config.ts';
import { constantly, promisedOptions } from './lib/promises.ts';
import { fillShelves, lookForOversold } from './lib/shelf.ts';
import { createOrder, getStock, overGrpc, overHttp, payOrder, purchase } from './lib/shopper.ts';
import { Chance } from './plan/chance.ts';

export { handleSummary } from './lib/summary.ts';

const LOOK_FIRST_CHANCE = 0.1;
const PAY_CHANCE = 0.02;
/** Of the looks at the stock: shoppers with a browser. */
const HTTP_CHANCE = 0.1;

export const options = promisedOptions({ stream: constantly('buy') }, ['create', 'stock'], {
  counts: { refused: ['count==0'], paid: ['count>0'] },
});

export async function setup(): Promise<void> {
  await fillShelves();
}

export function buy(): void {
  const number = exec.scenario.iterationInTest;
  const chance = new Chance(config.seed, number);
  const lines = fillBasket(chance);
  const first = lines[0]?.skuId ?? '';
  if (chance.happens(LOOK_FIRST_CHANCE)) {
    getStock(first, chance.happens(HTTP_CHANCE) ? overHttp : overGrpc);
  }
  const order = createOrder(purchase(number, lines));
  if (order !== undefined && chance.happens(PAY_CHANCE)) payOrder(order);
}

export function teardown(): void {
  lookForOversold();
}
