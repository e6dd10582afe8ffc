// What the books say about one run: every order of it, and the units that its live orders promise.
// Read from every MySQL server directly, because the point is to compare it with what callers were
// told.
import { type Book, withBooks } from '../audit/books.js';
import { LIVE_GOODS } from '../audit/holdings-read.js';
import type { AuditTargets } from '../audit/look.js';

export interface BookedOrder {
  readonly orderId: string;
  readonly requestId: string;
  readonly state: number;
}

export interface OrderBooks {
  readonly orders: readonly BookedOrder[];
  /** Units of live orders, by SKU. */
  readonly promised: ReadonlyMap<string, number>;
}

export function readOrderBooks(targets: AuditTargets, tag: string): Promise<OrderBooks> {
  return withBooks(targets, async (books) => {
    const mine = `${tag}-u%`;
    const orders = await Promise.all(books.map((book) => readOrders(book, mine)));
    const units = await Promise.all(books.map((book) => readUnits(book, mine)));
    const promised = new Map<string, number>();
    for (const row of units.flat()) {
      promised.set(row.sku_id, (promised.get(row.sku_id) ?? 0) + Number(row.units));
    }
    return { orders: orders.flat(), promised };
  });
}

/** State 0 bars an id that never became an order. */
async function readOrders(book: Book, mine: string): Promise<BookedOrder[]> {
  const rows = await book.rows<{ order_id: string; request_id: string; state: number }>(
    `SELECT CAST(order_id AS CHAR) AS order_id, request_id, state
     FROM ${book.database('order')}.orders WHERE user_id LIKE ? AND state <> 0`,
    [mine],
  );
  return rows.map((row) => ({
    orderId: row.order_id,
    requestId: row.request_id,
    state: Number(row.state),
  }));
}

function readUnits(book: Book, mine: string): Promise<{ sku_id: string; units: string }[]> {
  const db = book.database('order');
  return book.rows(
    `SELECT l.sku_id, SUM(l.quantity) AS units
     FROM ${db}.orders o JOIN ${db}.order_line l
       ON l.shard_no = o.shard_no AND l.order_id = o.order_id
     WHERE o.user_id LIKE ? AND ${LIVE_GOODS} GROUP BY l.sku_id`,
    [mine],
  );
}
