// What the books say about one run: its orders, how they ended, and what is still on its way. Read
// from MySQL directly, because the point is to compare it with what the buyers were told.
import type { Book } from '../audit/books.js';
import { withBooks } from '../audit/books.js';
import type { AuditTargets } from '../audit/look.js';

export interface SaleBooks {
  /** Orders of this run, in any state. */
  readonly orders: number;
  /** PENDING_PAYMENT. */
  readonly pending: number;
  /** PAID and later. */
  readonly paid: number;
  /** Cancelled before they were paid, by a person. */
  readonly cancelled: number;
  /** Cancelled by the payment deadline. */
  readonly expired: number;
  /** Cancelled after they were paid. */
  readonly refunded: number;
  /** Units of orders that live. */
  readonly unitsPromised: number;
  /** Refunds that the provider has not answered yet, and effects that wait in an outbox. */
  readonly refundsWaiting: number;
  readonly effectsWaiting: number;
}

/** Whether anything will still change by itself. */
export function atRest(books: SaleBooks): boolean {
  return books.pending === 0 && books.refundsWaiting === 0 && books.effectsWaiting === 0;
}

export async function readSaleBooks(targets: AuditTargets, tag: string): Promise<SaleBooks> {
  const rows = await withBooks(targets, (books) =>
    Promise.all(books.map((book) => readServer(book, tag))),
  );
  const sum = (name: string) =>
    rows.flat().reduce((total, row) => total + Number(row[name] ?? 0), 0);
  return {
    orders: sum('orders'),
    pending: sum('pending'),
    paid: sum('paid'),
    cancelled: sum('cancelled'),
    expired: sum('expired'),
    refunded: sum('refunded'),
    unitsPromised: sum('units'),
    refundsWaiting: sum('refunds_waiting'),
    effectsWaiting: sum('effects_waiting'),
  };
}

type Row = Record<string, string | number | null>;

async function readServer(book: Book, tag: string): Promise<Row[]> {
  const [orders, payment] = [book.database('order'), book.database('payment')];
  const mine = [`${tag}-u%`];
  const states = book.rows<Row>(
    `SELECT COUNT(*) AS orders, SUM(state = 1) AS pending, SUM(state BETWEEN 2 AND 5) AS paid
     FROM ${orders}.orders WHERE user_id LIKE ?`,
    mine,
  );
  const ends = book.rows<Row>(
    `SELECT SUM(t.from_state = 1 AND t.operator <> 'deadline') AS cancelled,
            SUM(t.from_state = 1 AND t.operator = 'deadline') AS expired,
            SUM(t.from_state <> 1) AS refunded
     FROM ${orders}.orders o JOIN ${orders}.order_transition t
       ON t.shard_no = o.shard_no AND t.order_id = o.order_id
     WHERE o.user_id LIKE ? AND t.to_state = 6`,
    mine,
  );
  const units = book.rows<Row>(
    `SELECT SUM(l.quantity) AS units
     FROM ${orders}.orders o JOIN ${orders}.order_line l
       ON l.shard_no = o.shard_no AND l.order_id = o.order_id
     WHERE o.user_id LIKE ? AND o.state BETWEEN 1 AND 5`,
    mine,
  );
  const refunds = book.rows<Row>(
    `SELECT COUNT(*) AS refunds_waiting FROM ${payment}.refund WHERE state = 1`,
  );
  const effects = [orders, payment].map((db) =>
    book.rows<Row>(
      `SELECT COUNT(*) AS effects_waiting FROM ${db}.outbox WHERE parked_reason IS NULL`,
    ),
  );
  return (await Promise.all([states, ends, units, refunds, ...effects])).flat();
}
