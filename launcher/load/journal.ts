// What callers were told in a run, read from the journal while it grows: the ids of the accepted,
// counts by outcome and reason, and how it went second by second.
import { type CallLine, type Outcome, parseJournalLine } from '../../loadtest/plan/journal-line.js';

export interface Told {
  /** Every order id that any copy of the request was answered with. */
  readonly orderIds: Set<string>;
  /** Answers that called the order new. */
  accepted: number;
}

export interface Second {
  readonly counts: Map<Outcome, number>;
  /** Milliseconds of CreateOrder calls that were answered. */
  readonly createMs: number[];
}

export interface OperationTally {
  readonly operation: string;
  readonly protocol: string;
  readonly outcomes: Map<string, number>;
  readonly ms: number[];
}

export class Journal {
  readonly counts = new Map<Outcome, number>();
  readonly reasons = { REFUSED: new Map<string, number>(), FAILED: new Map<string, number>() };
  /** By request id. */
  readonly told = new Map<string, Told>();
  /** Requests whose outcome the caller does not know: they may have an order, or none. */
  readonly open = new Set<string>();
  readonly paid = new Set<string>();
  readonly cancelled = new Set<string>();
  /** Units that were put on the shelf, by SKU. */
  readonly shelf = new Map<string, number>();
  readonly operations = new Map<string, OperationTally>();
  /** By whole seconds since 1970. */
  readonly seconds = new Map<number, Second>();
  /** Warnings of k6 and whatever else is none of our lines. */
  readonly notes: string[] = [];
  private firstSecond = Number.POSITIVE_INFINITY;
  private lastSecond = Number.NEGATIVE_INFINITY;
  private rest = '';

  /** Takes the next piece of the file, wherever it was cut. */
  take(piece: string): void {
    const lines = (this.rest + piece).split('\n');
    this.rest = lines.pop() ?? '';
    for (const line of lines) this.takeLine(line);
  }

  count(outcome: Outcome): number {
    return this.counts.get(outcome) ?? 0;
  }

  /** From the first answer to the last one, in whole seconds. */
  get secondsLong(): number {
    return this.seconds.size === 0 ? 0 : this.lastSecond - this.firstSecond + 1;
  }

  private takeLine(line: string): void {
    const parsed = parseJournalLine(line);
    if (parsed === undefined) {
      if (line !== '' && this.notes.length < NOTES_MAX) this.notes.push(line);
    } else if (parsed.kind === 'SHELF') {
      add(this.shelf, parsed.shelf.skuId, parsed.shelf.units);
    } else {
      this.takeCall(parsed.call);
    }
  }

  private takeCall(call: CallLine): void {
    const { outcome, reason, requestId, orderId } = call;
    add(this.counts, outcome, 1);
    if (outcome === 'REFUSED' || outcome === 'FAILED') add(this.reasons[outcome], reason, 1);
    if (requestId !== '' && outcome === 'FAILED') this.open.add(requestId);
    if (outcome === 'ACCEPTED' || outcome === 'DUPLICATE') this.takeOrder(call);
    if (outcome === 'PAID') this.paid.add(orderId);
    if (outcome === 'CANCELLED') this.cancelled.add(orderId);
    this.takeOperation(call);
    this.takeSecond(call);
  }

  private takeOrder({ requestId, orderId, outcome }: CallLine): void {
    const told = this.told.get(requestId) ?? { orderIds: new Set<string>(), accepted: 0 };
    told.orderIds.add(orderId);
    if (outcome === 'ACCEPTED') told.accepted++;
    this.told.set(requestId, told);
  }

  private takeOperation({ operation, protocol, outcome, reason, ms }: CallLine): void {
    const key = `${operation} ${protocol}`;
    const tally = this.operations.get(key) ?? {
      operation,
      protocol,
      outcomes: new Map<string, number>(),
      ms: [],
    };
    add(tally.outcomes, reason === '' ? outcome : `${outcome} ${reason}`, 1);
    tally.ms.push(ms);
    this.operations.set(key, tally);
  }

  private takeSecond({ atMs, operation, outcome, ms }: CallLine): void {
    const at = Math.floor((atMs + ms) / 1000);
    this.firstSecond = Math.min(this.firstSecond, at);
    this.lastSecond = Math.max(this.lastSecond, at);
    const second = this.seconds.get(at) ?? { counts: new Map<Outcome, number>(), createMs: [] };
    add(second.counts, outcome, 1);
    if (operation === 'create' && outcome !== 'FAILED') second.createMs.push(ms);
    this.seconds.set(at, second);
  }
}

/**
 * Enough to see what went wrong; a script that fails in every call writes the same line each time.
 */
const NOTES_MAX = 20;

function add<K>(map: Map<K, number>, key: K, n: number): void {
  map.set(key, (map.get(key) ?? 0) + n);
}

/** The value below which this share of the values lies; 0 when there are none. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? 0;
}
