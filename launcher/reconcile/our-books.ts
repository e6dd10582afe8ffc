// Our side of the comparison, read shard by shard and page by page from every MySQL server: a shard may
// lie on any of them.

import type { Book } from '../audit/books.js';
import type { OurCharge, OurRefund } from './compare-shard.js';

/** Some 200 bytes a row: a page is a fifth of a megabyte, and a million rows a thousand pages. */
const PAGE_ROWS = 1_000;

interface ChargeRow {
  readonly order_id: string;
  readonly ordinal: number;
  readonly attempt_no: number;
  readonly state: number;
  readonly provider_number: string | null;
  readonly currency: string;
  readonly amount_minor: string;
}

interface RefundRow {
  readonly refund_id: string;
  readonly order_id: string;
  readonly ordinal: number;
  readonly state: number;
  readonly provider_number: string | null;
  readonly currency: string;
  readonly amount_minor: string;
}

/** PaymentState of an attempt: 5 SUCCEEDED, 6 FAILED, 8 TIMED_OUT, all others are open. */
const CHARGE_STATES: Record<number, OurCharge['state']> = {
  5: 'SUCCEEDED',
  6: 'FAILED',
  8: 'TIMED_OUT',
};
const REFUND_STATES: Record<number, OurRefund['state']> = {
  1: 'PENDING',
  2: 'SUCCEEDED',
  3: 'PARKED',
};

export async function* chargesOf(
  book: Book,
  shard: number,
  provider: string,
): AsyncGenerator<OurCharge> {
  const database = book.database('payment');
  const sql = `
    SELECT a.order_id, a.ordinal, a.attempt_no, a.state, a.provider_number, p.currency, p.amount_minor
    FROM ${database}.payment_attempt a JOIN ${database}.payment p
      ON p.shard_no = a.shard_no AND p.order_id = a.order_id AND p.ordinal = a.ordinal
    WHERE a.shard_no = ? AND a.provider = ? AND (a.order_id > ? OR (a.order_id = ?
      AND (a.ordinal > ? OR (a.ordinal = ? AND a.attempt_no > ?))))
    ORDER BY a.shard_no, a.order_id, a.ordinal, a.attempt_no LIMIT ${PAGE_ROWS}`;
  let last: Pick<ChargeRow, 'order_id' | 'ordinal' | 'attempt_no'> | undefined;
  for (;;) {
    const {
      order_id: id,
      ordinal,
      attempt_no,
    } = last ?? { order_id: 0, ordinal: 0, attempt_no: 0 };
    const after = [id, id, ordinal, ordinal, attempt_no];
    const rows = await book.rows<ChargeRow>(sql, [shard, provider, ...after]);
    for (const row of rows) yield toCharge(row);
    if (rows.length < PAGE_ROWS) return;
    last = rows.at(-1);
  }
}

export async function* refundsOf(
  book: Book,
  shard: number,
  provider: string,
): AsyncGenerator<OurRefund> {
  const sql = `
    SELECT refund_id, order_id, ordinal, state, provider_number, currency, amount_minor
    FROM ${book.database('payment')}.refund
    WHERE shard_no = ? AND provider = ? AND refund_id > ?
    ORDER BY shard_no, refund_id LIMIT ${PAGE_ROWS}`;
  let last = '';
  for (;;) {
    const rows = await book.rows<RefundRow>(sql, [shard, provider, last]);
    for (const row of rows) yield toRefund(row);
    if (rows.length < PAGE_ROWS) return;
    last = rows.at(-1)?.refund_id ?? '';
  }
}

function toCharge(row: ChargeRow): OurCharge {
  const payment = paymentIdOf(row);
  return {
    payment,
    key: `${payment}-${row.attempt_no}`,
    state: CHARGE_STATES[row.state] ?? 'OPEN',
    number: row.provider_number ?? '',
    currency: row.currency,
    amountMinor: BigInt(row.amount_minor),
  };
}

function toRefund(row: RefundRow): OurRefund {
  return {
    payment: paymentIdOf(row),
    key: row.refund_id,
    state: REFUND_STATES[row.state] ?? 'PENDING',
    number: row.provider_number ?? '',
    currency: row.currency,
    amountMinor: BigInt(row.amount_minor),
  };
}

function paymentIdOf({ order_id, ordinal }: { order_id: string; ordinal: number }): string {
  return ordinal === 1 ? `p-${order_id}` : `p-${order_id}-balance`;
}
