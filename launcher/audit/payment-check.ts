// Every order against its payment. Both hash by the buyer and share the shard map, so they lie on
// one server and SQL can join them, until a shard moves (apart.ts); only rows that look wrong leave it.
import { type Book, countsHere, joinable } from './books.js';
import { BALANCE_MINOR, DEPOSIT_PAID, FIRST_MINOR, forfeits } from './presale.js';
import { type Problem, problem } from './problem.js';

/** An order with one of its payments; the payment's fields are null when there is none. */
export interface PaidRow {
  readonly order_id: string | number;
  /** Which payment: of all or the deposit, or of the balance. */
  readonly part: 'payment' | 'balance';
  readonly state: number;
  readonly currency: string;
  /** What this payment has to ask for. */
  readonly payable_minor: string | number;
  /** Whether the shop may keep it although the order was cancelled. */
  readonly forfeits: number;
  readonly payment_currency: string | null;
  readonly amount_minor: string | number | null;
  readonly captured_minor: string | number | null;
  readonly refunded_minor: string | number | null;
}

const PENDING = 1;
const CANCELLED = 6;

export function checkPayment(row: PaidRow): Problem[] {
  const { order_id, part, state, currency } = row;
  const found: Problem[] = [];
  const say = (detail: string) => found.push(problem('PAYMENT', `order ${order_id}`, detail));
  const unpaid = state === PENDING || (part === 'balance' && state === DEPOSIT_PAID);
  if (row.amount_minor === null) {
    // The intent of a balance is not made before the deposit is paid.
    const early = part === 'balance' && (state === PENDING || state === CANCELLED);
    if (!early) say(`${currency} ${row.payable_minor} to pay, but it has no ${part}`);
    return found;
  }
  const payable = BigInt(row.payable_minor);
  const amount = BigInt(row.amount_minor);
  const captured = BigInt(row.captured_minor ?? 0);
  const refunded = BigInt(row.refunded_minor ?? 0);
  // An order that was cancelled before its payment was created finds a tombstone of amount 0.
  const tombstone = state === CANCELLED && amount === 0n;
  if (!tombstone && (amount !== payable || row.payment_currency !== currency)) {
    const asked = `${row.payment_currency} ${amount}`;
    say(`${currency} ${payable} to pay, but its ${part} asks for ${asked}`);
  }
  if (unpaid && captured > 0n) say(`unpaid, but ${captured} are captured`);
  if (!unpaid && state !== CANCELLED && captured !== payable) {
    say(`paid, but ${captured} of ${payable} are captured`);
  }
  if (state === CANCELLED && captured !== refunded && row.forfeits === 0) {
    say(`cancelled, but ${captured} captured and ${refunded} refunded`);
  }
  return found;
}

/**
 * Rows per server and question. More than these say nothing new; the money sums still count them.
 */
const ROWS_MAX = 1_000;

/** The same three states of a payment as in checkPayment: to be paid, paid, given up. */
interface PartSql {
  readonly part: PaidRow['part'];
  readonly ordinal: number;
  readonly payable: string;
  readonly of: string;
  readonly unpaid: string;
  readonly paid: string;
  readonly forfeits: string;
}

function partsOf(book: Book): PartSql[] {
  const [first, both] = [`o.state IN (2, 3, 4, 5, ${DEPOSIT_PAID})`, 'o.state IN (2, 3, 4, 5)'];
  return [
    {
      part: 'payment',
      ordinal: 1,
      payable: FIRST_MINOR,
      of: 'o.state <> 0',
      unpaid: 'o.state = 1',
      paid: first,
      forfeits: forfeits(book),
    },
    {
      part: 'balance',
      ordinal: 2,
      payable: BALANCE_MINOR,
      of: 'o.state <> 0 AND o.presale IS NOT NULL',
      unpaid: `o.state IN (1, ${DEPOSIT_PAID})`,
      paid: both,
      forfeits: '0',
    },
  ];
}

function suspectsSql(book: Book, o: PartSql): string {
  const [orders, payment] = [book.database('order'), book.database('payment')];
  return `
    SELECT o.order_id, '${o.part}' AS part, o.state, o.currency, ${o.payable} AS payable_minor,
           ${o.forfeits} AS forfeits, p.currency AS payment_currency, p.amount_minor,
           p.captured_minor, p.refunded_minor
    FROM ${orders}.orders o LEFT JOIN ${payment}.payment p
      ON p.shard_no = o.shard_no AND p.order_id = o.order_id AND p.ordinal = ${o.ordinal}
    WHERE ${o.of} AND ${countsHere(book, 'o')} AND ${joinable(book, 'o')} AND (p.order_id IS NULL
      OR p.amount_minor <> ${o.payable} OR p.currency <> o.currency
      OR (${o.unpaid} AND p.captured_minor > 0)
      OR (${o.paid} AND p.captured_minor <> ${o.payable})
      OR (o.state = 6 AND p.captured_minor <> p.refunded_minor))
    ORDER BY o.shard_no, o.order_id LIMIT ${ROWS_MAX}`;
}

export async function findPaymentProblems(book: Book): Promise<Problem[]> {
  const [orders, payment] = [book.database('order'), book.database('payment')];
  const suspects: PaidRow[] = [];
  for (const part of partsOf(book)) {
    suspects.push(...(await book.rows<PaidRow>(suspectsSql(book, part))));
  }
  const orphans = await book.rows<{ order_id: string; captured_minor: string }>(`
    SELECT p.order_id, p.captured_minor
    FROM ${payment}.payment p LEFT JOIN ${orders}.orders o
      ON o.shard_no = p.shard_no AND o.order_id = p.order_id AND o.state <> 0
    WHERE o.order_id IS NULL AND ${joinable(book, 'p')} AND (p.captured_minor <> p.refunded_minor OR p.state <> 7)
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
