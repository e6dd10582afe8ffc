// What all measurements of the whole benchmark share in one lab: the shop, the till, the empty
// call.
import type { Lab } from '../lab.js';
import { type OpenLimit, openLimit } from '../limit.js';
import { Quiet } from '../order/quiet.js';
import { CALLS, Shop } from '../order/shop.js';
import { Till } from '../order/till.js';

export interface Scene {
  readonly shop: Shop;
  readonly till: Till;
  readonly unit: OpenLimit;
  readonly quiet: () => Promise<void>;
  readonly close: () => void;
}

export async function openScene(lab: Lab, signal: AbortSignal): Promise<Scene> {
  const shop = new Shop(lab);
  await shop.open();
  const quiet = await Quiet.open(lab.mysqlUrls);
  const till = await Till.open(lab, shop);
  const unit = await openLimit({ ...(await shop.messageBytes()), concurrency: CALLS, signal });
  return {
    shop,
    till,
    unit,
    quiet: () => quiet.wait(signal),
    close: () => {
      unit.close();
      till.close();
      quiet.close();
      shop.close();
    },
  };
}
