// Shows, in the trace of each recorded part that waits for it, that a SKU is being loaded anew.

import type { Part } from '../domain/reservation.js';

export async function repairShown<T>(
  parts: readonly Part[],
  skuIds: ReadonlySet<string>,
  repair: () => Promise<T>,
): Promise<T> {
  const recorded = skuIds.size === 0 ? [] : parts.filter(({ span }) => span !== undefined);
  const waiting = recorded.filter(({ lines }) => lines.some(({ skuId }) => skuIds.has(skuId)));
  const spans = waiting.map(({ span }) => {
    const attributes = { 'spillway.sku.count': skuIds.size };
    return span?.child('inventory.rebase', { attributes });
  });
  try {
    return await repair();
  } finally {
    for (const span of spans) span?.end();
  }
}
