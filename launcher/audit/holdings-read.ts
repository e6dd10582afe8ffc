// Orders against reservations, read within bounded memory from any number of servers. They cannot
// be joined in SQL: orders lie where their buyers hash to, reservations where their SKUs do. So:
// 1. Each server folds its lines into 4,096 buckets by order id: a count and the XOR of a digest of
//    (order, SKU, quantity, hold). Equal buckets hold equal lines; in a quiet mesh all are equal,
//    and the comparison of a million orders is two scans and 4,096 numbers.
// 2. Only the lines of unequal buckets are fetched, a bounded number at a time, and compared one by
//    one.
// The digest is 64 bits of MD5. CRC32 would not do: it is linear, so that swapped lines cancel out.
import { type Book, countsHere } from './books.js';
import { compareHoldings, type HeldLine, type HoldingsFound, type OrderLine } from './holdings.js';
import { DEPOSIT_PAID, PRESALE_TYPE } from './presale.js';
import { PROBLEM_KINDS, type Problem, problem } from './problem.js';

const BUCKETS = 4096;
/** Lines in memory at a time, both sides together: about 100 MB of objects. */
const LINES_MAX = 200_000;
/** Problems that are kept one by one: about 20 MB. Of what goes beyond, the sums are kept. */
const PROBLEMS_MAX = 50_000;

export interface Bucket {
  lines: number;
  digest: bigint;
}
export type Fold = Map<number, Bucket>;

export interface HoldingsRead extends HoldingsFound {
  readonly orderLines: number;
  readonly heldLines: number;
}

export async function readHoldings(books: readonly Book[], nowMs: number): Promise<HoldingsRead> {
  const [promised, held] = await Promise.all([
    foldAll(books, foldOrdersSql),
    foldAll(books, foldReservationsSql),
  ]);
  let problems: Problem[] = [];
  let inFlightUnits = 0;
  for (const buckets of suspectChunks(promised, held, LINES_MAX)) {
    const [orderLines, heldLines] = await Promise.all([
      readAll(books, (book) => readOrderLines(book, buckets)),
      readAll(books, (book) => readHeldLines(book, buckets)),
    ]);
    const found = compareHoldings(orderLines, heldLines, nowMs);
    problems = boundProblems([...problems, ...found.problems], PROBLEMS_MAX);
    inFlightUnits += found.inFlightUnits;
  }
  const orderLines = linesOf(promised);
  return { problems, inFlightUnits, orderLines, heldLines: linesOf(held) };
}

/** Beyond `max`, one problem per kind stands for all further ones and has their units. */
export function boundProblems(problems: Problem[], max: number): Problem[] {
  if (problems.length <= max) return problems;
  const beyond = problems.slice(max);
  const sums = PROBLEM_KINDS.flatMap((kind) => {
    const more = beyond.filter((found) => found.kind === kind);
    const units = more.reduce((sum, found) => sum + found.units, 0);
    return more.length === 0 ? [] : [problem(kind, MORE, `${units} units in all`, units)];
  });
  return [...problems.slice(0, max), ...sums];
}

const MORE = 'further orders, too many to list,';

/** The buckets that differ, in groups whose lines fit into memory together. */
export function suspectChunks(promised: Fold, held: Fold, linesMax: number): number[][] {
  const chunks: number[][] = [];
  let chunk: number[] = [];
  let chunkLines = 0;
  for (let bucket = 0; bucket < BUCKETS; bucket++) {
    const [a, b] = [promised.get(bucket), held.get(bucket)];
    if (a?.lines === b?.lines && a?.digest === b?.digest) continue;
    const lines = (a?.lines ?? 0) + (b?.lines ?? 0);
    if (chunk.length > 0 && chunkLines + lines > linesMax) {
      chunks.push(chunk);
      chunk = [];
      chunkLines = 0;
    }
    chunk.push(bucket);
    chunkLines += lines;
  }
  if (chunk.length > 0) chunks.push(chunk);
  return chunks;
}

interface FoldRow {
  bucket: string | number;
  line_count: string | number;
  digest: string | number;
}

/**
 * Merges what the servers found: counts add up, digests are XORed, so the order does not matter.
 */
export function mergeFolds(parts: readonly (readonly FoldRow[])[]): Fold {
  const fold: Fold = new Map();
  for (const row of parts.flat()) {
    const bucket = Number(row.bucket);
    const before = fold.get(bucket) ?? { lines: 0, digest: 0n };
    const lines = before.lines + Number(row.line_count);
    fold.set(bucket, { lines, digest: before.digest ^ BigInt(row.digest) });
  }
  return fold;
}

async function foldAll(books: readonly Book[], sqlOf: (book: Book) => string): Promise<Fold> {
  return mergeFolds(await Promise.all(books.map((book) => book.rows<FoldRow>(sqlOf(book)))));
}

async function readAll<T>(
  books: readonly Book[],
  read: (book: Book) => Promise<T[]>,
): Promise<T[]> {
  return (await Promise.all(books.map(read))).flat();
}

