// spike: a usual stream, then ten times as many within a second, and the usual stream again. The
// spike lasts three sevenths of the run: 30 s of 70. Nobody is turned away, and afterwards it is as
// quick as before.

import exec from 'k6/execution';
import { fillBasket } from './lib/basket.ts';
import { config } from './lib/config.ts';
import { promisedOptions, ramping } from './lib/promises.ts';
import { fillShelves, lookForOversold } from './lib/shelf.ts';
import { createOrder, purchase } from './lib/shopper.ts';
import { Chance } from './plan/chance.ts';

export { handleSummary } from './lib/summary.ts';

const TIMES = 10;
const SPIKE_SHARE = 3 / 7;

const usual = Math.max(1, Math.round(config.rate / TIMES));
const spikeSeconds = Math.max(1, Math.round(config.seconds * SPIKE_SHARE));
const quietSeconds = Math.max(1, Math.round((config.seconds - spikeSeconds) / 2));

export const options = promisedOptions(
  {
    stream: ramping('buy', usual, [
      { rate: usual, seconds: quietSeconds },
      { rate: config.rate, seconds: 1 },
      { rate: config.rate, seconds: spikeSeconds },
      { rate: usual, seconds: 1 },
      { rate: usual, seconds: quietSeconds },
    ]),
  },
  ['create'],
  // A tenfold rush is promised what a flash sale is.
  { p99Ms: { create: 500 }, counts: { refused: ['count==0'] } },
);

export async function setup(): Promise<void> {
  await fillShelves();
}

export function buy(): void {
  const number = exec.scenario.iterationInTest;
  createOrder(purchase(number, fillBasket(new Chance(config.seed, number))));
}

export function teardown(): void {
  lookForOversold();
}
