// Reconciles payments: looks until what differs stands still, repairs what is safe when it is told to,
// looks again, and answers with what was found, what is repaired, and what waits for a person.

import { type Clock, systemClock } from '../../services/platform/clock.js';
import { CAUSES, type Cause, type Difference, differenceKey, isSafe } from './difference.js';
import { lookAtPayments, type PaymentsLook, type ReconcileTargets } from './look.js';
import { lookAgainAt } from './repair.js';

/** Callbacks are sent again for 21 s, but arrive within milliseconds unless they are lost. */
const SETTLE_MS_MAX = 3_000;
/** What a repair sets off: news to the order, perhaps a refund, both through outboxes. */
const REPAIR_MS_MAX = 15_000;
const PAUSE_MS = 500;
/** Listed in an answer. More would not be read; they are counted. */
const LISTED_MAX = 200;

export interface FoundDifference extends Difference {
  readonly repaired: boolean;
  readonly means: string;
  /** Why the repair did not come about, where that is known. */
  readonly problem?: string;
}

export interface ReconcileReport {
  /** Nothing differs, or nothing does any more. */
  readonly ok: boolean;
  readonly found: number;
  readonly repaired: number;
  /** For a person, or for --repair. */
  readonly parked: number;
  readonly by_cause: Readonly<Partial<Record<Cause, number>>>;
  /** Those that stay first. */
  readonly differences: readonly FoundDifference[];
  readonly left_out: number;
  readonly movements: number;
  readonly charges: number;
  readonly refunds: number;
  readonly looks: number;
  readonly took_ms: number;
}

export interface ReconcileOptions {
  readonly repair: boolean;
  readonly clock?: Clock;
  readonly look?: (targets: ReconcileTargets) => Promise<PaymentsLook>;
  readonly lookAgain?: typeof lookAgainAt;
}

export async function runReconcile(
  targets: ReconcileTargets,
  { repair, clock = systemClock, look = lookAtPayments, lookAgain = lookAgainAt }: ReconcileOptions,
): Promise<ReconcileReport> {
  const startMs = clock.monotonicMs();
  let looks = 0;
  const lookOnce = () => {
    looks += 1;
    return look(targets);
  };
  const first = await agreed(clock, SETTLE_MS_MAX, lookOnce, () => true);
  const found = first.differences;
  const safe = repair ? found.filter(isSafe) : [];
  let last = first;
  let silent: ReadonlyMap<string, string> = new Map();
  if (safe.length > 0) {
    const payments = [...new Set(safe.map(({ payment }) => payment))];
    silent = await lookAgain(payments, targets.paymentAddresses);
    last = await agreed(clock, REPAIR_MS_MAX, lookOnce, isSafe);
  }
  const left = new Set(last.differences.map(differenceKey));
  const before = new Set(found.map(differenceKey));
  const fresh = last.differences.filter((difference) => !before.has(differenceKey(difference)));
  const all = [...found, ...fresh].map((difference): FoundDifference => {
    const repaired = !left.has(differenceKey(difference));
    const problem = repaired ? undefined : silent.get(difference.payment);
    const { means } = CAUSES[difference.cause];
    return { ...difference, repaired, means, ...(problem !== undefined && { problem }) };
  });
  return report(all, last, looks, Math.round(clock.monotonicMs() - startMs));
}

/** A running mesh moves between two reads: what counts is what all looks have found. */
async function agreed(
  clock: Clock,
  settleMsMax: number,
  lookOnce: () => Promise<PaymentsLook>,
  mayVanish: (difference: Difference) => boolean,
): Promise<PaymentsLook> {
  let look = await lookOnce();
  let { differences } = look;
  const endMs = clock.monotonicMs() + settleMsMax;
  while (differences.some(mayVanish) && clock.monotonicMs() < endMs) {
    await clock.sleep(PAUSE_MS);
    look = await lookOnce();
    const again = new Set(look.differences.map(differenceKey));
    differences = differences.filter((difference) => again.has(differenceKey(difference)));
  }
  return { ...look, differences };
}

function report(
  all: readonly FoundDifference[],
  { movements, charges, refunds }: PaymentsLook,
  looks: number,
  tookMs: number,
): ReconcileReport {
  const by_cause: Partial<Record<Cause, number>> = {};
  for (const { cause } of all) by_cause[cause] = (by_cause[cause] ?? 0) + 1;
  const parked = all.filter(({ repaired }) => !repaired);
  const repaired = all.filter((difference) => difference.repaired);
  const differences = [...parked, ...repaired].slice(0, LISTED_MAX);
  return {
    ok: parked.length === 0,
    found: all.length,
    repaired: repaired.length,
    parked: parked.length,
    by_cause,
    differences,
    left_out: all.length - differences.length,
    movements,
    charges,
    refunds,
    looks,
    took_ms: tookMs,
  };
}
