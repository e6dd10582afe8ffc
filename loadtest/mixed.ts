// mixed: a shop on a usual day. Half of the arrivals buy, the others look at their order or at the
// stock; some pay, some cancel, the staff ships and restocks in the middle. Popular SKUs are sold
// out now and then.

import { config } from './lib/config.ts';
import { DELIVERIES_PER_SECOND, SECONDS_EACH } from './lib/mixed-work.ts';
import { constantly, promisedOptions } from './lib/promises.ts';
import { fillShelves, lookForOversold } from './lib/shelf.ts';

export { deliver, shop } from './lib/mixed-work.ts';
export { handleSummary } from './lib/summary.ts';

export const options = promisedOptions(
  {
    shoppers: constantly('shop', config.rate, SECONDS_EACH),
    deliveries: constantly('deliver', DELIVERIES_PER_SECOND),
  },
  ['create', 'change', 'stock', 'get_order'],
  { counts: { paid: ['count>0'], cancelled: ['count>0'] } },
);

export async function setup(): Promise<void> {
  await fillShelves();
}

export function teardown(): void {
  lookForOversold();
}
