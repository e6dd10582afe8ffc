// Fills the shelves: an offer and the units of every SKU of the sale.
import type { MeshClients } from './clients.js';
import { persist } from './persist.js';
import type { SaleSku, Scenario } from './scenario.js';

const CURRENCY = 'EUR';

export async function prepareSale(
  clients: MeshClients,
  scenario: Scenario,
  signal: AbortSignal,
): Promise<void> {
  const skus = [scenario.hot, ...scenario.ordinary];
  await Promise.all(skus.map((sku) => prepareSku(clients, sku, signal)));
}

async function prepareSku(clients: MeshClients, sku: SaleSku, signal: AbortSignal): Promise<void> {
  const { skuId, title, priceMinor, userLimit, units } = sku;
  const unitPrice = { currency: CURRENCY, amountMinor: priceMinor };
  const o = { signal, onRetry: () => {} };
  await persist(o, (options) =>
    clients.orders.putOffer({ offer: { skuId, title, unitPrice, userLimit } }, options),
  );
  const restock = { requestId: `${skuId}-fill`, skuId, delta: BigInt(units), reason: 'demo' };
  await persist(o, (options) => clients.stock.restock(restock, options));
}
