// Reads what the databases hold of one case's SKUs when everything has come to rest: each server in one
// snapshot, with the auditor's own reader where it has one.

import { type Book, withBooks } from '../audit/books.js';
import { checkDrift, readGate } from '../audit/drift-check.js';
import { type ChunkRow, movesOf } from '../audit/ledger-walk.js';
import { readStock, type StockRow } from '../audit/stock-check.js';
import { DATABASE_PREFIX, type Environment } from './environment.js';
import type { EndState, LedgerReason, LedgerRow, ReservationRow, RestockRow } from './evidence.js';

/** What a case sold, and the beginning of all its reservation ids. */
export interface Scope {
  readonly skuIds: readonly string[];
  readonly tag: string;
}

export async function readEndState(env: Environment, scope: Scope): Promise<EndState> {
  const books = { mysqlUrls: env.mysql.urls, databasePrefix: DATABASE_PREFIX };
  const states = await withBooks(books, (open) =>
    Promise.all(open.map((book) => read(book, scope))),
  );
  return {
    stocks: states.flatMap((state) => state.stocks),
    reservations: states.flatMap((state) => state.reservations),
    ledger: states.flatMap((state) => state.ledger),
    restocks: states.flatMap((state) => state.restocks),
  };
}

export interface Level {
  readonly skuId: string;
  readonly available: number;
  readonly reserved: number;
  /** What Redis and MySQL differ by; undefined when they agree. */
  readonly drift: string | undefined;
}

/** What there is of each SKU now, and whether Redis agrees. Cheap enough to be asked often. */
export async function readLevels(env: Environment, skuIds: readonly string[]): Promise<Level[]> {
  const books = { mysqlUrls: env.mysql.urls, databasePrefix: DATABASE_PREFIX };
  const stocks = await withBooks(books, async (open) =>
    (await Promise.all(open.map((book) => readRows(book, skuIds)))).flat(),
  );
  const gate = await readGate(env.redisUrl(), stocks).catch((error: Error) => error);
  return stocks.map((stock) => {
    const { skuId, available, reserved } = stock;
    // Redis that cannot be read, for junk in its keys, agrees with nothing.
    const drift =
      gate instanceof Error ? gate.message : checkDrift(stock, gate.get(stock))[0]?.detail;
    return { skuId, available, reserved, drift };
  });
}

/** The rows alone, without the sums over their history. */
async function readRows(book: Book, skuIds: readonly string[]): Promise<StockRow[]> {
  const rows = await book.rows<Record<string, string>>(
    `SELECT shard_no, sku_id, epoch, version, available, reserved, sold, total
     FROM ${book.database('inventory')}.stock WHERE sku_id IN (?)`,
    [skuIds],
  );
  return rows.map((row) => ({
    shard: Number(row['shard_no']),
    skuId: String(row['sku_id']),
    epoch: Number(row['epoch']),
    version: Number(row['version']),
    available: Number(row['available']),
    reserved: Number(row['reserved']),
    sold: Number(row['sold']),
    total: Number(row['total']),
    held: 0,
    confirmed: 0,
    restocked: 0,
    entries: 0,
    lastAfter: undefined,
    broken: 0,
    damaged: 0,
    misreturned: 0,
    miscounted: 0,
  }));
}

const STATES: Record<string, ReservationRow['state']> = {
  1: 'RESERVED',
  2: 'CONFIRMED',
  3: 'RELEASED',
  4: 'RETURNED',
};
const REASONS: Record<number, LedgerReason> = {
  1: 'RESTOCK',
  2: 'RESERVE',
  3: 'RELEASE',
  4: 'CONFIRM',
  5: 'RETURN',
};

async function read(book: Book, { skuIds, tag }: Scope): Promise<EndState> {
  const db = book.database('inventory');
  const [stocks, reservations, ledger, restocks] = await Promise.all([
    readStock(book),
    // By id, because a tombstone names no SKU.
    book.rows<Record<string, string>>(
      `SELECT reservation_id, sku_id, order_id, quantity, state, epoch
       FROM ${db}.reservation WHERE reservation_id LIKE ?`,
      [`${tag}-%`],
    ),
    book.rows<ChunkRow>(`SELECT sku_id, entry, moves FROM ${db}.ledger_chunk WHERE sku_id IN (?)`, [
      skuIds,
    ]),
    book.rows<Record<string, string>>(
      `SELECT request_id, sku_id, delta FROM ${db}.restock WHERE sku_id IN (?)`,
      [skuIds],
    ),
  ]);
  return {
    stocks: stocks.filter((stock) => skuIds.includes(stock.skuId)),
    reservations: reservations.map(reservationRow),
    ledger: ledger.flatMap(ledgerRows),
    restocks: restocks.map(restockRow),
  };
}

function reservationRow(row: Record<string, string>): ReservationRow {
  return {
    id: String(row['reservation_id']),
    skuId: String(row['sku_id']),
    orderId: String(row['order_id']),
    quantity: Number(row['quantity']),
    state: STATES[String(row['state'])] ?? 'RETURNED',
    epoch: Number(row['epoch']),
  };
}

/** Of a text that cannot be read the stock's own check tells. */
function ledgerRows({ sku_id: skuId, entry, moves }: ChunkRow): LedgerRow[] {
  return (movesOf(moves) ?? []).map(({ reason, causeId }, i) => {
    return { skuId, entry: Number(entry) + i, reason: REASONS[reason] ?? 'RESTOCK', causeId };
  });
}

function restockRow(row: Record<string, string>): RestockRow {
  return {
    id: String(row['request_id']),
    skuId: String(row['sku_id']),
    delta: Number(row['delta']),
  };
}
