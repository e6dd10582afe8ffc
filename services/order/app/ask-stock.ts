// Asks inventory for the units of one request, again and again under the same id while the outcome is
// not known. An unknown reserve is never undone here: its hold ends by itself when no order follows.

import type { Clock } from '../../platform/clock.js';
import { type RetryPolicy, retry } from '../../platform/retry.js';
import type { ReserveRequest, ReserveResult, Stock } from './ports.js';
import type { SoldOutWatch } from './sold-out-watch.js';

export interface AskStockParts {
  readonly stock: Stock;
  readonly soldOut?: Pick<SoldOutWatch, 'ask'> | undefined;
  readonly clock: Clock;
  readonly policy: RetryPolicy;
}

export async function askStock(
  o: AskStockParts,
  asked: ReserveRequest,
  deadlineMs: number,
): Promise<ReserveResult> {
  const send = () => o.stock.reserve(asked, deadlineMs);
  const ask = () => (o.soldOut === undefined ? send() : o.soldOut.ask(asked, send));
  const first = await ask();
  if (first.outcome !== 'UNKNOWN') return first;
  const retryable = (error: unknown) => error instanceof StillUnknown;
  try {
    return await retry(o.policy, { clock: o.clock, deadlineMs, retryable }, async () => {
      const again = await ask();
      if (again.outcome === 'UNKNOWN') throw new StillUnknown();
      return again;
    });
  } catch (error) {
    if (error instanceof StillUnknown) return first;
    throw error;
  }
}

/** The reserve was asked again and again without an answer. */
class StillUnknown extends Error {
  override readonly name = 'StillUnknown';
}
