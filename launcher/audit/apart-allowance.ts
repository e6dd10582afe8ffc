// The goodwill in shards whose orders lie apart from their payments (apart.ts), read from both sides.
import type { Book } from './books.js';

/** Goodwill is rare; of more than these the sums would not add up, and the audit would say so. */
const ROWS_MAX = 10_000;

export interface Allowance {
  currency: string;
  allowance: string;
}

/** What was paid back of such orders out of goodwill, as money-check.ts has it of all others. */
export async function readApartAllowance(
  books: readonly Book[],
  worth: string,
): Promise<Allowance[]> {
  const apart = books[0]?.apart ?? [];
  if (apart.length === 0) return [];
  const given = new Map<string, bigint>();
  for (const book of books) {
    const rows = await book.rows<{ order_id: string; minor: string }>(
      `SELECT order_id, SUM(amount_minor) AS minor FROM ${book.database('payment')}.refund
       WHERE surplus = 0 AND request_id NOT LIKE '/%' AND shard_no IN (?)
       GROUP BY order_id LIMIT ${ROWS_MAX}`,
      [apart],
    );
    for (const row of rows) given.set(String(row.order_id), BigInt(row.minor));
  }
  if (given.size === 0) return [];
  const orders = await Promise.all(
    books.map((book) =>
      book.rows<{ order_id: string; currency: string; worth: string }>(
        `SELECT o.order_id, o.currency, ${worth} AS worth FROM ${book.database('order')}.orders o
         WHERE o.state IN (2, 3, 4, 5, 7) AND o.shard_no IN (?) AND o.order_id IN (?)
           AND o.shard_no IN (SELECT gate.shard_no FROM ${book.database('order')}.shard_gate gate
             WHERE gate.state IN (1, 2))`,
        [apart, [...given.keys()]],
      ),
    ),
  );
  return orders.flat().map(({ order_id, currency, worth: most }) => {
    const minor = given.get(String(order_id)) ?? 0n;
    return { currency, allowance: String(minor < BigInt(most) ? minor : BigInt(most)) };
  });
}
