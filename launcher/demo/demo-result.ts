// The result of a demo as `--json FILE` writes it: a contract with scripts, hence the names.
import type { AuditReport } from '../audit/run-audit.js';

export interface DemoResult {
  ok: boolean;
  /** Sentences, one per promise that was not kept. */
  broken: string[];
  seed: number;
  buyers: number;
  concurrency: number;
  /** Buyers with an order, and what became of these orders. */
  accepted: number;
  paid: number;
  cancelled: number;
  expired: number;
  refunded: number;
  /** Still unpaid when the demo stopped waiting. */
  pending: number;
  /** Buyers without an order, because all was sold, or for another reason (by reason). */
  sold_out: number;
  refused_otherwise: Record<string, number>;
  /** Buyers who never got an answer. */
  failed: number;
  duplicates_answered: number;
  duplicates_unequal: number;
  duplicates_refused: number;
  /** Payments and cancels that did not work out, by reason. */
  troubles: Record<string, number>;
  retries: number;
  /**
   * The provider's callbacks while buyers paid: how many there were to make, how many came twice, how
   * many were lost, and how many of these charges were found by asking. Absent where the provider
   * takes no commands.
   */
  callbacks?: { events: number; duplicated: number; lost: number; found_by_asking: number };
  orders_in_mysql: number;
  units: number;
  units_left: number;
  /** Of live orders, and of stock that is reserved or sold: the same number. */
  units_promised: number;
  units_moved: number;
  oversold: number;
  hot: { sku_id: string; units: number; demand: number; sold: number; left: number };
  /** Seconds of the rush, and its rates: orders accepted and calls answered. */
  rush_seconds: number;
  orders_per_second: number;
  requests_per_second: number;
  latency_ms: { p50: number; p90: number; p99: number; max: number };
  till_seconds: number;
  /** Absent where processor times cannot be read. */
  cpu?: CpuResult;
  audit: AuditReport;
}

export interface CpuResult {
  /** Of all processes of the mesh, servers included, during the rush. */
  micros_per_order: number;
  micros_per_request: number;
  micros_per_empty_call: number;
  empty_calls_per_request: number;
  by_process: { name: string; micros_per_request: number }[];
}
