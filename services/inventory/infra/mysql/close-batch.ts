// One batch of closings on one server: confirm, release, return and bar, in one transaction that
// decides by the pure rules of domain/close.ts.

import { crashPoint } from '../../../platform/crash-point.js';
import type { MysqlServer } from '../../../platform/mysql/connect.js';
import { inShards } from '../../../platform/mysql/in-shards.js';
import { type Tx, transact } from '../../../platform/mysql/transaction.js';
import {
  type CloseDecision,
  type CloseOutcome,
  type Closing,
  decideClose,
  type Refund,
} from '../../domain/close.js';
import { ReservationState } from '../../domain/reservation.js';
import type { StockChange } from '../../domain/stock.js';
import { insertReturns, readReturns } from './return-rows.js';
import { applyDeltas, insertLedger, lockStocks, moveBuyers, readParts } from './rows.js';

export interface CloseResult {
  readonly outcomes: CloseOutcome[];
  /** To be given back to the gate, now that it is committed. */
  readonly refunds: Refund[];
  readonly changes: StockChange[];
}

export async function closeBatch(
  server: MysqlServer,
  closings: readonly Closing[],
  o: { deadlineMs: number },
): Promise<CloseResult> {
  // A tombstone may collide with a reserve that commits at the same time: read again and decide anew.
  return transact(
    server,
    { name: 'close', deadlineMs: o.deadlineMs, duplicateKeyRetries: true },
    async (tx) => {
      const skus = closings.flatMap((c) => c.skuIds.map((sku) => [c.partition, sku] as const));
      const { stocks, nowMs } = await lockStocks(tx, skus);
      const keys = closings.map((c) => [c.partition, c.reservationId] as const);
      const held = await readParts(tx, inShards('reservation_id', keys));
      const returns = await readReturns(tx, closings);
      const decision = decideClose({ stocks, held, closings, returns });
      await write(tx, decision, nowMs);
      crashPoint('close.before-commit');
      const { outcomes, refunds, moves } = decision;
      return { outcomes, refunds, changes: moves.changes };
    },
  );
}

async function write(tx: Tx, decision: CloseDecision, nowMs: number): Promise<void> {
  await insertTombstones(tx, decision.tombstones);
  await insertReturns(tx, decision.returns);
  for (const state of [
    ReservationState.CONFIRMED,
    ReservationState.RELEASED,
    ReservationState.RETURNED,
  ]) {
    const parts = decision.changed.filter((change) => change.state === state);
    if (parts.length === 0) continue;
    const where = inShards(
      'reservation_id',
      parts.map(({ part }) => [part.partition, part.reservationId] as const),
    );
    await tx.change(`UPDATE reservation SET state = ?, hold_until_ms = NULL WHERE ${where.sql}`, [
      state,
      ...where.values,
    ]);
  }
  if (decision.moves.ledger.length === 0) return;
  insertLedger(tx, decision.moves.ledger, nowMs);
  moveBuyers(tx, '-', returnedByBuyers(decision));
  await applyDeltas(tx, decision.moves.deltas);
}

async function insertTombstones(tx: Tx, tombstones: readonly Closing[]): Promise<void> {
  if (tombstones.length === 0) return;
  await tx.change(
    `INSERT INTO reservation (shard_no, reservation_id, line_no, sku_id, order_id, user_id,
     fingerprint, quantity, limited, state, epoch, hold_until_ms) VALUES ?`,
    [
      tombstones.map((closing) => [
        closing.partition,
        closing.reservationId,
        0,
        '',
        closing.orderId,
        '',
        '',
        0,
        0,
        ReservationState.RELEASED,
        0,
        null,
      ]),
    ],
  );
}

function returnedByBuyers(
  decision: CloseDecision,
): { partition: number; skuId: string; userId: string; units: number }[] {
  return decision.refunds
    .filter((refund) => refund.buyerId !== '')
    .map((refund) => ({
      partition: refund.partition,
      skuId: refund.skuId,
      userId: refund.buyerId,
      units: refund.quantity,
    }));
}
