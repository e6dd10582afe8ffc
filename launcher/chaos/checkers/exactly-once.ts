// I4 Exactly once. However often a request is repeated, it has one reservation, and every copy hears
// of the same order. A request that was once granted is never refused for lack of units afterwards:
// at most it is closed, and that only after somebody released it or its hold may have ended.

import type { Evidence, Violation } from '../evidence.js';
import type { Attempt } from '../history.js';

/** Answers that a request can no longer get once it was granted. */
const NEVER_AFTER_GRANT = ['SOLD_OUT', 'USER_LIMIT', 'SKU_UNKNOWN', 'REQUEST_ID_REUSED'];

export function checkExactlyOnce(evidence: Evidence): Violation[] {
  const byId = new Map<string, Attempt[]>();
  for (const attempt of evidence.attempts) {
    if (attempt.verb === 'restock') continue;
    const known = byId.get(attempt.id);
    if (known === undefined) byId.set(attempt.id, [attempt]);
    else known.push(attempt);
  }
  const replays = [...byId].flatMap(([id, attempts]) => compare(id, attempts, evidence.holdMs));
  return [...replays, ...checkRows(evidence)];
}

function compare(id: string, attempts: readonly Attempt[], holdMs: number): Violation[] {
  const reserves = attempts.filter((attempt) => attempt.verb === 'reserve');
  const grants = reserves.filter((attempt) => attempt.type === 'ok');
  const [first] = grants;
  if (first === undefined) return [];
  const found: Violation[] = [];
  const orders = new Set(grants.map((attempt) => attempt.boundOrderId));
  if (orders.size > 1) found.push(broken(id, `is bound to ${[...orders].join(' and ')}`));
  const reserved = grants.filter((attempt) => attempt.outcome === 'RESERVED').length;
  if (reserved > 1) found.push(broken(id, `was reserved ${reserved} times`));
  const ackMs = Math.min(...grants.map((attempt) => attempt.endMs));
  const releaseMs = Math.min(
    ...attempts.filter((attempt) => attempt.verb === 'release').map((attempt) => attempt.startMs),
  );
  const heldUntilMs = Math.min(...reserves.map((attempt) => attempt.startMs)) + holdMs;
  for (const attempt of reserves) {
    // Only a copy that began after the grant was known must agree with it.
    if (attempt.startMs < ackMs) continue;
    if (NEVER_AFTER_GRANT.includes(attempt.outcome)) {
      found.push(broken(id, `#${attempt.n} was refused ${attempt.outcome} after a grant`));
    }
    const mayBeClosed = attempt.endMs >= releaseMs || attempt.endMs >= heldUntilMs;
    if (attempt.outcome === 'CLOSED' && !mayBeClosed) {
      found.push(broken(id, `#${attempt.n} found it closed, and nobody had closed it`));
    }
  }
  return found;
}

/** One order over all parts, each SKU once. */
function checkRows({ end }: Evidence): Violation[] {
  const seen = new Map<string, { orderId: string; skuIds: Set<string> }>();
  const found: Violation[] = [];
  for (const row of end.reservations) {
    if (row.skuId === '') continue;
    const known = seen.get(row.id);
    if (known === undefined) {
      seen.set(row.id, { orderId: row.orderId, skuIds: new Set([row.skuId]) });
      continue;
    }
    if (known.orderId !== row.orderId) {
      found.push(broken(row.id, `has rows of ${known.orderId} and of ${row.orderId}`));
    }
    if (known.skuIds.has(row.skuId)) found.push(broken(row.id, `holds ${row.skuId} twice`));
    known.skuIds.add(row.skuId);
  }
  return found;
}

function broken(subject: string, detail: string): Violation {
  return { invariant: 'I4', subject, detail };
}
