// One complete look at the books of every server: reads, checks, counts. It decides nothing about
// time; what a moving mesh makes look wrong for a moment is sorted out by looking again
// (settle.ts).
import { type Book, countsHere, UnreachableError, withBooks } from './books.js';
import { checkDrift, readGate } from './drift-check.js';
import { readHoldings } from './holdings-read.js';
import { checkMoney, checkProvider, type MoneySums, readMoney } from './money-check.js';
import { readOutbox } from './outbox-check.js';
import { checkOversell, readPromised } from './oversell-check.js';
import { findOrderProblems, findPaymentProblems } from './payment-check.js';
import { type Problem, problem } from './problem.js';
import { readProviderTotals } from './provider-totals.js';
import { findRefundProblems } from './refund-check.js';
import { checkStock, readStock, type StockRow } from './stock-check.js';

export interface AuditTargets {
  readonly mysqlUrls: readonly string[];
  /** `spillway_` for databases spillway_order, spillway_inventory and spillway_payment. */
  readonly databasePrefix: string;
  readonly redisUrl: string;
  /** The sandbox provider, whose ledger is a second opinion on money. */
  readonly providerUrl?: string | undefined;
}

export interface Counts {
  skus: number;
  units: { total: number; available: number; reserved: number; sold: number };
  ledgerEntries: number;
  /** Orders by state, by the names of the proto: PENDING_PAYMENT, PAID, ... */
  orders: Record<string, number>;
  orderLines: number;
  reservationLines: number;
  inFlightUnits: number;
  payments: number;
  outboxWaiting: number;
  money: MoneySums;
  /** Whether the provider's ledger was compared too. */
  providerAsked: boolean;
  /** Shards whose orders were moved away from their payments: these are compared by sums alone. */
  shardsApart?: number;
}

export interface AuditLook {
  readonly problems: readonly Problem[];
  readonly counts: Counts;
}

/** Throws UnreachableError when a MySQL server does not answer: without it there is no audit. */
export function lookOnce(targets: AuditTargets): Promise<AuditLook> {
  return withBooks(targets, async (books) => {
    const stocks = (await Promise.all(books.map(readStock))).flat();
    const gate = await gateProblems(targets.redisUrl, stocks);
    const nowMs = await databaseNowMs(books);
    const [holdings, promised, money, outboxes, provider, orders, payments, ...problems] =
      await Promise.all([
        readHoldings(books, nowMs),
        readPromised(books),
        readMoney(books),
        Promise.all(books.map(readOutbox)),
        targets.providerUrl === undefined ? undefined : readProviderTotals(targets.providerUrl),
        countOrders(books),
        countPayments(books),
        ...books.map(findPaymentProblems),
        ...books.map(findOrderProblems),
        ...books.map(findRefundProblems),
      ]);
    const totals = new Map(stocks.map((stock) => [stock.skuId, stock.total]));
    return {
      problems: [
        ...checkOversell(promised, totals),
        ...holdings.problems,
        ...stocks.flatMap(checkStock),
        ...gate,
        ...problems.flat(),
        ...checkMoney(money),
        ...(provider === undefined ? [] : checkProvider(money, provider)),
        ...outboxes.flatMap((outbox) => outbox.problems),
      ],
      counts: {
        skus: stocks.length,
        units: sumUnits(stocks),
        ledgerEntries: stocks.reduce((sum, stock) => sum + stock.entries, 0),
        orders,
        orderLines: holdings.orderLines,
        reservationLines: holdings.heldLines,
        inFlightUnits: holdings.inFlightUnits,
        payments,
        outboxWaiting: outboxes.reduce((sum, outbox) => sum + outbox.waiting, 0),
        money,
        providerAsked: provider !== undefined,
        shardsApart: books[0]?.apart.length ?? 0,
      },
    };
  });
}

/** Redis may be gone without any promise broken, so its silence is one problem and not the end. */
async function gateProblems(redisUrl: string, stocks: readonly StockRow[]): Promise<Problem[]> {
  try {
    const gate = await readGate(redisUrl, stocks);
    return stocks.flatMap((stock) => checkDrift(stock, gate.get(stock)));
  } catch (e) {
    if (!(e instanceof UnreachableError)) throw e;
    return [problem('UNREACHABLE', e.server, e.message)];
  }
}

/** Hold times are written by the databases' clocks, so they are judged by the slowest of these. */
async function databaseNowMs(books: readonly Book[]): Promise<number> {
  const clocks = await Promise.all(
    books.map((book) =>
      book.rows<{ now_ms: string | number }>(
        'SELECT CAST(ROUND(UNIX_TIMESTAMP(NOW(3)) * 1000) AS SIGNED) AS now_ms',
      ),
    ),
  );
  return Math.min(...clocks.flat().map((row) => Number(row.now_ms)));
}

const STATE_NAMES = [
  'VOID',
  'PENDING_PAYMENT',
  'PAID',
  'SHIPPED',
  'DELIVERED',
  'COMPLETED',
  'CANCELLED',
  'DEPOSIT_PAID',
];

async function countOrders(books: readonly Book[]): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const book of books) {
    const rows = await book.rows<{ state: number; n: number | string }>(
      `SELECT o.state, COUNT(*) AS n FROM ${book.database('order')}.orders o
       WHERE ${countsHere(book, 'o')} GROUP BY o.state`,
    );
    for (const row of rows) {
      const name = STATE_NAMES[row.state] ?? `state ${row.state}`;
      counts[name] = (counts[name] ?? 0) + Number(row.n);
    }
  }
  return counts;
}

async function countPayments(books: readonly Book[]): Promise<number> {
  const parts = await Promise.all(
    books.map((book) =>
      book.rows<{ n: number | string }>(
        `SELECT COUNT(*) AS n FROM ${book.database('payment')}.payment`,
      ),
    ),
  );
  return parts.flat().reduce((sum, row) => sum + Number(row.n), 0);
}

function sumUnits(stocks: readonly StockRow[]): Counts['units'] {
  const units = { total: 0, available: 0, reserved: 0, sold: 0 };
  for (const stock of stocks) {
    units.total += stock.total;
    units.available += stock.available;
    units.reserved += stock.reserved;
    units.sold += stock.sold;
  }
  return units;
}
