// Decides one batch of closings: confirm, release, return and bar. Pure, like settle.ts.
//
//            RESERVED    CONFIRMED              RELEASED              RETURNED   no such part
//   confirm  CONFIRMED   done                   RESERVATION_CLOSED    done       RESERVATION_UNKNOWN
//   release  RELEASED    RESERVATION_CONFIRMED  done                  done       tombstone, done
//   return   wait        RETURNED               RESERVATION_CLOSED    done       RESERVATION_UNKNOWN
//   ... of lines  wait   stays CONFIRMED        RESERVATION_CLOSED    done       RESERVATION_UNKNOWN
//   bar      HELD        HELD                   done                  done       tombstone, done
//
// `return` of a RESERVED part waits (UNKNOWN): its confirm is on the way, and comes at least once.
// `return-lines` takes units of some lines back, see return-lines.ts; `return` then takes the rest.
// `bar` closes a part only if nobody holds it: the undo of a reservation over several partitions.

import { assert } from '../../platform/assert.js';
import type { Traced } from '../../platform/telemetry/trace-context.js';
import { type HeldLine, type HeldPart, partKey, ReservationState } from './reservation.js';
import {
  type KnownReturns,
  type LinesReturn,
  type NewReturn,
  type ReturnedLine,
  returnKey,
  returnName,
  takeBack,
} from './return-lines.js';
import { LedgerReason, StockMoves, type StockRow } from './stock.js';

export type CloseVerb = 'confirm' | 'release' | 'return' | 'return-lines' | 'bar';

export type CloseOutcome =
  | 'DONE'
  | 'HELD'
  | 'RESERVATION_UNKNOWN'
  | 'RESERVATION_CLOSED'
  | 'RESERVATION_CONFIRMED'
  | 'RETURN_REFUSED'
  | 'UNKNOWN';

/** One partition's share of a closing. */
export interface Closing extends Traced {
  readonly verb: CloseVerb;
  readonly partition: number;
  readonly reservationId: string;
  readonly orderId: string;
  /** The SKUs of the reservation in this partition. Those that are held must be among them. */
  readonly skuIds: readonly string[];
  /** Of `return-lines`, and of nothing else. */
  readonly back?: LinesReturn;
}

/** Units that came back and that Redis has yet to hear of. */
export interface Refund {
  readonly partition: number;
  readonly skuId: string;
  /** Under which the gate remembers it; of a return of lines, the name of that return. */
  readonly reservationId: string;
  readonly quantity: number;
  /** The SKU's epoch under lock: Redis counts the refund only in that epoch. */
  readonly epoch: number;
  /** The buyer, when the line counts against a limit; else empty. */
  readonly buyerId: string;
  /** What the gate shall remember of the reservation: CLOSED, its owner's order id, or nothing. */
  readonly mark: string;
}

export interface CloseDecision {
  readonly outcomes: CloseOutcome[];
  /** Parts that change state. */
  readonly changed: { part: HeldPart; state: ReservationState }[];
  readonly tombstones: Closing[];
  /** Returns of lines to remember. */
  readonly returns: NewReturn[];
  readonly refunds: Refund[];
  readonly moves: StockMoves;
}

const NEXT: Record<CloseVerb, Record<ReservationState | 0, ReservationState | CloseOutcome>> = {
  confirm: { 0: 'RESERVATION_UNKNOWN', 1: 2, 2: 'DONE', 3: 'RESERVATION_CLOSED', 4: 'DONE' },
  release: { 0: 3, 1: 3, 2: 'RESERVATION_CONFIRMED', 3: 'DONE', 4: 'DONE' },
  return: { 0: 'RESERVATION_UNKNOWN', 1: 'UNKNOWN', 2: 4, 3: 'RESERVATION_CLOSED', 4: 'DONE' },
  'return-lines': {
    0: 'RESERVATION_UNKNOWN',
    1: 'UNKNOWN',
    2: 2,
    3: 'RESERVATION_CLOSED',
    4: 'DONE',
  },
  bar: { 0: 3, 1: 'HELD', 2: 'HELD', 3: 'DONE', 4: 'DONE' },
};

