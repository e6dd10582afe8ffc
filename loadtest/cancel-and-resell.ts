// cancel-and-resell: most winners of a scarce unit cancel at once, and the unit is for sale again
// for whoever comes next. So many more orders are accepted than there are units, and never more of
// them live than units exist. Near the end nobody cancels any more, so the shelf is empty then.

import exec from 'k6/execution';
import { config } from './lib/config.ts';
import { constantly, promisedOptions } from './lib/promises.ts';
import { fillShelves, lookForOversold } from './lib/shelf.ts';
import { cancelOrder, createOrder, purchase, skuName } from './lib/shopper.ts';
import { Chance } from './plan/chance.ts';

export { handleSummary } from './lib/summary.ts';

const CANCEL_CHANCE = 0.8;
const CANCELLING_SHARE = 0.6;
const SECONDS_EACH = 0.2;

export const options = promisedOptions(
  { changing: constantly('buyAndRegret', config.rate, SECONDS_EACH) },
  ['create', 'change'],
  {
    // One hot row, as in a flash sale; a cancel waits for the same row.
    p99Ms: { create: 500, change: 500 },
    counts: { accepted: [`count>${config.units}`], cancelled: ['count>0'] },
  },
);

export async function setup(): Promise<void> {
  await fillShelves();
}

export function buyAndRegret(): void {
  const number = exec.scenario.iterationInTest;
  const chance = new Chance(config.seed, number);
  const order = createOrder(purchase(number, [{ skuId: skuName(0), quantity: 1 }]), ['SOLD_OUT']);
  const early = number < config.rate * config.seconds * CANCELLING_SHARE;
  if (order !== undefined && early && chance.happens(CANCEL_CHANCE)) cancelOrder(order.orderId);
}

export function teardown(): void {
  lookForOversold();
}
