// SQL that more than one transaction of the book needs: locking stock, reading parts, applying moves.

import { assert } from '../../../platform/assert.js';
import type { MysqlServer } from '../../../platform/mysql/connect.js';
import { inShards, type Where } from '../../../platform/mysql/in-shards.js';
import { insertRowsLater, type Table } from '../../../platform/mysql/insert-rows.js';
import { NOW_MS } from '../../../platform/mysql/time.js';
import { read, type SqlParameter, type Tx } from '../../../platform/mysql/transaction.js';
import { type HeldPart, partKey, type ReservationState } from '../../domain/reservation.js';
import type { LedgerEntry, StockDelta, StockRow } from '../../domain/stock.js';
import { chunksOf } from './ledger-chunk.js';

interface Query {
  rows<T>(sql: string, values?: readonly SqlParameter[]): Promise<T[]>;
}

export interface StockRecord {
  shard_no: number;
  sku_id: string;
  epoch: string;
  version: string;
  available: string;
  reserved: string;
  sold: string;
  total: string;
}

export function stockRow(record: StockRecord): StockRow {
  return {
    partition: record.shard_no,
    skuId: record.sku_id,
    epoch: Number(record.epoch),
    version: Number(record.version),
    available: Number(record.available),
    reserved: Number(record.reserved),
    sold: Number(record.sold),
    total: Number(record.total),
  };
}

export const STOCK_COLUMNS =
  'shard_no, sku_id, epoch, version, available, reserved, sold, total' as const;

export async function readStocks(
  server: MysqlServer,
  skus: readonly (readonly [number, string])[],
  o: { deadlineMs: number },
): Promise<StockRow[]> {
  const where = inShards('sku_id', skus);
  const sql = `SELECT ${STOCK_COLUMNS} FROM stock WHERE ${where.sql}`;
  return (await read<StockRecord>(server, o, sql, where.values)).map(stockRow);
}

/** Locks the stock rows in key order, so that two transactions never wait for each other. */
export async function lockStocks(
  tx: Tx,
  skus: Iterable<readonly [number, string]>,
): Promise<{ stocks: Map<string, StockRow>; nowMs: number }> {
  const where = inShards('sku_id', skus);
  const records = await tx.rows<StockRecord & { now_ms: string }>(
    `SELECT ${STOCK_COLUMNS}, ${NOW_MS} AS now_ms FROM stock WHERE ${where.sql}
     ORDER BY shard_no, sku_id FOR UPDATE`,
    where.values,
  );
  const stocks = new Map(records.map((record) => [record.sku_id, stockRow(record)]));
  const [first] = records;
  return { stocks, nowMs: first === undefined ? await readNowMs(tx) : Number(first.now_ms) };
}

export async function readNowMs(query: Query): Promise<number> {
  const [row] = await query.rows<{ now_ms: string }>(`SELECT ${NOW_MS} AS now_ms`);
  assert(row !== undefined, 'SELECT without FROM answers one row');
  return Number(row.now_ms);
}

interface ReservationRecord {
  shard_no: number;
  reservation_id: string;
  sku_id: string;
  order_id: string;
  user_id: string;
  fingerprint: string;
  quantity: number;
  limited: number;
  returned: number | null;
  state: number;
  hold_until_ms: string | null;
}

/** Reads parts by key. Their state is stable while the caller holds the locks of their stock. */
export async function readParts(
  query: Query,
  where: Where,
): Promise<Map<string, HeldPart & { holdUntilMs: number }>> {
  const records = await query.rows<ReservationRecord>(
    `SELECT shard_no, reservation_id, sku_id, order_id, user_id, fingerprint, quantity, limited,
     returned, state, hold_until_ms FROM reservation WHERE ${where.sql}
     ORDER BY shard_no, reservation_id, line_no`,
    where.values,
  );
  const parts = new Map<string, HeldPart & { holdUntilMs: number }>();
  for (const record of records) {
    const part = partOf(record);
    const known = parts.get(partKey(part));
    if (known === undefined) parts.set(partKey(part), part);
    else (known.lines as HeldPart['lines'][number][]).push(...part.lines);
  }
  return parts;
}

function partOf(record: ReservationRecord): HeldPart & { holdUntilMs: number } {
  const { sku_id: skuId, quantity } = record;
  const line = { skuId, quantity, limited: record.limited === 1, returned: record.returned ?? 0 };
  return {
    partition: record.shard_no,
    reservationId: record.reservation_id,
    orderId: record.order_id,
    userId: record.user_id,
    fingerprint: record.fingerprint,
    state: record.state as ReservationState,
    lines: skuId === '' ? [] : [line],
    holdUntilMs: Number(record.hold_until_ms ?? 0),
  };
}

/** Applies the moves of one transaction: one statement, bound and epoch checked in SQL. */
export async function applyDeltas(tx: Tx, deltas: readonly StockDelta[]): Promise<void> {
  const values: SqlParameter[] = [];
  const column = (name: 'available' | 'reserved' | 'sold' | 'total' | 'entries'): string => {
    for (const delta of deltas) values.push(delta.skuId, delta[name]);
    return `CASE sku_id ${deltas.map(() => 'WHEN ? THEN ?').join(' ')} END`;
  };
  const assignments = [
    `available = available + ${column('available')}`,
    `reserved = reserved + ${column('reserved')}`,
    `sold = sold + ${column('sold')}`,
    `total = total + ${column('total')}`,
    `version = version + ${column('entries')}`,
  ];
  const conditions = deltas.map((delta) => {
    values.push(delta.partition, delta.skuId, delta.epoch, -delta.available);
    return '(shard_no = ? AND sku_id = ? AND epoch = ? AND available >= ?)';
  });
  const changed = await tx.change(
    `UPDATE stock SET ${assignments.join(', ')} WHERE ${conditions.join(' OR ')}`,
    values,
  );
  assert(changed === deltas.length, `stock moved in ${changed} rows instead of ${deltas.length}`);
}

const LEDGER_CHUNK: Table = {
  name: 'ledger_chunk',
  columns: [
    ['shard_no'],
    ['sku_id'],
    ['entry'],
    ['entries'],
    ['before_units'],
    ['after_units'],
    ['at_ms'],
    ['moves'],
  ],
};

/** With the next statement, which is the one that moves the stock. */
export function insertLedger(tx: Tx, entries: readonly LedgerEntry[], nowMs: number): void {
  const rows = chunksOf(entries).map((chunk) => [
    chunk.partition,
    chunk.skuId,
    chunk.entry,
    chunk.entries,
    chunk.before,
    chunk.after,
    nowMs,
    chunk.moves,
  ]);
  insertRowsLater(tx, LEDGER_CHUNK, rows);
}

/**
 * Adds to (`+`) or takes from (`-`) what users hold or have bought of SKUs with a limit. Taking
 * needs no row of its own: what is given back was counted when it was reserved.
 */
export function moveBuyers(
  tx: Tx,
  sign: '+' | '-',
  buyers: readonly { partition: number; skuId: string; userId: string; units: number }[],
): void {
  if (buyers.length === 0) return;
  tx.changeLater(
    `INSERT INTO buyer (shard_no, sku_id, user_id, units) VALUES ?
     ON DUPLICATE KEY UPDATE units = units ${sign} VALUES(units)`,
    [buyers.map((b) => [b.partition, b.skuId, b.userId, b.units])],
  );
}
