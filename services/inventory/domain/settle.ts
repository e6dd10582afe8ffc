// Decides one settle batch: given what MySQL has under lock, which grants become reservations.
// Pure, so that the MySQL book and the memory double cannot differ.
//
// Per grant, in this order: known reservation (idempotency before everything else), fingerprint,
// tombstone; then SKU, epoch, user limit, stock. A grant is admitted whole or not at all.

import { assert } from '../../platform/assert.js';
import {
  type Grant,
  type HeldPart,
  type KnownResult,
  type Part,
  partKey,
  ReservationState,
  type SettleResult,
} from './reservation.js';
import { LedgerReason, StockMoves, type StockRow } from './stock.js';

export interface SettleInput {
  /** Locked rows by SKU. */
  readonly stocks: ReadonlyMap<string, StockRow>;
  /** Known reservations by part key. */
  readonly held: ReadonlyMap<string, HeldPart>;
  /** Units that users hold or have bought, by `buyerKey`; only where a limit is asked for. */
  readonly bought: ReadonlyMap<string, number>;
  readonly grants: readonly Grant[];
}

export interface SettleDecision {
  readonly results: SettleResult[];
  /** Grants to insert, in order; no two have the same part key. */
  readonly admitted: Grant[];
  /** Units to add per buyer of limited SKUs. */
  readonly buyers: { partition: number; skuId: string; userId: string; units: number }[];
  readonly moves: StockMoves;
}

export function buyerKey(skuId: string, userId: string): string {
  return `${skuId}/${userId}`;
}

export function decideSettle(input: SettleInput): SettleDecision {
  const moves = new StockMoves(input.stocks);
  const decision: SettleDecision = { results: [], admitted: [], buyers: [], moves };
  const admittedByKey = new Map<string, Grant>();
  const bought = new Map(input.bought);
  for (const grant of input.grants) {
    const key = partKey(grant);
    const twin = admittedByKey.get(key);
    const known = input.held.get(key);
    if (twin !== undefined) {
      decision.results.push(
        twin.fingerprint === grant.fingerprint
          ? { outcome: 'DUPLICATE', orderId: twin.orderId }
          : { outcome: 'REQUEST_ID_REUSED', orderId: twin.orderId },
      );
    } else if (known !== undefined) {
      decision.results.push(answerKnown(known, grant));
    } else {
      const refusal = refuse(grant, input.stocks, bought);
      decision.results.push(refusal ?? { outcome: 'RESERVED', orderId: grant.orderId });
      if (refusal === undefined) {
        admittedByKey.set(key, grant);
        admit(grant, decision, input.stocks, bought);
      }
    }
  }
  return decision;
}

/** The answer to a request whose reservation is there already. */
export function answerKnown(known: HeldPart, part: Part): KnownResult {
  const { orderId } = known;
  const live =
    known.state === ReservationState.RESERVED || known.state === ReservationState.CONFIRMED;
  // A tombstone was written without knowing the request, so it has no fingerprint to compare.
  if (known.lines.length > 0 && known.fingerprint !== part.fingerprint) {
    return { outcome: 'REQUEST_ID_REUSED', orderId };
  }
  return live ? { outcome: 'DUPLICATE', orderId } : { outcome: 'CLOSED' };
}

function refuse(
  grant: Grant,
  stocks: ReadonlyMap<string, StockRow>,
  bought: ReadonlyMap<string, number>,
): SettleResult | undefined {
  for (const [index, line] of grant.lines.entries()) {
    const row = stocks.get(line.skuId);
    if (row === undefined) return { outcome: 'SKU_UNKNOWN', skuId: line.skuId };
    if (row.epoch !== grant.epochs[index]) {
      return { outcome: 'EPOCH', skuId: line.skuId, epoch: row.epoch };
    }
  }
  for (const line of grant.lines) {
    const row = stocks.get(line.skuId);
    assert(row !== undefined, 'checked above');
    const units = bought.get(buyerKey(line.skuId, grant.userId)) ?? 0;
    if (line.userLimit > 0 && units + line.quantity > line.userLimit) {
      const available = Math.max(0, line.userLimit - units);
      return { outcome: 'USER_LIMIT', skuId: line.skuId, available };
    }
    if (row.available < line.quantity) {
      return { outcome: 'SOLD_OUT', skuId: line.skuId, available: row.available };
    }
  }
  return undefined;
}

function admit(
  grant: Grant,
  decision: SettleDecision,
  stocks: ReadonlyMap<string, StockRow>,
  bought: Map<string, number>,
): void {
  decision.admitted.push(grant);
  for (const line of grant.lines) {
    const row = stocks.get(line.skuId);
    assert(row !== undefined, 'refuse() has seen every row');
    decision.moves.move(
      row,
      LedgerReason.RESERVE,
      line.quantity,
      grant.orderId,
      grant.reservationId,
    );
    if (line.userLimit > 0) {
      const key = buyerKey(line.skuId, grant.userId);
      bought.set(key, (bought.get(key) ?? 0) + line.quantity);
      decision.buyers.push({
        partition: grant.partition,
        skuId: line.skuId,
        userId: grant.userId,
        units: line.quantity,
      });
    }
  }
}
