// What calls came to, counted apart: accepted, duplicate, refused, paid, cancelled, failed. A
// refusal is no success and no failure; whether it was a lawful one is a check, by its reason and
// never by a status code. Each call also leaves its line in the journal, from which the verdict is
// made.

import { check } from 'k6';
import { Counter } from 'k6/metrics';
import { callLine, type Outcome } from '../plan/journal-line.ts';
import type { Reply } from './mesh.ts';

export const counters = {
  accepted: new Counter('accepted'),
  duplicate: new Counter('duplicate'),
  refused: new Counter('refused'),
  paid: new Counter('paid'),
  cancelled: new Counter('cancelled'),
  failed: new Counter('failed'),
  /** Units given away beyond those that exist. */
  oversold: new Counter('oversold'),
  /** Copies of one request that were answered with different orders. */
  unequal: new Counter('unequal'),
};

/** Reasons that leave open whether the call has worked, or say that it could not be tried. */
const OPEN = ['OVERLOADED', 'DEPENDENCY_UNAVAILABLE', 'DEADLINE_EXCEEDED'];

export interface Ids {
  readonly requestId?: string;
  readonly orderId?: string;
}

/**
 * Counts and records one call. `lawful` are the reasons for which it may be refused; any other
 * refusal fails a check, and no answer at all is FAILED.
 */
export function record(
  operation: string,
  reply: Reply,
  o: { done: Outcome; lawful?: readonly string[]; ids?: Ids },
): void {
  const outcome = outcomeOf(reply, o.done);
  const reason = reply.ok ? '' : reply.reason;
  count(outcome, reason);
  write(operation, reply, outcome, o.ids ?? {});
  if (outcome !== 'FAILED') {
    const lawful = reply.ok || (o.lawful ?? []).includes(reason);
    check(lawful, { [`${operation} is done, or refused for a lawful reason`]: (held) => held });
  }
}

/** A state that the caller was waiting for and has seen in another answer. */
export function recordSeen(operation: string, reply: Reply, seen: Outcome, ids: Ids): void {
  count(seen, '');
  write(operation, reply, seen, ids);
}

function outcomeOf(reply: Reply, done: Outcome): Outcome {
  if (reply.ok) return done;
  const open = OPEN.includes(reply.reason) || reply.reason.startsWith('code=');
  return open ? 'FAILED' : 'REFUSED';
}

function count(outcome: Outcome, reason: string): void {
  if (outcome === 'ACCEPTED') counters.accepted.add(1);
  if (outcome === 'DUPLICATE') counters.duplicate.add(1);
  if (outcome === 'PAID') counters.paid.add(1);
  if (outcome === 'CANCELLED') counters.cancelled.add(1);
  if (outcome === 'REFUSED') counters.refused.add(1, { reason });
  if (outcome === 'FAILED') counters.failed.add(1, { reason });
}

function write(operation: string, reply: Reply, outcome: Outcome, ids: Ids): void {
  const { atMs, protocol, ms } = reply;
  const reason = reply.ok ? '' : reply.reason;
  const { requestId = '', orderId = '' } = ids;
  console.log(callLine({ atMs, protocol, operation, outcome, reason, ms, requestId, orderId }));
}
