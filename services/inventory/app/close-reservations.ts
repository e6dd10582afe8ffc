// Confirm, release and return of whole reservations: every part, on every partition. Each is
// idempotent per part, so a caller that hears UNKNOWN sends the same again.

import type { CloseOutcome, CloseVerb, Closing } from '../domain/close.js';
import { partitionOf } from '../domain/split.js';
import type { StockBook } from './ports.js';

export interface ReservationRef {
  readonly reservationId: string;
  readonly orderId: string;
  /** All SKUs of the request: they say where the parts lie. */
  readonly skuIds: readonly string[];
}

/** The worst word of the parts is the word of the whole. */
const WORST_FIRST: readonly CloseOutcome[] = [
  'UNKNOWN',
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
    verb: Exclude<CloseVerb, 'bar'>,
    refs: readonly ReservationRef[],
    deadlineMs: number,
  ): Promise<CloseOutcome[]> {
    return Promise.all(refs.map((ref) => this.#closeOne(verb, ref, deadlineMs)));
  }

  async #closeOne(
    verb: Exclude<CloseVerb, 'bar'>,
    ref: ReservationRef,
    deadlineMs: number,
  ): Promise<CloseOutcome> {
    const outcomes = await Promise.all(
      closings(verb, ref).map((closing) =>
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
  const { reservationId, orderId } = ref;
  return [...byPartition].map(([partition, skuIds]) => ({
    verb,
    partition,
    reservationId,
    orderId,
    skuIds,
  }));
}
