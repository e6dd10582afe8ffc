// Stock against its own history, per SKU: total = available + reserved + sold, none negative, the
// reservations and restocks sum up to it, the ledger has no gap and ends at what is available.
// All of it lies on one server, so one snapshot proves it exactly, however busy the sale is.
import type { Book } from './books.js';
import { readLedger } from './ledger-walk.js';
import { type Problem, problem } from './problem.js';

/** One SKU: its row, and what its history says it must be. */
export interface StockRow {
  readonly shard: number;
  readonly skuId: string;
  readonly epoch: number;
  readonly version: number;
  readonly available: number;
  readonly reserved: number;
  readonly sold: number;
  readonly total: number;
  /** Units of RESERVED and of CONFIRMED reservations. */
  readonly held: number;
  readonly confirmed: number;
  readonly restocked: number;
  readonly entries: number;
  /** `after` of the newest entry; undefined when there is none. */
  readonly lastAfter: number | undefined;
  /** Entries that do not begin where the one before ended, or have none before them. */
  readonly broken: number;
  /** Chunks whose text cannot be read, or says other numbers than their row. */
  readonly damaged: number;
  /** Lines of reservations whose returns do not sum up to what they say came back. */
  readonly misreturned: number;
  /** Buyers of a limited SKU whose count is not what they hold and have bought. */
  readonly miscounted: number;
}

export function checkStock(row: StockRow): Problem[] {
  const found: Problem[] = [];
  const say = (kind: 'STOCK' | 'LEDGER', detail: string, units = 0) =>
    found.push(problem(kind, row.skuId, detail, units));
  const { available, reserved, sold, total } = row;
  if (total !== available + reserved + sold) {
    say(
      'STOCK',
      `total ${total} is not ${available} available + ${reserved} reserved + ${sold} sold`,
    );
  }
  for (const name of ['available', 'reserved', 'sold', 'total'] as const) {
    if (row[name] < 0) say('STOCK', `${name} is negative: ${row[name]}`);
  }
  if (reserved !== row.held) {
    say('STOCK', `${reserved} reserved, but reservations hold ${row.held}`, reserved - row.held);
  }
  if (sold !== row.confirmed) {
    say('STOCK', `${sold} sold, but reservations confirm ${row.confirmed}`, sold - row.confirmed);
  }
  if (total !== row.restocked)
    say('STOCK', `total ${total}, but restocks sum up to ${row.restocked}`);
  if (row.misreturned > 0) {
    say('STOCK', `${row.misreturned} reservations say other units came back than their returns`);
  }
  if (row.miscounted > 0) {
    say('STOCK', `${row.miscounted} buyers are counted with other units than they hold`);
  }
  if (row.entries !== row.version) {
    say('LEDGER', `version ${row.version}, but ${row.entries} ledger entries`);
  }
  if (row.version > 0 && row.lastAfter !== available) {
    say(
      'LEDGER',
      `the ledger ends at ${row.lastAfter ?? 'nothing'}, but ${available} are available`,
    );
  }
  if (row.broken > 0) say('LEDGER', `${row.broken} ledger entries do not follow the one before`);
  if (row.damaged > 0) say('LEDGER', `${row.damaged} chunks of the ledger contradict themselves`);
  return found;
}

/** Reads every SKU of one server. Grows with the SKUs, not with the orders. */
export async function readStock(book: Book): Promise<StockRow[]> {
  const db = book.database('inventory');
  const rows = new Map<string, StockRow>();
  const skus = await book.rows<Record<string, string | number>>(`
    SELECT shard_no, sku_id, epoch, version, available, reserved, sold, total FROM ${db}.stock`);
  for (const sku of skus) rows.set(keyOf(sku), stockRow(sku));
  const sums = await Promise.all([
    book.rows<Sums>(`
      SELECT shard_no, sku_id, SUM(IF(state = 1, quantity, 0)) AS held,
             SUM(IF(state = 2, quantity - COALESCE(returned, 0), 0)) AS confirmed
      FROM ${db}.reservation WHERE sku_id <> '' GROUP BY shard_no, sku_id`),
    book.rows<Sums>(`
      SELECT shard_no, sku_id, SUM(delta) AS restocked
      FROM ${db}.restock GROUP BY shard_no, sku_id`),
    book.rows<Sums>(`
      SELECT r.shard_no, r.sku_id, COUNT(*) AS misreturned
      FROM ${db}.reservation r LEFT JOIN (
        SELECT shard_no, reservation_id, sku_id, SUM(quantity) AS units
        FROM ${db}.reservation_return GROUP BY shard_no, reservation_id, sku_id
      ) back ON back.shard_no = r.shard_no AND back.reservation_id = r.reservation_id
        AND back.sku_id = r.sku_id
      WHERE COALESCE(r.returned, 0) <> COALESCE(back.units, 0)
         OR r.returned > r.quantity
      GROUP BY r.shard_no, r.sku_id`),
    book.rows<Sums>(`
      SELECT shard_no, sku_id, COUNT(*) AS miscounted FROM (
        SELECT shard_no, sku_id, user_id FROM (
          SELECT shard_no, sku_id, user_id, units FROM ${db}.buyer
          UNION ALL SELECT shard_no, sku_id, user_id, COALESCE(returned, 0) - quantity
          FROM ${db}.reservation
          WHERE limited = 1 AND state IN (1, 2) AND sku_id <> ''
        ) AS movement GROUP BY shard_no, sku_id, user_id HAVING SUM(units) <> 0
      ) AS buyer_off GROUP BY shard_no, sku_id`),
  ]);
  for (const sum of sums.flat()) addSum(rows, sum);
  for (const sum of await readLedger(book)) addSum(rows, { ...sum });
  return [...rows.values()];
}

type Sums = Record<string, string | number> & { shard_no: number; sku_id: string };

/** History without a stock row becomes a row of zeros, which the check then contradicts. */
function addSum(rows: Map<string, StockRow>, sum: Sums): void {
  const before = rows.get(keyOf(sum)) ?? stockRow({ shard_no: sum.shard_no, sku_id: sum.sku_id });
  const { shard_no: _shard, sku_id: _sku, ...values } = sum;
  const numbers = Object.entries(values).map(([name, value]) => [name, Number(value)]);
  rows.set(keyOf(sum), { ...before, ...Object.fromEntries(numbers) });
}

function keyOf(row: Record<string, string | number>): string {
  return `${row['shard_no']} ${row['sku_id']}`;
}

function stockRow(row: Record<string, string | number | null>): StockRow {
  const number = (name: string) => Number(row[name] ?? 0);
  return {
    shard: number('shard_no'),
    skuId: String(row['sku_id']),
    epoch: number('epoch'),
    version: number('version'),
    available: number('available'),
    reserved: number('reserved'),
    sold: number('sold'),
    total: number('total'),
    held: 0,
    confirmed: 0,
    restocked: 0,
    entries: 0,
    lastAfter: undefined,
    broken: 0,
    damaged: 0,
    misreturned: 0,
    miscounted: 0,
  };
}
