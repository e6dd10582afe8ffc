// The loop that ends every reservation. When a hold ends, inventory does not guess: it asks the order
// service what became of the order. Asking about an order that does not exist bars it for ever, so
// an order cannot commit after its units were given away. The same loop finds lost confirms and
// lost releases; no unit can leak for ever.

import type { Clock } from '../../platform/clock.js';
import { crashPoint } from '../../platform/crash-point.js';
import type { Log } from '../../platform/log.js';
import { counters } from '../../platform/telemetry/metrics.js';
import type { CloseOutcome, CloseVerb } from '../domain/close.js';
import type { DueHold, OrderFate, Orders, StockBook } from './ports.js';

/** What the order service answers in one call. */
const HOLDS_PER_LOOK_MAX = 500;
const LOOK_MS_MAX = 4_000;
/** The order service expires an unpaid order at its deadline; only then is it our turn again. */
const DEADLINE_MARGIN_MS = 5_000;

const ended = counters('spillway.stock.check_backs');
// From zero on: the first one after the start is an increase too.
for (const fate of ['pending', 'paid', 'cancelled', 'returned', 'disagreement']) ended.of(fate);

export class CheckBack {
  readonly #book: StockBook;
  readonly #orders: Orders;
  readonly #clock: Clock;
  readonly #log: Log;

  constructor(o: { book: StockBook; orders: Orders; clock: Clock; log: Log }) {
    this.#book = o.book;
    this.#orders = o.orders;
    this.#clock = o.clock;
    this.#log = o.log;
  }

  /** Looks after the holds that are due; MORE when there may be further ones. */
  async look(): Promise<'MORE' | 'IDLE'> {
    const deadlineMs = this.#clock.nowMs() + LOOK_MS_MAX;
    const holds = await this.#book.dueHolds(HOLDS_PER_LOOK_MAX, deadlineMs);
    if (holds.length === 0) return 'IDLE';
    crashPoint('check-back.claimed');
    const orderIds = [...new Set(holds.map((hold) => hold.orderId))];
    const fates = await this.#orders.resolve(orderIds, deadlineMs);
    crashPoint('check-back.asked');
    const byOrder = new Map(orderIds.map((orderId, i) => [orderId, fates[i]]));
    const pending: { hold: DueHold; untilMs: number }[] = [];
    await Promise.all(
      holds.map(async (hold) => {
        const fate = byOrder.get(hold.orderId);
        if (fate !== undefined) ended.of(fate.fate.toLowerCase()).add();
        if (fate?.fate === 'PENDING') {
          const fromMs = Math.max(fate.paymentDeadlineMs, this.#clock.nowMs());
          pending.push({ hold, untilMs: fromMs + DEADLINE_MARGIN_MS });
        } else if (fate !== undefined) {
          await this.#end(hold, fate, deadlineMs);
          crashPoint('check-back.mid');
        }
      }),
    );
    if (pending.length > 0) await this.#book.holdUntil(pending, deadlineMs);
    return holds.length >= HOLDS_PER_LOOK_MAX ? 'MORE' : 'IDLE';
  }

  async #end(
    hold: DueHold,
    fate: Exclude<OrderFate, { fate: 'PENDING' }>,
    deadlineMs: number,
  ): Promise<void> {
    const verbs: Record<typeof fate.fate, readonly Exclude<CloseVerb, 'bar'>[]> = {
      PAID: ['confirm'],
      CANCELLED: ['release'],
      RETURNED: ['confirm', 'return'],
    };
    for (const verb of verbs[fate.fate]) {
      const outcome = await this.#book
        .close({ verb, ...hold }, deadlineMs)
        .catch((): CloseOutcome => 'UNKNOWN');
      // Not known: the claim runs out and the next look asks again.
      if (outcome === 'UNKNOWN') return;
      if (outcome !== 'DONE') {
        ended.of('disagreement').add();
        this.#log.error({ hold, verb, outcome }, 'an order and its reservation disagree');
        return;
      }
    }
  }
}
