// Reserve: all lines of a request or none, once per reservation id.
//
// Most requests lie in one partition, and then one part is all. A request over several partitions is a
// small saga with one rule: the LAST part is the commit point.
//
//   1. Reserve the first part. It decides the order id for all copies of the request.
//   2. Reserve the parts in between.
//   3. Reserve the last part. Whoever gets it has the whole request.
//   When 2 or 3 is refused: bar the last part (a tombstone that only an existing hold prevents).
//     Barred: release the others; the request is closed for good.
//     Held:   a concurrent copy has won meanwhile; go round again and find its answer.
//
// So two copies of one request can never undo each other's success, on however many processes.

import { crashPoint } from '../../platform/crash-point.js';
import {
  granted,
  type Part,
  type ReserveRequest,
  type ReserveResult,
} from '../domain/reservation.js';
import { split } from '../domain/split.js';
import type { HoldParts } from './hold-parts.js';
import type { StockBook } from './ports.js';

/** A second round finds the winner's answer; a third would only meet broken dependencies. */
const ROUNDS_MAX = 2;

export class ReserveStock {
  readonly #parts: HoldParts;
  readonly #book: StockBook;

  constructor(o: { parts: HoldParts; book: StockBook }) {
    this.#parts = o.parts;
    this.#book = o.book;
  }

  /** One result per request, in the same order. */
  async reserve(requests: readonly ReserveRequest[], deadlineMs: number): Promise<ReserveResult[]> {
    const cut = requests.map(split);
    const simple = cut.flatMap((parts) => (parts.length === 1 ? parts : []));
    const [simpleResults, spreadResults] = await Promise.all([
      simple.length > 0 ? this.#parts.hold(simple, deadlineMs) : [],
      Promise.all(
        cut.map((parts) =>
          parts.length === 1 ? undefined : this.#reserveSpread(parts, deadlineMs),
        ),
      ),
    ]);
    crashPoint('reserve.before-ack');
    let next = 0;
    return spreadResults.map((result) => result ?? (simpleResults[next++] as ReserveResult));
  }

  async #reserveSpread(parts: readonly Part[], deadlineMs: number): Promise<ReserveResult> {
    for (let round = 1; round <= ROUNDS_MAX; round++) {
      const result = await this.#tryAll(parts, deadlineMs);
      if (result !== 'AGAIN') return result;
    }
    return { outcome: 'UNKNOWN' };
  }

  async #tryAll(parts: readonly Part[], deadlineMs: number): Promise<ReserveResult | 'AGAIN'> {
    const [first, ...rest] = parts as [Part, ...Part[]];
    const last = rest[rest.length - 1] as Part;
    const [anchor] = (await this.#parts.hold([first], deadlineMs)) as [ReserveResult];
    // Nothing else is held yet, so there is nothing to undo.
    if (!granted(anchor)) return anchor;
    crashPoint('spread.first-held');
    const { orderId } = anchor;
    const bound = (part: Part): Part => ({ ...part, orderId });
    const between = rest.slice(0, -1).map(bound);
    const held = between.length > 0 ? await this.#parts.hold(between, deadlineMs) : [];
    const refusal = held.find((result) => !granted(result));
    if (refusal !== undefined) return this.#undo(parts, bound(last), refusal, deadlineMs);
    crashPoint('spread.before-last');
    const [commit] = (await this.#parts.hold([bound(last)], deadlineMs)) as [ReserveResult];
    if (granted(commit)) return commit;
    return this.#undo(parts, bound(last), commit, deadlineMs);
  }

  async #undo(
    parts: readonly Part[],
    last: Part,
    refusal: ReserveResult,
    deadlineMs: number,
  ): Promise<ReserveResult | 'AGAIN'> {
    // Not known is not refused: what is held stays until the retry, or until check-back asks.
    if (refusal.outcome === 'UNKNOWN' || refusal.outcome === 'OVERLOADED') return refusal;
    const barred = await this.#close('bar', last, deadlineMs);
    if (barred === 'HELD') return 'AGAIN';
    if (barred !== 'DONE') return { outcome: 'UNKNOWN' };
    crashPoint('spread.barred');
    // A release that is not answered is found by check-back: its order will never exist.
    await Promise.all(
      parts
        .slice(0, -1)
        .map((part) => this.#close('release', { ...part, orderId: last.orderId }, deadlineMs)),
    );
    return refusal;
  }

  async #close(verb: 'bar' | 'release', part: Part, deadlineMs: number): Promise<string> {
    const { partition, reservationId, orderId } = part;
    const skuIds = part.lines.map((line) => line.skuId);
    const closing = { verb, partition, reservationId, orderId, skuIds };
    return this.#book.close(closing, deadlineMs).catch(() => 'UNKNOWN');
  }
}
