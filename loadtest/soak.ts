// soak: the mixed work for a long time (--duration), at a rate that leaves the machine air. What
// grows without end shows here: in latency, in memory, or in the audit.

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
