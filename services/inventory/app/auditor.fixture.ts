// A gate, an arbiter and an auditor in memory, with a clock that a test moves by hand, and the troubles
// that the auditor is there for.

import { ManualClock } from '../../platform/clock.js';
import { createLog, type Log } from '../../platform/log.js';
import type { Grant, SettleResult } from '../domain/reservation.js';
import { split } from '../domain/split.js';
import type { StockRow } from '../domain/stock.js';
import { MemoryGate } from '../infra/memory/memory-gate.js';
import { MemoryStockBook } from '../infra/memory/memory-stock-book.js';
import { Auditor } from './auditor.js';
import { HoldParts } from './hold-parts.js';
import type { SkuLoad } from './ports.js';
import { Rebase } from './rebase.js';
import { Refunds } from './refunds.js';

/** Counts what the auditor costs, and settles as slowly as told. */
class CountingBook extends MemoryStockBook {
  readonly rebased: string[] = [];
  readonly read: number[] = [];
  settleMs = 0;
  broken = false;
  readonly #clock: ManualClock;

  constructor(clock: ManualClock) {
    super({ holdMs: 60_000, nowMs: () => clock.nowMs() });
    this.#clock = clock;
  }

  override async settle(grants: readonly Grant[]): Promise<(SettleResult | undefined)[]> {
    if (this.settleMs > 0) await this.#clock.sleep(this.settleMs);
    return super.settle(grants);
  }

  override rebase(skuIds: readonly string[]): Promise<SkuLoad[]> {
    this.rebased.push(...skuIds);
    return super.rebase(skuIds);
  }

  override stocks(skuIds: readonly string[]): Promise<StockRow[]> {
    this.read.push(skuIds.length);
    if (this.broken) return Promise.reject(new Error('MySQL is away'));
    return super.stocks(skuIds);
  }
}

/** Units that each side says are left. */
export interface Left {
  readonly gate: number | undefined;
  readonly book: number | undefined;
}

export interface AuditedStock {
  readonly clock: ManualClock;
  readonly gate: MemoryGate;
  readonly book: CountingBook;
  readonly auditor: Auditor;
  /** What the sweep meets next. */
  readonly loaded: { skuIds: string[]; ended: boolean }[];
  /** Reserves one unit, as this process does. */
  readonly buy: (skuId: string, reservationId: string) => Promise<string | undefined>;
  /** Takes one unit from the gate, as a process that dies before it tells the arbiter. */
  readonly takeAndDie: (skuId: string, reservationId: string) => Promise<void>;
  /** Commits a change that the gate never hears of, as a process that dies before the refund. */
  readonly restockAndDie: (skuId: string, units: number) => Promise<void>;
  readonly left: (skuId: string) => Promise<Left>;
  /** A look after a second, with time for the rebase that it may ask for. */
  readonly look: () => Promise<'MORE' | 'IDLE'>;
}

/** Every SKU is loaded in the gate with its units, and no rebase is counted yet. */
export async function openAudited(
  stock: Record<string, number>,
  log: Log = createLog({ service: 'test', level: 'silent' }),
): Promise<AuditedStock> {
  // Of today: the batchers below look at the system's clock.
  const clock = new ManualClock(Date.now());
  const gate = new MemoryGate();
  const book = new CountingBook(clock);
  const rebase = new Rebase({ gate, book, clock, log });
  const refunds = new Refunds({ gate, rebase, clock, log });
  for (const [skuId, delta] of Object.entries(stock)) {
    await book.restock({ requestId: skuId, skuId, delta, reason: '' });
  }
  await rebase.run(Object.keys(stock), clock.nowMs() + 5_000);
  book.rebased.length = 0;
  const loaded: AuditedStock['loaded'] = [];
  const auditor = new Auditor({
    gate,
    book,
    rebase,
    clock,
    log,
    loaded: { next: () => Promise.resolve(loaded.shift() ?? { skuIds: [], ended: true }) },
  });
  const parts = new HoldParts({ gate, book, rebase, refunds, clock, watch: auditor });
  const one = (skuId: string, reservationId: string) => ({
    reservationId,
    orderId: reservationId,
    userId: 'ann',
    lines: [{ skuId, quantity: 1, userLimit: 0 }],
  });
  return {
    clock,
    gate,
    book,
    auditor,
    loaded,
    buy: async (skuId, reservationId) => {
      const [result] = await parts.hold(split(one(skuId, reservationId)), clock.nowMs() + 5_000);
      return result?.outcome;
    },
    takeAndDie: async (skuId, reservationId) => {
      await gate.reserve(split(one(skuId, reservationId)));
    },
    restockAndDie: async (skuId, delta) => {
      await book.restock({ requestId: `later ${skuId}`, skuId, delta, reason: '' });
    },
    left: async (skuId) => {
      const [level] = await gate.levels([{ skuId }]);
      const [row] = await book.stocks([skuId]);
      return { gate: level?.available, book: row?.available };
    },
    look: async () => {
      await clock.advance(1_000);
      const more = await auditor.look();
      await clock.advance(1);
      return more;
    },
  };
}
