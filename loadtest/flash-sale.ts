// flash-sale: one SKU, and far more buyers than units. A ramp up to the full rate and half the run
// at it; one in fifty looks at the stock first. Every unit is sold once, and the losers hear
// SOLD_OUT.

import exec from 'k6/execution';
import { config } from './lib/config.ts';
import { promisedOptions, ramping } from './lib/promises.ts';
import { fillShelves, lookForOversold } from './lib/shelf.ts';
import { createOrder, getStock, purchase, skuName } from './lib/shopper.ts';
import { Chance } from './plan/chance.ts';

export { handleSummary } from './lib/summary.ts';

const LOOK_FIRST_CHANCE = 0.02;
/** The rush begins with a tenth of its height. */
const STARTING_SHARE = 0.1;

export const options = promisedOptions(
  {
    rush: ramping('buy', Math.max(1, Math.round(config.rate * STARTING_SHARE)), [
      { rate: config.rate, seconds: Math.ceil(config.seconds / 2) },
      { rate: config.rate, seconds: Math.floor(config.seconds / 2) },
    ]),
  },
  ['create', 'stock'],
  // Everybody wants the same row: the promise for a rush is this, not the quiet 100 ms.
  {
    p99Ms: { create: 500 },
    counts: { accepted: [`count==${config.units}`], refused: ['count>0'] },
  },
);

export async function setup(): Promise<void> {
  await fillShelves(1);
}

export function buy(): void {
  const number = exec.scenario.iterationInTest;
  const chance = new Chance(config.seed, number);
  if (chance.happens(LOOK_FIRST_CHANCE)) getStock(skuName(0));
  createOrder(purchase(number, [{ skuId: skuName(0), quantity: 1 }]), ['SOLD_OUT']);
}

export function teardown(): void {
  lookForOversold();
}
