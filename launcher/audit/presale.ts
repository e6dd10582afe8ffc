// How the books tell of what was sold in advance, in SQL on a row `o` of orders: what each of its two
// payments asks for, and whether its deposit is the shop's although the order was cancelled.
import { type Book, countsHere, joinable } from './books.js';

/** As the order service stores them. */
export const PRESALE_TYPE = 5;
export const DEPOSIT_PAID = 7;

const termOf = (name: string) => `JSON_UNQUOTE(JSON_EXTRACT(o.presale, '$.${name}'))`;
const DEPOSIT = `CAST(${termOf('depositMinor')} AS SIGNED)`;

/** What the first payment of an order asks for: all of it, or the deposit. */
export const FIRST_MINOR = `IF(o.presale IS NULL, o.payable_minor, ${DEPOSIT})`;
/** What the balance asks for; NULL of what is paid at once. */
export const BALANCE_MINOR = `(o.payable_minor - ${DEPOSIT})`;

/**
 * Cancelled after its deposit by its buyer, or because the balance was not paid, under terms that
 * return nothing. What then is kept of the deposit is rightly the shop's.
 */
export function forfeits(book: Book): string {
  const transitions = `${book.database('order')}.order_transition`;
  const step = (condition: string) => `EXISTS (SELECT 1 FROM ${transitions} t
    WHERE t.shard_no = o.shard_no AND t.order_id = o.order_id AND ${condition})`;
  return `(o.state = 6 AND o.presale IS NOT NULL AND ${termOf('depositRefundable')} = 'false'
    AND ${step(`t.to_state = ${DEPOSIT_PAID}`)}
    AND ${step(`t.to_state = 6 AND t.operator IN ('user', 'deadline')`)})`;
}

/** Of shards that were moved; beyond these the sums would not add up, and the audit would say so. */
const ROWS_MAX = 10_000;

export interface Forfeited {
  currency: string;
  forfeited: string;
}

/** What is kept of the deposits of such orders. */
export async function readForfeited(books: readonly Book[]): Promise<Forfeited[]> {
  const joined = await Promise.all(books.map(readJoined));
  const apart = await Promise.all(books.map((book) => readApart(book, books)));
  return [...joined, ...apart].flat();
}

function readJoined(book: Book): Promise<Forfeited[]> {
  return book.rows<Forfeited>(`
    SELECT o.currency, SUM(p.captured_minor - p.refunded_minor) AS forfeited
    FROM ${book.database('order')}.orders o JOIN ${book.database('payment')}.payment p
      ON p.shard_no = o.shard_no AND p.order_id = o.order_id AND p.ordinal = 1
    WHERE ${forfeits(book)} AND ${countsHere(book, 'o')} AND ${joinable(book, 'o')}
    GROUP BY o.currency`);
}

/** Of orders that do not lie beside their payments (apart.ts). */
async function readApart(book: Book, books: readonly Book[]): Promise<Forfeited[]> {
  if (book.apart.length === 0) return [];
  const orders = await book.rows<{ order_id: string }>(
    `SELECT o.order_id FROM ${book.database('order')}.orders o
     WHERE ${forfeits(book)} AND ${countsHere(book, 'o')} AND o.shard_no IN (?) LIMIT ${ROWS_MAX}`,
    [book.apart],
  );
  if (orders.length === 0) return [];
  const ids = orders.map(({ order_id }) => String(order_id));
  const parts = await Promise.all(
    books.map((other) =>
      other.rows<Forfeited>(
        `SELECT currency, SUM(captured_minor - refunded_minor) AS forfeited
         FROM ${other.database('payment')}.payment
         WHERE shard_no IN (?) AND order_id IN (?) AND ordinal = 1 GROUP BY currency`,
        [book.apart, ids],
      ),
    ),
  );
  return parts.flat();
}
