// Turns what was seen and what the books say into the result. Pure.
import type { StockLevel } from '../../gen/spillway/inventory/v1/inventory_pb.js';
import type { AuditReport } from '../audit/run-audit.js';
import type { CpuResult, DemoResult } from './demo-result.js';
import type { SaleBooks } from './sale-books.js';
import { type DemoSize, hotDemand, type Scenario } from './scenario.js';
import type { StockSample } from './stock-curve.js';
import type { Tally } from './tally.js';
import { brokenPromises } from './verdict.js';

/** The rush alone, without second visits and without the till. */
export interface RushTimes {
  readonly ms: number;
  readonly answers: number;
  readonly placed: number;
  /** Microseconds per group of processes. */
  readonly cpu: readonly [string, number][];
  readonly curve: readonly StockSample[];
}

export interface Seen {
  readonly scenario: Scenario;
  readonly tally: Tally;
  readonly rush: RushTimes;
  readonly tillMs: number;
  readonly callbacks: DemoResult['callbacks'] | undefined;
  readonly books: SaleBooks;
  readonly stocks: readonly Pick<
    StockLevel,
    'skuId' | 'available' | 'reserved' | 'sold' | 'total'
  >[];
  readonly cpu: CpuResult | undefined;
  readonly audit: AuditReport;
}

export function summarise(o: DemoSize & { concurrency: number }, seen: Seen): DemoResult {
  const { scenario, tally, rush, books, stocks, audit } = seen;
  const hot = stocks.find((stock) => stock.skuId === scenario.hot.skuId);
  const sum = (pick: (stock: (typeof stocks)[number]) => bigint) =>
    stocks.reduce((total, stock) => total + Number(pick(stock)), 0);
  const { SOLD_OUT: _soldOut, ...refusedOtherwise } = Object.fromEntries(tally.refused);
  const result: DemoResult = {
    ok: false,
    broken: [],
    seed: o.seed,
    buyers: o.buyers,
    concurrency: o.concurrency,
    accepted: tally.placed.length,
    paid: books.paid,
    cancelled: books.cancelled,
    expired: books.expired,
    refunded: books.refunded,
    pending: books.pending,
    sold_out: tally.soldOut,
    refused_otherwise: refusedOtherwise,
    failed: tally.failed,
    duplicates_answered: tally.duplicatesAnswered,
    duplicates_unequal: tally.duplicatesUnequal,
    duplicates_refused: tally.duplicatesRefused,
    troubles: Object.fromEntries(tally.troubles),
    retries: tally.retries,
    ...(seen.callbacks && { callbacks: seen.callbacks }),
    orders_in_mysql: books.orders,
    units: sum((stock) => stock.total),
    units_left: sum((stock) => stock.available),
    units_promised: books.unitsPromised,
    units_moved: sum((stock) => stock.reserved + stock.sold),
    oversold: audit.oversold,
    hot: {
      sku_id: scenario.hot.skuId,
      units: scenario.hot.units,
      demand: hotDemand(scenario),
      sold: Number(hot?.sold ?? 0),
      left: Number(hot?.available ?? 0),
    },
    rush_seconds: round(rush.ms / 1000, 3),
    orders_per_second: round((rush.placed / rush.ms) * 1000, 1),
    requests_per_second: round((rush.answers / rush.ms) * 1000, 1),
    latency_ms: {
      p50: tally.latencyMs(50),
      p90: tally.latencyMs(90),
      p99: tally.latencyMs(99),
      max: tally.latencyMs(100),
    },
    till_seconds: round(seen.tillMs / 1000, 3),
    ...(seen.cpu === undefined ? {} : { cpu: roundCpu(seen.cpu) }),
    audit,
  };
  const broken = brokenPromises(result);
  return { ...result, ok: broken.length === 0, broken };
}

function roundCpu(cpu: CpuResult): CpuResult {
  return {
    micros_per_order: round(cpu.micros_per_order, 1),
    micros_per_request: round(cpu.micros_per_request, 1),
    micros_per_empty_call: round(cpu.micros_per_empty_call, 1),
    empty_calls_per_request: round(cpu.empty_calls_per_request, 2),
    by_process: cpu.by_process.map(({ name, micros_per_request: micros }) => ({
      name,
      micros_per_request: round(micros, 1),
    })),
  };
}

function round(value: number, digits: number): number {
  return Number.isFinite(value) ? Number(value.toFixed(digits)) : 0;
}
