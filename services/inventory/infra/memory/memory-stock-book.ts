// The arbiter as an executable specification: the pure decisions of the domain, applied to maps. Held
// to the same contract table as MySQL.

import type {
  DueHold,
  GrantsPage,
  RestockRequest,
  RestockResult,
  SkuLoad,
  StockBook,
} from '../../app/ports.js';
import { type CloseOutcome, type Closing, decideClose, type Refund } from '../../domain/close.js';
import {
  type Grant,
  type HeldPart,
  type KnownResult,
  type Part,
  partKey,
  RETRY_HORIZON_MS,
  ReservationState,
  type SettleResult,
} from '../../domain/reservation.js';
import {
  type NewReturn,
  type ReturnedLine,
  returnKey,
  without,
} from '../../domain/return-lines.js';
import { answerKnown, buyerKey, decideSettle } from '../../domain/settle.js';
import { partitionOf } from '../../domain/split.js';
import {
  type LedgerEntry,
  LedgerReason,
  type StockChange,
  StockMoves,
  type StockRow,
} from '../../domain/stock.js';

export class MemoryStockBook implements StockBook {
  readonly #stocks = new Map<string, StockRow>();
  readonly #parts = new Map<string, HeldPart & { holdUntilMs: number }>();
  readonly #bought = new Map<string, number>();
  readonly #ledger: (LedgerEntry & { atMs: number })[] = [];
  /** The first body of each request id, done or not. */
  readonly #restockOwners = new Map<string, RestockRequest>();
  readonly #restocks = new Set<string>();
  readonly #returns = new Map<string, readonly ReturnedLine[]>();
  readonly #onChange: ((changes: readonly StockChange[]) => void)[] = [];
  readonly #onRefund: ((refunds: readonly Refund[]) => void)[] = [];
  readonly #holdMs: number;
  readonly #nowMs: () => number;
  readonly #pageEntriesMax: number;

  constructor(o: { holdMs: number; nowMs: () => number; pageEntriesMax?: number }) {
    this.#holdMs = o.holdMs;
    this.#nowMs = o.nowMs;
    this.#pageEntriesMax = o.pageEntriesMax ?? Number.MAX_SAFE_INTEGER;
  }

  settle(grants: readonly Grant[]): Promise<(SettleResult | undefined)[]> {
    const decision = decideSettle({
      stocks: this.#stocks,
      held: this.#parts,
      bought: this.#bought,
      grants,
    });
    for (const { skuId, userId, units } of decision.buyers) this.#buy(skuId, userId, units);
    for (const admitted of decision.admitted) {
      const lines = admitted.lines.map(({ skuId, quantity, userLimit }) => ({
        skuId,
        quantity,
        limited: userLimit > 0,
        returned: 0,
      }));
      const holdUntilMs = this.#nowMs() + this.#holdMs;
      const state = ReservationState.RESERVED;
      this.#parts.set(partKey(admitted), { ...admitted, lines, state, holdUntilMs });
    }
    this.#record(decision.moves);
    return Promise.resolve(decision.results);
  }

  close(closing: Closing): Promise<CloseOutcome> {
    const decision = decideClose({
      stocks: this.#stocks,
      held: this.#parts,
      closings: [closing],
      returns: this.#returns,
    });
    for (const back of decision.returns) this.#takeBack(back);
    for (const { part, state } of decision.changed) {
      this.#parts.set(partKey(part), { ...part, state, holdUntilMs: 0 });
    }
    for (const tombstone of decision.tombstones) {
      const { partition, reservationId, orderId } = tombstone;
      const state = ReservationState.RELEASED;
      const empty = { userId: '', fingerprint: '', lines: [], holdUntilMs: 0 };
      this.#parts.set(partKey(tombstone), { partition, reservationId, orderId, state, ...empty });
    }
    for (const refund of decision.refunds) {
      if (refund.buyerId !== '') this.#buy(refund.skuId, refund.buyerId, -refund.quantity);
    }
    this.#record(decision.moves);
    if (decision.refunds.length > 0) for (const tell of this.#onRefund) tell(decision.refunds);
    return Promise.resolve(decision.outcomes[0] as CloseOutcome);
  }

  #takeBack(back: NewReturn): void {
    this.#returns.set(returnKey(back, back.returnId), back.lines);
    const key = partKey(back);
    const part = this.#parts.get(key);
    if (part !== undefined) this.#parts.set(key, without(part, back.lines));
  }

