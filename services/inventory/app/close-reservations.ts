// Confirm, release and return of reservations: every part, on every partition; a return of lines goes
// to the parts that have them. Each is idempotent per part, so a caller that hears UNKNOWN sends the
// same again.

import type { Traced } from '../../platform/telemetry/trace-context.js';
import type { CloseOutcome, CloseVerb, Closing } from '../domain/close.js';
import type { LinesReturn } from '../domain/return-lines.js';
import { partitionOf } from '../domain/split.js';
import type { StockBook } from './ports.js';

export interface ReservationRef extends Traced {
  readonly reservationId: string;
  readonly orderId: string;
  /** All SKUs of the request: they say where the parts lie. */
  readonly skuIds: readonly string[];
}

/** Some units of a reservation that come back under an id of their own. */
export interface ReturnRef extends ReservationRef, LinesReturn {}

/** The worst word of the parts is the word of the whole. */
const WORST_FIRST: readonly CloseOutcome[] = [
  'UNKNOWN',
  'RETURN_REFUSED',
  'RESERVATION_CONFIRMED',
  'RESERVATION_CLOSED',
  'RESERVATION_UNKNOWN',
  'HELD',
  'DONE',
];

export class CloseReservations {
  readonly #book: StockBook;

  constructor(book: StockBook) {
    this.#book = book;
  }

  /** One outcome per reservation, in the same order. Never throws: no answer is UNKNOWN. */
  close(
    verb: Exclude<CloseVerb, 'bar' | 'return-lines'>,
    refs: readonly ReservationRef[],
    deadlineMs: number,
  ): Promise<CloseOutcome[]> {
    return Promise.all(refs.map((ref) => this.#closeAll(closings(verb, ref), deadlineMs)));
  }

  returnLines(refs: readonly ReturnRef[], deadlineMs: number): Promise<CloseOutcome[]> {
    return Promise.all(refs.map((ref) => this.#closeAll(lineReturns(ref), deadlineMs)));
  }

  async #closeAll(parts: readonly Closing[], deadlineMs: number): Promise<CloseOutcome> {
    const outcomes = await Promise.all(
      parts.map((closing) =>
        this.#book.close(closing, deadlineMs).catch((): CloseOutcome => 'UNKNOWN'),
      ),
    );
    return WORST_FIRST.find((word) => outcomes.includes(word)) ?? 'UNKNOWN';
  }
}

function closings(verb: CloseVerb, ref: ReservationRef): Closing[] {
  const byPartition = new Map<number, string[]>();
  for (const skuId of ref.skuIds) {
    const partition = partitionOf(skuId);
    const skuIds = byPartition.get(partition);
    if (skuIds === undefined) byPartition.set(partition, [skuId]);
    else skuIds.push(skuId);
  }
  const { reservationId, orderId, span } = ref;
  return [...byPartition].map(([partition, skuIds]) => ({
    verb,
    partition,
    reservationId,
    orderId,
    skuIds,
    span,
  }));
}

// Parts of which nothing comes back are left alone.
function lineReturns(ref: ReturnRef): Closing[] {
  const { returnId } = ref;
  return closings('return-lines', ref).flatMap((closing) => {
    const lines = ref.lines.filter(({ skuId }) => closing.skuIds.includes(skuId));
    return lines.length === 0 ? [] : [{ ...closing, back: { returnId, lines } }];
  });
}
