// Finds reservations whose hold has ended, by the database's clock. Whoever finds them pushes them
// ahead in the same transaction, so that two processes do not ask about the same ones.

import type { MysqlServer } from '../../../platform/mysql/connect.js';
import { inShards } from '../../../platform/mysql/in-shards.js';
import { NOW_MS } from '../../../platform/mysql/time.js';
import { type Tx, transact } from '../../../platform/mysql/transaction.js';
import type { DueHold } from '../../app/ports.js';
import { readParts } from './rows.js';

/** Long enough to ask the order service and to close; then somebody else tries. */
const CLAIM_MS = 5_000;

export async function claimDueHolds(
  server: MysqlServer,
  limit: number,
  o: { deadlineMs: number },
): Promise<DueHold[]> {
  return transact(server, { name: 'due holds', deadlineMs: o.deadlineMs }, async (tx) => {
    const due = await tx.rows<{ shard_no: number; reservation_id: string; order_id: string }>(
      `SELECT shard_no, reservation_id, order_id FROM reservation
       WHERE hold_until_ms <= ${NOW_MS} ORDER BY hold_until_ms LIMIT ? FOR UPDATE SKIP LOCKED`,
      [limit],
    );
    if (due.length === 0) return [];
    const where = inShards(
      'reservation_id',
      due.map((row) => [row.shard_no, row.reservation_id] as const),
    );
    await tx.change(
      `UPDATE reservation SET hold_until_ms = ${NOW_MS} + ? WHERE ${where.sql}
       AND hold_until_ms IS NOT NULL`,
      [CLAIM_MS, ...where.values],
    );
    const parts = await readParts(tx, where);
    return [...parts.values()].map((part) => ({
      partition: part.partition,
      reservationId: part.reservationId,
      orderId: part.orderId,
      skuIds: part.lines.map((line) => line.skuId),
    }));
  });
}

export async function extendHolds(
  server: MysqlServer,
  holds: readonly { hold: DueHold; untilMs: number }[],
  o: { deadlineMs: number },
): Promise<void> {
  await transact(server, { name: 'extend holds', deadlineMs: o.deadlineMs }, async (tx) => {
    for (const [untilMs, group] of groupByUntil(holds)) await extend(tx, group, untilMs);
  });
}

async function extend(tx: Tx, group: readonly DueHold[], untilMs: number): Promise<void> {
  const where = inShards(
    'reservation_id',
    group.map((hold) => [hold.partition, hold.reservationId] as const),
  );
  // A hold that was closed meanwhile stays closed.
  await tx.change(
    `UPDATE reservation SET hold_until_ms = ? WHERE ${where.sql} AND hold_until_ms IS NOT NULL`,
    [untilMs, ...where.values],
  );
}

// Whole seconds, rounded up: thousands of holds of one sale become a handful of statements.
function groupByUntil(
  holds: readonly { hold: DueHold; untilMs: number }[],
): Map<number, DueHold[]> {
  const groups = new Map<number, DueHold[]>();
  for (const { hold, untilMs } of holds) {
    const second = Math.ceil(untilMs / 1000) * 1000;
    const group = groups.get(second);
    if (group === undefined) groups.set(second, [hold]);
    else group.push(hold);
  }
  return groups;
}
