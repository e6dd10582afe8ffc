// Every order against its payment. Both hash by the buyer and share the shard map, so they lie on
// one server and SQL can join them; only rows that look wrong leave the server.
import { type Book, countsHere } from './books.js';
import { type Problem, problem } from './problem.js';

/** An order with its payment; the payment's fields are null when there is none. */
export interface PaidRow {
  readonly order_id: string | number;
  readonly state: number;
  readonly currency: string;
  readonly payable_minor: string | number;
  readonly payment_currency: string | null;
  readonly amount_minor: string | number | null;
  readonly captured_minor: string | number | null;
  readonly refunded_minor: string | number | null;
}

const PENDING = 1;
const CANCELLED = 6;

export function checkPayment(row: PaidRow): Problem[] {
  const found: Problem[] = [];
  const say = (detail: string) => found.push(problem('PAYMENT', `order ${row.order_id}`, detail));
  if (row.amount_minor === null) {
    say(`${row.currency} ${row.payable_minor} to pay, but it has no payment`);
    return found;
  }
  const payable = BigInt(row.payable_minor);
  const amount = BigInt(row.amount_minor);
  const captured = BigInt(row.captured_minor ?? 0);
  const refunded = BigInt(row.refunded_minor ?? 0);
  // An order that was cancelled before its payment was created finds a tombstone of amount 0.
  const tombstone = row.state === CANCELLED && amount === 0n;
  if (!tombstone && (amount !== payable || row.payment_currency !== row.currency)) {
    const asked = `${row.payment_currency} ${amount}`;
    say(`${row.currency} ${payable} to pay, but its payment asks for ${asked}`);
  }
  if (row.state === PENDING && captured > 0n) say(`unpaid, but ${captured} are captured`);
  if (row.state > PENDING && row.state < CANCELLED && captured !== payable) {
    say(`paid, but ${captured} of ${payable} are captured`);
  }
  if (row.state === CANCELLED && captured !== refunded) {
    say(`cancelled, but ${captured} captured and ${refunded} refunded`);
  }
  return found;
}

/**
 * Rows per server and question. More than these say nothing new; the money sums still count them.
 */
const ROWS_MAX = 1_000;

export async function findPaymentProblems(book: Book): Promise<Problem[]> {
  const [orders, payment] = [book.database('order'), book.database('payment')];
  const suspects = await book.rows<PaidRow>(`
    SELECT o.order_id, o.state, o.currency, o.payable_minor, p.currency AS payment_currency,
           p.amount_minor, p.captured_minor, p.refunded_minor
    FROM ${orders}.orders o LEFT JOIN ${payment}.payment p
      ON p.shard_no = o.shard_no AND p.order_id = o.order_id AND p.ordinal = 1
    WHERE o.state <> 0 AND ${countsHere(book, 'o')} AND (p.order_id IS NULL
      OR p.amount_minor <> o.payable_minor OR p.currency <> o.currency
      OR (o.state = 1 AND p.captured_minor > 0)
      OR (o.state BETWEEN 2 AND 5 AND p.captured_minor <> o.payable_minor)
      OR (o.state = 6 AND p.captured_minor <> p.refunded_minor))
    ORDER BY o.shard_no, o.order_id LIMIT ${ROWS_MAX}`);
  const orphans = await book.rows<{ order_id: string; captured_minor: string }>(`
    SELECT p.order_id, p.captured_minor
    FROM ${payment}.payment p LEFT JOIN ${orders}.orders o
      ON o.shard_no = p.shard_no AND o.order_id = p.order_id AND o.state <> 0
    WHERE o.order_id IS NULL AND (p.captured_minor <> p.refunded_minor OR p.state <> 7)
    ORDER BY p.shard_no, p.order_id LIMIT ${ROWS_MAX}`);
  const parked = await book.rows<{ refund_id: string; order_id: string; amount_minor: string }>(`
    SELECT refund_id, order_id, amount_minor FROM ${payment}.refund
    WHERE state = 3 ORDER BY shard_no, refund_id LIMIT ${ROWS_MAX}`);
  return [
    ...suspects.flatMap(checkPayment),
    ...orphans.map((row) =>
      problem('PAYMENT', `order ${row.order_id}`, `${row.captured_minor} captured, but no order`),
    ),
    ...parked.map((row) =>
      problem(
        'PAYMENT',
        `order ${row.order_id}`,
        `the provider refuses refund ${row.refund_id} of ${row.amount_minor}`,
      ),
    ),
  ];
}

/** Orders whose total is not the sum of their lines. */
export async function findOrderProblems(book: Book): Promise<Problem[]> {
  const db = book.database('order');
  const rows = await book.rows<{ order_id: string; total_minor: string; lines_minor: string }>(`
    SELECT o.order_id, o.total_minor,
           COALESCE(SUM(l.quantity * l.unit_price_minor), 0) AS lines_minor
    FROM ${db}.orders o LEFT JOIN ${db}.order_line l
      ON l.shard_no = o.shard_no AND l.order_id = o.order_id
    WHERE o.state <> 0 AND ${countsHere(book, 'o')}
    GROUP BY o.shard_no, o.order_id, o.total_minor
    HAVING o.total_minor <> lines_minor LIMIT ${ROWS_MAX}`);
  return rows.map((row) => {
    const detail = `total ${row.total_minor}, but its lines sum up to ${row.lines_minor}`;
    return problem('ORDER', `order ${row.order_id}`, detail);
  });
}
