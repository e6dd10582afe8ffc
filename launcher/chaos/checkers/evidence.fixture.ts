// Evidence of a small run in which every promise was kept, for tests that plant one lie in it.

import type { StockRow } from '../../audit/stock-check.js';
import type { Evidence, LedgerRow, ReservationRow } from '../evidence.js';
import type { Attempt, AttemptType, Verb } from '../history.js';

export const SKU = 'sku-1';
export const HOLD_MS = 3_000;

/** One attempt that took 10 ms. */
export function attempt(
  verb: Verb,
  id: string,
  startMs: number,
  [type, outcome]: [AttemptType, string],
  more: Partial<Attempt> = {},
): Attempt {
  const lines = [{ skuId: SKU, quantity: 1, userLimit: 0 }];
  const boundOrderId = type === 'ok' ? `o-${id}` : '';
  const times = { startMs, endMs: startMs + 10, deadlineMs: startMs + 2_000 };
  const op = { verb, id, orderId: `o-${id}`, userId: 'ann', lines };
  return { n: startMs, ...op, ...times, type, outcome, boundOrderId, ...more };
}

export function row(id: string, more: Partial<ReservationRow> = {}): ReservationRow {
  const rest = { orderId: `o-${id}`, quantity: 1, state: 'RELEASED', epoch: 1 } as const;
  return { id, skuId: SKU, ...rest, ...more };
}

export function entry(n: number, reason: LedgerRow['reason'], causeId: string): LedgerRow {
  return { skuId: SKU, entry: n, reason, causeId };
}

/**
 * Two units. `a` takes one and pays, `b` takes the other and gives it back, `c` is refused, `d` gets
 * b's unit after an attempt without an answer, and asks again; its hold ends by itself.
 */
export function keptPromises(): Evidence {
  const ok = (outcome: string): [AttemptType, string] => ['ok', outcome];
  return {
    holdMs: HOLD_MS,
    skuIds: [SKU],
    attempts: [
      attempt('restock', 'fill', 0, ok('DONE'), {
        lines: [{ skuId: SKU, quantity: 2, userLimit: 0 }],
      }),
      attempt('reserve', 'a', 100, ok('RESERVED')),
      attempt('reserve', 'b', 110, ok('RESERVED')),
      attempt('reserve', 'c', 150, ['fail', 'SOLD_OUT']),
      attempt('confirm', 'a', 200, ok('DONE')),
      attempt('release', 'b', 300, ok('DONE')),
      attempt('reserve', 'd', 400, ['info', 'UNAVAILABLE']),
      attempt('reserve', 'd', 500, ok('RESERVED')),
      attempt('reserve', 'd', 600, ok('DUPLICATE')),
    ],
    marks: [],
    samples: [sample(90, 2, 0, 0), sample(130, 0, 2, 0), sample(4_000, 1, 0, 1)],
    slack: 1,
    lagMsMax: 10,
    rest: {
      unsettled: 0,
      probeMs: new Map([[SKU, 40]]),
      leaked: [],
      drifted: [],
      sellableMs: new Map([[SKU, 30]]),
    },
    end: {
      stocks: [stockRow()],
      reservations: [row('a', { state: 'CONFIRMED' }), row('b'), row('d', { epoch: 2 })],
      ledger: [
        entry(1, 'RESTOCK', 'fill'),
        entry(2, 'RESERVE', 'a'),
        entry(3, 'RESERVE', 'b'),
        entry(4, 'CONFIRM', 'a'),
        entry(5, 'RELEASE', 'b'),
        entry(6, 'RESERVE', 'd'),
        entry(7, 'RELEASE', 'd'),
      ],
      restocks: [{ id: 'fill', skuId: SKU, delta: 2 }],
    },
  };
}

function sample(atMs: number, available: number, reserved: number, sold: number) {
  return { atMs, skuId: SKU, available, reserved, sold, total: 2, epoch: 1 };
}

export function stockRow(more: Partial<StockRow> = {}): StockRow {
  const place = { shard: 7, skuId: SKU, epoch: 2, version: 7, entries: 7, lastAfter: 1 };
  const units = { available: 1, reserved: 0, sold: 1, total: 2 };
  const history = { held: 0, confirmed: 1, restocked: 2, misreturned: 0, miscounted: 0 };
  return { ...place, ...units, ...history, broken: 0, damaged: 0, ...more };
}
