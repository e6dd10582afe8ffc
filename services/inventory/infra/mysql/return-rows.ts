// How returns of lines lie in their table, and what they say to the lines of the reservation.

import { inShards } from '../../../platform/mysql/in-shards.js';
import type { Tx } from '../../../platform/mysql/transaction.js';
import type { Closing } from '../../domain/close.js';
import {
  type KnownReturns,
  type NewReturn,
  type ReturnedLine,
  returnKey,
} from '../../domain/return-lines.js';

/** Stable while the caller holds the locks of the stock. Most closings return no lines. */
export async function readReturns(tx: Tx, closings: readonly Closing[]): Promise<KnownReturns> {
  const known = new Map<string, ReturnedLine[]>();
  const asked = closings.filter((closing) => closing.back !== undefined);
  if (asked.length === 0) return known;
  const where = inShards('reservation_id', asked.map(keyOf));
  const rows = await tx.rows<{
    shard_no: number;
    reservation_id: string;
    return_id: string;
    sku_id: string;
    quantity: number;
  }>(
    `SELECT shard_no, reservation_id, return_id, sku_id, quantity
     FROM reservation_return WHERE ${where.sql}`,
    where.values,
  );
  for (const row of rows) {
    const part = { partition: row.shard_no, reservationId: row.reservation_id };
    const key = returnKey(part, row.return_id);
    const line = { skuId: row.sku_id, quantity: row.quantity };
    known.set(key, [...(known.get(key) ?? []), line]);
  }
  return known;
}

export async function insertReturns(tx: Tx, returns: readonly NewReturn[]): Promise<void> {
  if (returns.length === 0) return;
  await tx.change(
    `INSERT INTO reservation_return (shard_no, reservation_id, return_id, sku_id, quantity)
     VALUES ?`,
    [
      returns.flatMap(({ partition, reservationId, returnId, lines }) =>
        lines.map(({ skuId, quantity }) => [partition, reservationId, returnId, skuId, quantity]),
      ),
    ],
  );
  // The sum and not a step: whatever came back in one batch, the line says what its returns say.
  const where = inShards('reservation_id', returns.map(keyOf));
  await tx.change(
    `UPDATE reservation SET returned = (
       SELECT SUM(back.quantity) FROM reservation_return back
       WHERE back.shard_no = reservation.shard_no
         AND back.reservation_id = reservation.reservation_id
         AND back.sku_id = reservation.sku_id)
     WHERE ${where.sql}`,
    where.values,
  );
}

function keyOf(part: { partition: number; reservationId: string }) {
  return [part.partition, part.reservationId] as const;
}