function linesOf(fold: Fold): number {
  let lines = 0;
  for (const bucket of fold.values()) lines += bucket.lines;
  return lines;
}

const bucketOf = (orderId: string) => `(CRC32(CAST(${orderId} AS CHAR)) MOD ${BUCKETS})`;
const digestOf = (...parts: string[]) =>
  `BIT_XOR(CAST(CONV(LEFT(MD5(CONCAT_WS('|', ${parts.join(', ')})), 16), 16, 10) AS UNSIGNED))`;

/** The types of orders that take stock, as the order service stores them: goods, stays, presales. */
const STOCK_TYPES: readonly number[] = [1, 4, PRESALE_TYPE];

/** Live orders of goods: pending, paid and later, or cancelled when the goods were away. */
export const LIVE_GOODS = `o.order_type IN (${STOCK_TYPES.join(', ')})
  AND (o.state BETWEEN 1 AND 5 OR o.state = ${DEPOSIT_PAID} OR (o.state = 6 AND o.tracking_number IS NOT NULL))`;

/** Joins lines `l` with what of them went back on sale, so that KEPT is what they still promise. */
export function joinReturned(db: string): string {
  return `LEFT JOIN (
      SELECT shard_no, order_id, sku_id, SUM(quantity) AS units
      FROM ${db}.order_refund WHERE returned = 1 GROUP BY shard_no, order_id, sku_id
    ) back ON back.shard_no = l.shard_no AND back.order_id = l.order_id AND back.sku_id = l.sku_id`;
}
export const KEPT = 'CAST(l.quantity - COALESCE(back.units, 0) AS SIGNED)';
const HELD = 'CAST(quantity - COALESCE(returned, 0) AS SIGNED)';

function foldOrdersSql(book: Book): string {
  const db = book.database('order');
  return `
    SELECT ${bucketOf('o.order_id')} AS bucket, COUNT(*) AS line_count,
           ${digestOf('o.order_id', 'l.sku_id', KEPT, `IF(o.state IN (1, ${DEPOSIT_PAID}), 1, 2)`)} AS digest
    FROM ${db}.orders o JOIN ${db}.order_line l
      ON l.shard_no = o.shard_no AND l.order_id = o.order_id
    ${joinReturned(db)}
    WHERE ${LIVE_GOODS} AND ${countsHere(book, 'o')} GROUP BY bucket`;
}

function foldReservationsSql(book: Book): string {
  return `
    SELECT ${bucketOf('order_id')} AS bucket, COUNT(*) AS line_count,
           ${digestOf('order_id', 'sku_id', HELD, 'state')} AS digest
    FROM ${book.database('inventory')}.reservation
    WHERE state IN (1, 2) AND sku_id <> '' GROUP BY bucket`;
}

interface OrderLineRow {
  order_id: string | number;
  state: number;
  order_type: number;
  shipped: number;
  sku_id: string | null;
  quantity: number | string | null;
}

async function readOrderLines(book: Book, buckets: readonly number[]): Promise<OrderLine[]> {
  const db = book.database('order');
  const rows = await book.rows<OrderLineRow>(
    `SELECT o.order_id, o.state, o.order_type, o.tracking_number IS NOT NULL AS shipped,
            l.sku_id, ${KEPT} AS quantity
     FROM ${db}.orders o LEFT JOIN ${db}.order_line l
       ON l.shard_no = o.shard_no AND l.order_id = o.order_id
     ${joinReturned(db)}
     WHERE o.state <> 0 AND ${bucketOf('o.order_id')} IN (?) AND ${countsHere(book, 'o')}`,
    [buckets],
  );
  return rows.map((row) => ({
    orderId: String(row.order_id),
    status: statusOf(row.state, row.shipped === 1),
    takesStock: STOCK_TYPES.includes(row.order_type),
    skuId: row.sku_id ?? '',
    quantity: Number(row.quantity ?? 0),
  }));
}

function statusOf(state: number, shipped: boolean): OrderLine['status'] {
  // The units of a deposit are held and not sold.
  if (state === 1 || state === DEPOSIT_PAID) return 'PENDING';
  if (state !== 6) return 'SOLD';
  return shipped ? 'CANCELLED_SHIPPED' : 'CANCELLED';
}

async function readHeldLines(book: Book, buckets: readonly number[]): Promise<HeldLine[]> {
  const rows = await book.rows<Record<string, string | number>>(
    `SELECT order_id, reservation_id, sku_id, ${HELD} AS quantity, state, hold_until_ms
     FROM ${book.database('inventory')}.reservation
     WHERE state IN (1, 2) AND sku_id <> '' AND ${bucketOf('order_id')} IN (?)`,
    [buckets],
  );
  return rows.map((row) => ({
    orderId: String(row['order_id']),
    reservationId: String(row['reservation_id']),
    skuId: String(row['sku_id']),
    quantity: Number(row['quantity']),
    hold: row['state'] === 1 ? 'RESERVED' : 'CONFIRMED',
    holdUntilMs: Number(row['hold_until_ms'] ?? 0),
  }));
}
