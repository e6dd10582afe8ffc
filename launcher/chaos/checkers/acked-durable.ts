// I2 Acknowledged is durable. Every grant that a client was told of stands in MySQL at the end, whole,
// under the order it was told, in a state that its later answers allow. What was confirmed is sold;
// what was released and never confirmed is free again.

import type { Evidence, ReservationRow, Violation } from '../evidence.js';
import type { Attempt } from '../history.js';

interface Acked {
  readonly attempt: Attempt;
  confirmed: boolean;
  released: boolean;
}

export function checkAckedDurable({ attempts, end }: Evidence): Violation[] {
  const acked = new Map<string, Acked>();
  for (const attempt of attempts) {
    if (attempt.verb !== 'reserve' || attempt.type !== 'ok' || acked.has(attempt.id)) continue;
    acked.set(attempt.id, { attempt, confirmed: false, released: false });
  }
  const found: Violation[] = [];
  for (const attempt of attempts) {
    const grant = acked.get(attempt.id);
    if (grant === undefined) continue;
    if (attempt.verb === 'confirm' && attempt.type === 'ok') grant.confirmed = true;
    if (attempt.verb === 'release' && attempt.type === 'ok') grant.released = true;
    if (attempt.outcome === 'RESERVATION_UNKNOWN') {
      found.push(broken(attempt.id, `${attempt.verb} #${attempt.n} did not find the grant`));
    }
  }
  const rows = new Map<string, ReservationRow[]>();
  for (const row of end.reservations) rows.set(row.id, [...(rows.get(row.id) ?? []), row]);
  for (const grant of acked.values()) found.push(...compare(grant, rows.get(grant.attempt.id)));
  return found;
}

function compare(grant: Acked, rows: readonly ReservationRow[] | undefined): Violation[] {
  const { attempt, confirmed, released } = grant;
  const { id, lines, boundOrderId, n } = attempt;
  if (rows === undefined) return [broken(id, `granted by #${n}, but there is no row`)];
  return lines.flatMap((line) => {
    const row = rows.find((one) => one.skuId === line.skuId);
    if (row === undefined) return [broken(id, `granted by #${n}, but not its ${line.skuId}`)];
    const wrong: string[] = [];
    if (row.quantity !== line.quantity) wrong.push(`${row.quantity} units`);
    if (row.orderId !== boundOrderId) wrong.push(`order ${row.orderId}, told ${boundOrderId}`);
    if (confirmed && row.state !== 'CONFIRMED') wrong.push(`confirmed, but ${row.state}`);
    if (released && !confirmed && row.state !== 'RELEASED') {
      wrong.push(`released, but ${row.state}`);
    }
    if (confirmed && released) wrong.push('both confirmed and released');
    return wrong.map((what) => broken(id, `granted by #${n}: ${line.skuId} has ${what}`));
  });
}

function broken(subject: string, detail: string): Violation {
  return { invariant: 'I2', subject, detail };
}