  rebase(skuIds: readonly string[]): Promise<SkuLoad[]> {
    const rows = skuIds.flatMap((skuId) => this.#stocks.get(skuId) ?? []);
    return Promise.resolve(rows.map((row) => this.#load(row)));
  }

  #load(row: StockRow): SkuLoad {
    row.epoch += 1;
    const { partition, skuId, epoch, available } = row;
    const buyers = [...this.#bought]
      .filter(([key]) => key.startsWith(`${skuId}/`))
      .map(([key, units]) => ({ userId: key.slice(skuId.length + 1), units }));
    return { partition, skuId, epoch, available, buyers, ...this.#page(skuId, row.version + 1) };
  }

  grantsPage(skuId: string, belowEntry: number): Promise<GrantsPage> {
    return Promise.resolve(this.#page(skuId, belowEntry));
  }

  #page(skuId: string, belowEntry: number): GrantsPage {
    const oldest = Math.max(1, belowEntry - this.#pageEntriesMax);
    const entries = this.#ledger.filter(
      (entry) => entry.skuId === skuId && entry.entry >= oldest && entry.entry < belowEntry,
    );
    const last = entries.find((entry) => entry.entry === oldest);
    const tooOld = last !== undefined && last.atMs < this.#nowMs() - RETRY_HORIZON_MS;
    const ended = oldest <= 1 || last === undefined || tooOld;
    const grants = entries
      .filter((entry) => entry.reason === LedgerReason.RESERVE)
      .map((entry) => ({ reservationId: entry.causeId, orderId: entry.orderId }));
    return { grants, nextEntry: ended ? undefined : oldest };
  }

  known(part: Part): Promise<KnownResult | undefined> {
    const known = this.#parts.get(partKey(part));
    return Promise.resolve(known && answerKnown(known, part));
  }

  restock(request: RestockRequest): Promise<RestockResult> {
    return Promise.resolve(this.#restockOne(request));
  }

  #restockOne(request: RestockRequest): RestockResult {
    const { requestId, skuId, delta } = request;
    const known = this.#stocks.get(skuId);
    const owner = this.#restockOwners.get(requestId) ?? request;
    this.#restockOwners.set(requestId, owner);
    if (owner.skuId !== skuId || owner.delta !== delta) return { outcome: 'REQUEST_ID_REUSED' };
    if (known !== undefined && this.#restocks.has(requestId)) {
      return { outcome: 'DONE', stock: { ...known } };
    }
    if (known === undefined && delta < 0) return { outcome: 'SKU_UNKNOWN' };
    const row = known ?? newStock(skuId);
    if (row.available + delta < 0) return { outcome: 'STOCK_TOO_LOW', available: row.available };
    this.#stocks.set(skuId, row);
    this.#restocks.add(requestId);
    const moves = new StockMoves(this.#stocks);
    moves.move(row, LedgerReason.RESTOCK, delta, '', requestId);
    this.#record(moves);
    return { outcome: 'DONE', stock: { ...row } };
  }

  stocks(skuIds: readonly string[]): Promise<StockRow[]> {
    const rows = skuIds.flatMap((skuId) => this.#stocks.get(skuId) ?? []);
    return Promise.resolve(rows.map((row) => ({ ...row })));
  }

  reservation(
    reservationId: string,
    _deadlineMs?: number,
    partitions?: readonly number[],
  ): Promise<(HeldPart & { holdUntilMs: number })[]> {
    const parts = [...this.#parts.values()].filter((part) => part.reservationId === reservationId);
    return Promise.resolve(
      parts.filter((part) => partitions === undefined || partitions.includes(part.partition)),
    );
  }

  ledger(
    skuId: string,
    before: number,
    limit: number,
  ): Promise<(LedgerEntry & { atMs: number })[]> {
    const entries = this.#ledger.filter((e) => e.skuId === skuId && e.entry < before);
    return Promise.resolve(entries.reverse().slice(0, limit));
  }

  dueHolds(limit: number): Promise<DueHold[]> {
    const due = [...this.#parts.values()].filter(
      (part) => part.holdUntilMs > 0 && part.holdUntilMs <= this.#nowMs(),
    );
    return Promise.resolve(
      due.slice(0, limit).map((part) => ({
        partition: part.partition,
        reservationId: part.reservationId,
        orderId: part.orderId,
        skuIds: part.lines.map((line) => line.skuId),
      })),
    );
  }

  holdUntil(holds: readonly { hold: DueHold; untilMs: number }[]): Promise<void> {
    for (const { hold, untilMs } of holds) {
      const part = this.#parts.get(partKey(hold));
      if (part !== undefined && part.holdUntilMs > 0) part.holdUntilMs = untilMs;
    }
    return Promise.resolve();
  }

  onChange(listener: (changes: readonly StockChange[]) => void): void {
    this.#onChange.push(listener);
  }

  onRefund(listener: (refunds: readonly Refund[]) => void): void {
    this.#onRefund.push(listener);
  }

  #buy(skuId: string, userId: string, units: number): void {
    const key = buyerKey(skuId, userId);
    this.#bought.set(key, (this.#bought.get(key) ?? 0) + units);
  }

  #record(moves: StockMoves): void {
    for (const entry of moves.ledger) this.#ledger.push({ ...entry, atMs: this.#nowMs() });
    const { changes } = moves;
    if (changes.length > 0) for (const tell of this.#onChange) tell(changes);
  }
}

function newStock(skuId: string): StockRow {
  const partition = partitionOf(skuId);
  const empty = { available: 0, reserved: 0, sold: 0, total: 0 };
  return { partition, skuId, epoch: 1, version: 0, ...empty };
}
