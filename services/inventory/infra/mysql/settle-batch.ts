// One settle batch on one server: one transaction that locks the stock rows, decides by the pure rules
// of domain/settle.ts, and writes reservations, ledger, buyers and stock.
//
// A batch of fresh grants is tried without reading the reservations first: nearly always none is
// there. A duplicate key rolls the whole batch back and it is done again with the read, and so is a
// batch in which anything was refused, because a known request outranks every refusal.

import { crashPoint } from '../../../platform/crash-point.js';
import type { MysqlServer } from '../../../platform/mysql/connect.js';
import { inShards } from '../../../platform/mysql/in-shards.js';
import { insertRows, type Table } from '../../../platform/mysql/insert-rows.js';
import { type Tx, transact } from '../../../platform/mysql/transaction.js';
import {
  type Grant,
  type HeldPart,
  ReservationState,
  type SettleResult,
} from '../../domain/reservation.js';
import { buyerKey, decideSettle, type SettleDecision } from '../../domain/settle.js';
import type { StockChange } from '../../domain/stock.js';
import { applyDeltas, insertLedger, lockStocks, moveBuyers, readParts } from './rows.js';

export interface SettleOptions {
  readonly deadlineMs: number;
  /** How long a reservation is held before inventory asks what became of its order. */
  readonly holdMs: number;
}

export async function settleBatch(
  server: MysqlServer,
  grants: readonly Grant[],
  o: SettleOptions,
): Promise<{ results: SettleResult[]; changes: StockChange[] }> {
  let runs = 0;
  const fresh = grants.every((grant) => grant.fresh.every(Boolean));
  return transact(
    server,
    { name: 'settle', deadlineMs: o.deadlineMs, duplicateKeyRetries: true },
    async (tx) => {
      crashPoint('settle.begin');
      const blind = fresh && runs++ === 0;
      let { decision, nowMs } = await decide(tx, grants, blind);
      if (blind && decision.admitted.length < grants.length) {
        ({ decision, nowMs } = await decide(tx, grants, false));
      }
      if (decision.admitted.length > 0) await write(tx, decision, nowMs, o.holdMs);
      crashPoint('settle.before-commit');
      return { results: decision.results, changes: decision.moves.changes };
    },
  );
}

async function decide(
  tx: Tx,
  grants: readonly Grant[],
  blind: boolean,
): Promise<{ decision: SettleDecision; nowMs: number }> {
  const skus = grants.flatMap((g) => g.lines.map((line) => [g.partition, line.skuId] as const));
  const { stocks, nowMs } = await lockStocks(tx, skus);
  crashPoint('settle.locked');
  const keys = grants.map((grant) => [grant.partition, grant.reservationId] as const);
  const held: ReadonlyMap<string, HeldPart> = blind
    ? new Map()
    : await readParts(tx, inShards('reservation_id', keys));
  const bought = await readBuyers(tx, grants);
  return { decision: decideSettle({ stocks, held, bought, grants }), nowMs };
}

async function readBuyers(tx: Tx, grants: readonly Grant[]): Promise<Map<string, number>> {
  const limited = grants.flatMap((grant) =>
    grant.lines.filter((line) => line.userLimit > 0).map((line) => ({ grant, line })),
  );
  if (limited.length === 0) return new Map();
  const bySku = inShards(
    'sku_id',
    limited.map(({ grant, line }) => [grant.partition, line.skuId] as const),
  );
  const users = [...new Set(limited.map(({ grant }) => grant.userId))];
  const records = await tx.rows<{ sku_id: string; user_id: string; units: string }>(
    `SELECT sku_id, user_id, units FROM buyer WHERE ${bySku.sql} AND user_id IN (?)`,
    [...bySku.values, users],
  );
  return new Map(records.map((r) => [buyerKey(r.sku_id, r.user_id), Number(r.units)]));
}

async function write(
  tx: Tx,
  decision: SettleDecision,
  nowMs: number,
  holdMs: number,
): Promise<void> {
  const rows = decision.admitted.flatMap((grant) =>
    grant.lines.map((line, lineNo) => [
      grant.partition,
      grant.reservationId,
      lineNo,
      line.skuId,
      grant.orderId,
      grant.userId,
      grant.fingerprint,
      line.quantity,
      line.userLimit > 0 ? 1 : 0,
      ReservationState.RESERVED,
      grant.epochs[lineNo] ?? 0,
      nowMs + holdMs,
    ]),
  );
  // The reservations first: a tombstone that is being written right now makes this line wait.
  await insertRows(tx, RESERVATION, rows);
  crashPoint('settle.inserted');
  insertLedger(tx, decision.moves.ledger, nowMs);
  moveBuyers(tx, '+', decision.buyers);
  await applyDeltas(tx, decision.moves.deltas);
}

const RESERVATION: Table = {
  name: 'reservation',
  columns: [
    ['shard_no'],
    ['reservation_id'],
    ['line_no', 0],
    ['sku_id'],
    ['order_id'],
    ['user_id'],
    ['fingerprint'],
    ['quantity', 1],
    ['limited', 0],
    ['state', ReservationState.RESERVED],
    ['epoch'],
    ['hold_until_ms'],
  ],
};
