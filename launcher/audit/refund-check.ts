// Refunds of lines against the payments that pay them back, order by order. Both lie on one server.
import { type Book, countsHere, joinable } from './books.js';
import { type Problem, problem } from './problem.js';

/** An order of which lines were refunded, with all of its payments together. */
export interface RefundedRow {
  readonly order_id: string | number;
  /** What the order's refunds of lines are worth, what the order says of them, and what is asked. */
  readonly lines_minor: string | number;
  readonly refunded_minor: string | number;
  readonly payable_minor: string | number;
  readonly paid_back_minor: string | number;
  readonly captured_minor: string | number;
  readonly returned_minor: string | number;
}

export function checkRefunds(row: RefundedRow): Problem[] {
  const found: Problem[] = [];
  const say = (detail: string) => found.push(problem('PAYMENT', `order ${row.order_id}`, detail));
  const amount = (name: keyof RefundedRow) => BigInt(row[name]);
  const owed = amount('refunded_minor');
  const paidBack = amount('paid_back_minor');
  if (amount('lines_minor') !== owed) {
    say(`${owed} refunded, but its lines say ${row.lines_minor}`);
  }
  if (owed > amount('payable_minor')) say(`${owed} refunded of ${row.payable_minor}`);
  // Less goes back only where nothing is left, because others have paid back the rest.
  const exhausted = amount('captured_minor') === amount('returned_minor');
  if (paidBack > owed || (paidBack < owed && !exhausted)) {
    say(`${owed} refunded for lines, but ${paidBack} paid back`);
  }
  return found;
}

/** Rows per server. More than these say nothing new. */
const ROWS_MAX = 1_000;

export async function findRefundProblems(book: Book): Promise<Problem[]> {
  const [orders, payment] = [book.database('order'), book.database('payment')];
  const of = (table: string) => `FROM ${table} x
    WHERE x.shard_no = o.shard_no AND x.order_id = o.order_id`;
  // An order that is cancelled owes everything, which is checked with its payment.
  const rows = await book.rows<RefundedRow>(`
    SELECT * FROM (SELECT o.order_id, COALESCE(o.refunded_minor, 0) AS refunded_minor, o.payable_minor,
           COALESCE((SELECT SUM(x.amount_minor) ${of(`${orders}.order_refund`)}), 0)
             AS lines_minor,
           COALESCE((SELECT SUM(x.amount_minor) ${of(`${payment}.refund`)}
             AND x.request_id LIKE '/lines-%'), 0) AS paid_back_minor,
           COALESCE((SELECT SUM(x.captured_minor) ${of(`${payment}.payment`)}), 0)
             AS captured_minor,
           COALESCE((SELECT SUM(x.refunded_minor) ${of(`${payment}.payment`)}), 0)
             AS returned_minor
    FROM ${orders}.orders o
    WHERE o.state BETWEEN 2 AND 5 AND ${countsHere(book, 'o')} AND ${joinable(book, 'o')}
      AND (o.refunded_minor IS NOT NULL
      OR (o.shard_no, o.order_id) IN (SELECT shard_no, order_id FROM ${orders}.order_refund)
      OR (o.shard_no, o.order_id) IN (
        SELECT shard_no, order_id FROM ${payment}.refund WHERE request_id LIKE '/lines-%'))
    ) AS refunded_order
    WHERE lines_minor <> refunded_minor OR refunded_minor > payable_minor
      OR paid_back_minor > refunded_minor
      OR (paid_back_minor < refunded_minor AND captured_minor <> returned_minor)
    ORDER BY order_id LIMIT ${ROWS_MAX}`);
  const units = await book.rows<{ order_id: string; sku_id: string; units: string }>(`
    SELECT r.order_id, r.sku_id, SUM(r.quantity) AS units
    FROM ${orders}.order_refund r LEFT JOIN ${orders}.order_line l
      ON l.shard_no = r.shard_no AND l.order_id = r.order_id AND l.sku_id = r.sku_id
    WHERE ${countsHere(book, 'r')}
    GROUP BY r.shard_no, r.order_id, r.sku_id, l.quantity
    HAVING units > COALESCE(l.quantity, 0) LIMIT ${ROWS_MAX}`);
  return [
    ...rows.flatMap(checkRefunds),
    ...units.map((row) =>
      problem('ORDER', `order ${row.order_id}`, `${row.units} of ${row.sku_id} refunded, too many`),
    ),
  ];
}
