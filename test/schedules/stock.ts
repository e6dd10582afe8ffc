// Stock for one schedule: inventory's own rules on its book in memory, behind the port of the order
// service. A call may be lost on the way there or on the way back.

import {
  CloseReservations,
  type ReservationRef,
} from '../../services/inventory/app/close-reservations.js';
import type { CloseVerb } from '../../services/inventory/domain/close.js';
import { ReservationState } from '../../services/inventory/domain/reservation.js';
import { partitionOf } from '../../services/inventory/domain/split.js';
import { MemoryStockBook } from '../../services/inventory/infra/memory/memory-stock-book.js';
import type { CloseOutcome, Stock } from '../../services/order/app/ports.js';

type Cross = <T>(label: string, act: () => Promise<T>) => Promise<T>;
type Line = { readonly skuId: string; readonly quantity: number };

export const UNITS = 10;

export class ScheduledStock {
  readonly #book: MemoryStockBook;
  readonly #close: CloseReservations;
  readonly #cross: Cross;

  constructor(nowMs: () => number, cross: Cross) {
    this.#book = new MemoryStockBook({ holdMs: 60_000, nowMs });
    this.#close = new CloseReservations(this.#book);
    this.#cross = cross;
  }

  /** As the saga has left it: every SKU has some units, and the order's lines are reserved. */
  async hold(reservationId: string, orderId: string, lines: readonly Line[]): Promise<void> {
    const ids = { reservationId, orderId, userId: 'ann', fingerprint: 'f' };
    for (const line of lines) {
      const { skuId } = line;
      await this.#book.restock({ requestId: skuId, skuId, delta: UNITS, reason: '' });
    }
    const partitions = new Set(lines.map(({ skuId }) => partitionOf(skuId)));
    for (const partition of partitions) {
      const own = lines.filter(({ skuId }) => partitionOf(skuId) === partition);
      const held = own.map((line) => ({ ...line, userLimit: 0 }));
      const marks = { epochs: own.map(() => 1), fresh: own.map(() => true) };
      await this.#book.settle([{ ...ids, partition, lines: held, ...marks }]);
    }
  }

  get port(): Stock {
    const close = (verb: Exclude<CloseVerb, 'bar' | 'return-lines'>) => (ref: ReservationRef) =>
      this.#heard(verb, async () => (await this.#close.close(verb, [ref], NEVER))[0]);
    return {
      reserve: () => Promise.reject(new Error('the order is placed already')),
      confirm: close('confirm'),
      release: close('release'),
      giveBack: close('return'),
      giveLinesBack: ({ reservation, ...back }) =>
        this.#heard('return lines', async () => {
          return (await this.#close.returnLines([{ ...reservation, ...back }], NEVER))[0];
        }),
    };
  }

  /** `sold/reserved` per SKU; every unit is accounted for. */
  async report(skuIds: readonly string[]): Promise<string> {
    const stocks = await this.#book.stocks(skuIds);
    return stocks
      .map(({ sold, reserved, available, total }) => {
        const whole = available + reserved + sold === total && total === UNITS;
        return whole ? `${sold}/${reserved}` : `${available}+${reserved}+${sold} of ${total}`;
      })
      .join(' ');
  }

  async states(reservationId: string): Promise<string[]> {
    const words = Object.entries(ReservationState).map(([word, code]) => [code, word] as const);
    const nameOf = new Map<number, string>(words);
    const parts = await this.#book.reservation(reservationId);
    return parts.map((part) => nameOf.get(part.state) ?? '');
  }

  async #heard(
    label: string,
    act: () => Promise<CloseOutcome | 'HELD' | undefined>,
  ): Promise<CloseOutcome> {
    try {
      const outcome = await this.#cross(`stock ${label}`, act);
      return outcome === undefined || outcome === 'HELD' ? 'UNKNOWN' : outcome;
    } catch {
      return 'UNKNOWN';
    }
  }
}

const NEVER = Number.MAX_SAFE_INTEGER;
