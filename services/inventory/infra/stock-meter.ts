// Counts what gate and arbiter answer, and the units that go through their hands.

import { counters } from '../../platform/telemetry/metrics.js';
import type { Refund } from '../domain/close.js';
import type { GateReply, Grant, Part, SettleResult } from '../domain/reservation.js';

const replied = counters('spillway.gate.replies');
const granted = counters('spillway.gate.units').of('granted');
const givenBack = counters('spillway.gate.units').of('given_back');
const settled = counters('spillway.settle.results');
const settledUnits = counters('spillway.settle.units').of();

export function countReplies(parts: readonly Part[], replies: readonly GateReply[]): void {
  replies.forEach((reply, i) => {
    replied.of(reply.outcome).add();
    if (!('fresh' in reply)) return;
    const lines = parts[i]?.lines ?? [];
    for (const [at, line] of lines.entries()) if (reply.fresh[at]) granted.add(line.quantity);
  });
}

/** Only those that the gate took: a refund of an older epoch is counted already. */
export function countGivenBack(refunds: readonly Refund[], replies: readonly string[]): void {
  refunds.forEach((refund, i) => {
    if (replies[i] === 'REFUNDED') givenBack.add(refund.quantity);
  });
}

export function countSettled(
  grants: readonly Grant[],
  results: readonly (SettleResult | undefined)[],
): void {
  grants.forEach((grant, i) => {
    const outcome = results[i]?.outcome ?? 'UNKNOWN';
    settled.of(outcome).add();
    if (outcome !== 'RESERVED') return;
    for (const line of grant.lines) settledUnits.add(line.quantity);
  });
}
