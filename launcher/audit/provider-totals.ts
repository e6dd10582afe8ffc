// Asks the sandbox provider what it has captured and refunded in all, per currency.
import { z } from 'zod';
import type { ProviderSums } from './money-check.js';

const PROVIDER_MS_MAX = 2_000;

const amounts = z.record(z.string(), z.coerce.bigint());
const totalsSchema = z.object({ captured_minor: amounts, refunded_minor: amounts });

/**
 * Undefined when it does not answer: another provider has no such page, and money is ours to prove.
 */
export async function readProviderTotals(url: string): Promise<ProviderSums | undefined> {
  try {
    const response = await fetch(`${url}/v1/totals`, {
      signal: AbortSignal.timeout(PROVIDER_MS_MAX),
    });
    return response.ok ? parseProviderTotals(await response.json()) : undefined;
  } catch {
    return undefined;
  }
}

export function parseProviderTotals(body: unknown): ProviderSums {
  const totals = totalsSchema.parse(body);
  const currencies = [...Object.keys(totals.captured_minor), ...Object.keys(totals.refunded_minor)];
  return new Map(
    currencies.map((currency) => [
      currency,
      {
        captured: totals.captured_minor[currency] ?? 0n,
        refunded: totals.refunded_minor[currency] ?? 0n,
      },
    ]),
  );
}
