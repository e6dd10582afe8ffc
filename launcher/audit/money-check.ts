// Conservation of money, per currency: what was captured and not paid back is the value of the lines
// that are paid and not refunded, but for what was paid back out of goodwill. Then the same sums against
// the provider's own ledger, which nobody here can write.
import { readApartAllowance } from './apart-allowance.js';
import { type Book, countsHere } from './books.js';
import { DEPOSIT_PAID, FIRST_MINOR, readForfeited } from './presale.js';
import { type Problem, problem } from './problem.js';

/** All amounts in minor units of one currency. */
export interface MoneySum {
  /** Of payments. `refunded` counts what is on its way back, `refundedDone` what has arrived. */
  captured: bigint;
  refunded: bigint;
  refundedDone: bigint;
  /** Second charges of a paid payment, until they are paid back; payments do not count them. */
  surplus: bigint;
  /** Payable of PAID and later orders, without the lines that were refunded. */
  payable: bigint;
  /** What of it was paid back all the same: refunds of an amount, that nobody's lines ask for. */
  allowance: bigint;
  /** Deposits that are rightly kept although their orders were cancelled. */
  forfeited: bigint;
}
export type MoneySums = Map<string, MoneySum>;

/** What the provider says: net amounts per currency. */
export type ProviderSums = ReadonlyMap<string, { captured: bigint; refunded: bigint }>;

export function checkMoney(sums: MoneySums): Problem[] {
  const found: Problem[] = [];
  for (const [currency, sum] of sums) {
    const kept = sum.captured - sum.refunded;
    const due = sum.payable - sum.allowance + sum.forfeited;
    if (kept === due) continue;
    const detail =
      `${sum.captured} captured - ${sum.refunded} refunded = ${kept}, ` +
      `but paid orders are worth ${due} (difference ${kept - due})`;
    found.push(problem('MONEY', currency, detail));
  }
  return found;
}

export function checkProvider(sums: MoneySums, provider: ProviderSums): Problem[] {
  const found: Problem[] = [];
  const currencies = new Set([...sums.keys(), ...provider.keys()]);
  for (const currency of currencies) {
    const ours = sums.get(currency) ?? emptySum();
    const theirs = provider.get(currency) ?? { captured: 0n, refunded: 0n };
    const net = ours.captured - ours.refundedDone + ours.surplus;
    const theirNet = theirs.captured - theirs.refunded;
    if (net === theirNet) continue;
    const detail = `we hold ${net}, the provider says ${theirNet} (difference ${theirNet - net})`;
    found.push(problem('MONEY', `${currency} at the provider`, detail));
  }
  return found;
}

export async function readMoney(books: readonly Book[]): Promise<MoneySums> {
  const allowances = readApartAllowance(books, WORTH);
  const forfeited = readForfeited(books);
  const parts: SumRow[][] = await Promise.all([...books.map(readServer), allowances, forfeited]);
  const sums: MoneySums = new Map();
  for (const row of parts.flat()) {
    const sum = sums.get(row.currency) ?? emptySum();
    sum.captured += BigInt(row.captured ?? 0);
    sum.refunded += BigInt(row.refunded ?? 0);
    sum.refundedDone += BigInt(row.refunded_done ?? 0);
    sum.surplus += BigInt(row.surplus ?? 0);
    sum.payable += BigInt(row.payable ?? 0);
    sum.allowance += BigInt(row.allowance ?? 0);
    sum.forfeited += BigInt(row.forfeited ?? 0);
    sums.set(row.currency, sum);
  }
  for (const [currency, sum] of sums) {
    // Tombstones have no currency worth a line.
    if (Object.values(sum).every((amount) => amount === 0n)) sums.delete(currency);
  }
  return sums;
}

interface SumRow {
  currency: string;
  captured?: string;
  refunded?: string;
  refunded_done?: string;
  surplus?: string;
  payable?: string;
  allowance?: string;
  forfeited?: string;
}

/** Of an order: what its lines that were not refunded cost; until its balance is paid, its deposit. */
const WORTH = `IF(o.state = ${DEPOSIT_PAID}, ${FIRST_MINOR},
  o.payable_minor - COALESCE(o.refunded_minor, 0))`;

// The request ids of refunds that follow from an order begin with a slash; those are in its lines.
async function readServer(book: Book): Promise<SumRow[]> {
  const [orders, payment] = [book.database('order'), book.database('payment')];
  const rows = await Promise.all([
    book.rows<SumRow>(`
      SELECT currency, SUM(captured_minor) AS captured, SUM(refunded_minor) AS refunded
      FROM ${payment}.payment GROUP BY currency`),
    book.rows<SumRow>(`
      SELECT currency,
             SUM(IF(surplus = 0 AND state = 2, amount_minor, 0)) AS refunded_done,
             SUM(IF(surplus = 1 AND state <> 2, amount_minor, 0)) AS surplus
      FROM ${payment}.refund GROUP BY currency`),
    book.rows<SumRow>(`
      SELECT o.currency, SUM(${WORTH}) AS payable,
             SUM(LEAST(COALESCE(given.minor, 0), ${WORTH})) AS allowance
      FROM ${orders}.orders o LEFT JOIN (
        SELECT shard_no, order_id, SUM(amount_minor) AS minor FROM ${payment}.refund
        WHERE surplus = 0 AND request_id NOT LIKE '/%' GROUP BY shard_no, order_id
      ) given ON given.shard_no = o.shard_no AND given.order_id = o.order_id
      WHERE (o.state BETWEEN 2 AND 5 OR o.state = ${DEPOSIT_PAID}) AND ${countsHere(book, 'o')}
      GROUP BY o.currency`),
  ]);
  return rows.flat();
}

const WORTHLESS = { payable: 0n, allowance: 0n, forfeited: 0n };

function emptySum(): MoneySum {
  return { captured: 0n, refunded: 0n, refundedDone: 0n, surplus: 0n, ...WORTHLESS };
}