export function decideClose(input: {
  readonly stocks: ReadonlyMap<string, StockRow>;
  readonly held: ReadonlyMap<string, HeldPart>;
  readonly closings: readonly Closing[];
  /** Of the reservations whose lines are to be returned. */
  readonly returns?: KnownReturns;
}): CloseDecision {
  const decision: CloseDecision = {
    outcomes: [],
    changed: [],
    tombstones: [],
    returns: [],
    refunds: [],
    moves: new StockMoves(input.stocks),
  };
  const held = new Map(input.held);
  const returns = new Map(input.returns);
  for (const closing of input.closings) {
    const part = held.get(partKey(closing));
    if (part?.lines.some((line) => !closing.skuIds.includes(line.skuId))) {
      // Its rows are not locked: the caller named other SKUs than it reserved.
      decision.outcomes.push('RESERVATION_UNKNOWN');
      continue;
    }
    const next = NEXT[closing.verb][part?.state ?? 0];
    if (typeof next === 'string') {
      decision.outcomes.push(next);
      continue;
    }
    if (closing.verb === 'return-lines') {
      assert(part !== undefined, 'lines come back of what is sold');
      decision.outcomes.push(returnLines({ decision, input, held, returns }, closing, part));
      continue;
    }
    held.set(partKey(closing), close(decision, input.stocks, closing, part, next));
    decision.outcomes.push('DONE');
  }
  return decision;
}

function close(
  decision: CloseDecision,
  stocks: ReadonlyMap<string, StockRow>,
  closing: Closing,
  part: HeldPart | undefined,
  state: ReservationState,
): HeldPart {
  if (part === undefined) {
    decision.tombstones.push(closing);
    const { partition, reservationId, orderId } = closing;
    return { partition, reservationId, orderId, userId: '', fingerprint: '', state, lines: [] };
  }
  const reason =
    state === ReservationState.CONFIRMED
      ? LedgerReason.CONFIRM
      : state === ReservationState.RETURNED
        ? LedgerReason.RETURN
        : LedgerReason.RELEASE;
  for (const line of part.lines) {
    const quantity = line.quantity - line.returned;
    move(decision, stocks, part, { line, quantity, reason, name: part.reservationId });
  }
  decision.changed.push({ part, state });
  return { ...part, state };
}

function returnLines(
  o: {
    decision: CloseDecision;
    input: { readonly stocks: ReadonlyMap<string, StockRow> };
    held: Map<string, HeldPart>;
    returns: Map<string, readonly ReturnedLine[]>;
  },
  { back }: Closing,
  part: HeldPart,
): CloseOutcome {
  assert(back !== undefined, 'a return of lines says which');
  const taken = takeBack(part, back, o.returns);
  if (taken.outcome !== 'TAKEN') return taken.outcome;
  const { partition, reservationId } = part;
  o.held.set(partKey(part), taken.part);
  o.returns.set(returnKey(part, back.returnId), back.lines);
  o.decision.returns.push({ partition, reservationId, ...back });
  const name = returnName(reservationId, back.returnId);
  for (const { skuId, quantity } of back.lines) {
    const line = part.lines.find((held) => held.skuId === skuId);
    assert(line !== undefined, 'what comes back was held');
    const { RETURN: reason } = LedgerReason;
    move(o.decision, o.input.stocks, part, { line, quantity, reason, name });
  }
  return 'DONE';
}

// `name` is what the gate remembers it by. With no units left of the line it has only that to tell.
function move(
  decision: CloseDecision,
  stocks: ReadonlyMap<string, StockRow>,
  part: HeldPart,
  moved: { line: HeldLine; quantity: number; reason: LedgerReason; name: string },
): void {
  const { line, quantity, reason } = moved;
  const row = stocks.get(line.skuId);
  assert(row !== undefined, `stock row of ${line.skuId} vanished under a reservation`);
  if (quantity > 0) decision.moves.move(row, reason, quantity, part.orderId, part.reservationId);
  if (reason === LedgerReason.CONFIRM) return;
  decision.refunds.push({
    partition: part.partition,
    skuId: line.skuId,
    reservationId: moved.name,
    quantity,
    epoch: row.epoch,
    buyerId: line.limited ? part.userId : '',
    mark: 'CLOSED',
  });
}
