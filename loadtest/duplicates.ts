// duplicates: impatient apps. Each request goes out one to five times, some copies together and the
// rest after the first answer. All copies hear of one order, and only one of them is new; a copy
// that comes after the order stands hears of it even when the SKU is sold out by then.

import { check } from 'k6';
import exec from 'k6/execution';
import { config } from './lib/config.ts';
import { counters } from './lib/outcomes.ts';
import { constantly, promisedOptions } from './lib/promises.ts';
import { fillShelves, lookForOversold } from './lib/shelf.ts';
import {
  createOrder,
  createOrderAsync,
  type PlacedOrder,
  type Purchase,
  purchase,
  skuName,
} from './lib/shopper.ts';
import { Chance } from './plan/chance.ts';

export { handleSummary } from './lib/summary.ts';

const COPIES_MAX = 5;
/** Up to five calls, one after the other. */
const SECONDS_EACH = 0.3;

export const options = promisedOptions(
  { impatient: constantly('buyOften', config.rate, SECONDS_EACH) },
  ['create'],
  // Its SKUs are as hot as those of a flash sale.
  { p99Ms: { create: 500 }, counts: { duplicate: ['count>0'] } },
);

export async function setup(): Promise<void> {
  await fillShelves();
}

export async function buyOften(): Promise<void> {
  const number = exec.scenario.iterationInTest;
  const chance = new Chance(config.seed, number);
  const skuId = skuName(chance.below(config.skus));
  const bought = purchase(number, [{ skuId, quantity: 1 }]);
  const copies = 1 + chance.below(COPIES_MAX);
  const together = 1 + chance.below(copies);

  const first = await Promise.all(
    Array.from({ length: together }, () => createOrderAsync(bought, ['SOLD_OUT'])),
  );
  const orders = first.flatMap((order) => order ?? []);
  for (let copy = together; copy < copies; copy++) orders.push(...sendAgain(bought, orders));
  compare(orders);
}

export function teardown(): void {
  lookForOversold();
}

/** Once an order stands, a copy may no longer be refused. */
function sendAgain(bought: Purchase, orders: readonly PlacedOrder[]): PlacedOrder[] {
  const order = createOrder(bought, orders.length > 0 ? [] : ['SOLD_OUT']);
  return order === undefined ? [] : [order];
}

function compare(orders: readonly PlacedOrder[]): void {
  const different = new Set(orders.map(({ orderId }) => orderId)).size - 1;
  if (different > 0) counters.unequal.add(different);
  const fresh = orders.filter(({ duplicate }) => !duplicate).length;
  check(fresh, {
    'one copy is new and the others are duplicates': (n) => n === Math.min(1, orders.length),
  });
}
