// The audit as others call it: is one unit or one cent missing? Looks, looks again where something
// seems wrong, and answers with what is certain.
import { systemClock } from '../../services/platform/clock.js';
import { UnreachableError } from './books.js';
import { type AuditTargets, type Counts, lookOnce } from './look.js';
import { ADVICE, PROBLEM_KINDS, type Problem, type ProblemKind, problem } from './problem.js';
import { lookUntilSettled } from './settle.js';

/**
 * News crosses the mesh within milliseconds and is sent again within a few seconds when it was
 * lost.
 */
const SETTLE_MS_MAX = 6_000;
const PAUSE_MS = 500;
/** Problems of a kind that are listed. More would not be read; they are counted. */
const LISTED_PER_KIND_MAX = 20;

export interface AuditReport {
  ok: boolean;
  /** Units promised beyond all units. */
  oversold: number;
  /** Units held by nobody. */
  leaked: number;
  /** Units by which Redis and MySQL differ. */
  drift: number;
  problems: (Pick<Problem, 'kind' | 'subject' | 'detail'> & { advice: string })[];
  problems_left_out: number;
  in_flight: number;
  skus: number;
  units: Counts['units'];
  ledger_entries: number;
  orders: Record<string, number>;
  order_lines: number;
  reservation_lines: number;
  payments: number;
  outbox_waiting: number;
  money: { currency: string; captured_minor: string; refunded_minor: string; paid_minor: string }[];
  provider_compared: boolean;
  /** Of orders that were moved away from their payments; compared by sums alone. */
  shards_apart: number;
  looks: number;
  took_ms: number;
}

/** Never throws for a server that is down: that is an answer, and it is not ok. */
export async function runAudit(targets: AuditTargets): Promise<AuditReport> {
  const startMs = systemClock.monotonicMs();
  const tookMs = () => Math.round(systemClock.monotonicMs() - startMs);
  try {
    const o = { clock: systemClock, settleMsMax: SETTLE_MS_MAX, pauseMs: PAUSE_MS };
    const settled = await lookUntilSettled(o, () => lookOnce(targets));
    return auditReport(settled.problems, settled.look.counts, settled.looks, tookMs());
  } catch (e) {
    if (!(e instanceof UnreachableError)) throw e;
    const silent = problem('UNREACHABLE', e.server, e.message);
    return auditReport([silent], NOTHING_COUNTED, 0, tookMs());
  }
}

export function auditReport(
  problems: readonly Problem[],
  counts: Counts,
  looks: number,
  tookMs: number,
): AuditReport {
  const unitsOf = (kind: ProblemKind) =>
    problems.reduce((sum, found) => sum + (found.kind === kind ? found.units : 0), 0);
  const listed = PROBLEM_KINDS.flatMap((kind) =>
    problems.filter((found) => found.kind === kind).slice(0, LISTED_PER_KIND_MAX),
  );
  return {
    ok: problems.length === 0,
    oversold: unitsOf('OVERSOLD'),
    leaked: unitsOf('LEAKED'),
    drift: unitsOf('DRIFT'),
    problems: listed.map(({ kind, subject, detail }) => ({
      kind,
      subject,
      detail,
      advice: ADVICE[kind],
    })),
    problems_left_out: problems.length - listed.length,
    in_flight: counts.inFlightUnits,
    skus: counts.skus,
    units: counts.units,
    ledger_entries: counts.ledgerEntries,
    orders: counts.orders,
    order_lines: counts.orderLines,
    reservation_lines: counts.reservationLines,
    payments: counts.payments,
    outbox_waiting: counts.outboxWaiting,
    money: [...counts.money].map(([currency, sum]) => ({
      currency,
      captured_minor: String(sum.captured),
      refunded_minor: String(sum.refunded),
      paid_minor: String(sum.payable),
    })),
    provider_compared: counts.providerAsked,
    shards_apart: counts.shardsApart ?? 0,
    looks,
    took_ms: tookMs,
  };
}

const NOTHING_COUNTED: Counts = {
  skus: 0,
  units: { total: 0, available: 0, reserved: 0, sold: 0 },
  ledgerEntries: 0,
  orders: {},
  orderLines: 0,
  reservationLines: 0,
  inFlightUnits: 0,
  payments: 0,
  outboxWaiting: 0,
  money: new Map(),
  providerAsked: false,
};
