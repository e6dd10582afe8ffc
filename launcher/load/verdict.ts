// The verdict: what callers were told against what the books say, whatever k6 believes of the run.
// Every order that was promised exists exactly once, none exists that nobody was told of, and no
// unit went twice. Pure.
import type { AuditReport } from '../audit/run-audit.js';
import type { Journal } from './journal.js';
import type { Promised } from './k6-summary.js';
import type { OrderBooks } from './order-books.js';

export interface Evidence {
  readonly journal: Pick<Journal, 'told' | 'open' | 'paid' | 'cancelled' | 'shelf'>;
  readonly books: OrderBooks;
  readonly audit: AuditReport;
  /** The SKU that must be sold to the last unit; undefined when none must. */
  readonly sellsOut: string | undefined;
}

export interface Verdict {
  readonly questions: readonly Promised[];
  /** Units beyond all that exist: the greater of what the audit and this run's own books say. */
  readonly oversold: number;
}

/** As in the table of the order's states. */
const CANCELLED = 6;
/** Ids that are named in a sentence; the journal has the rest. */
const NAMED_MAX = 3;

export function judge(evidence: Evidence): Verdict {
  const { journal, books, audit } = evidence;
  const oversold = Math.max(audit.oversold, oversoldUnits(evidence));
  return {
    oversold,
    questions: [
      question('no unit is sold twice', oversold === 0, `oversold ${oversold}`),
      acceptedExist(evidence),
      onceEach(evidence),
      noneUntold(evidence),
      statesHold(evidence),
      ...soldOut(evidence),
      question(
        'the audit of Redis and every MySQL server finds nothing',
        audit.ok,
        audit.ok
          ? `${books.orders.length} orders, ${journal.shelf.size} SKUs`
          : audit.problems
              .slice(0, NAMED_MAX)
              .map((found) => `${found.kind} ${found.subject}: ${found.detail}`)
              .join('; '),
      ),
    ],
  };
}

function acceptedExist({ journal, books }: Evidence): Promised {
  const exist = new Set(books.orders.map(({ orderId }) => orderId));
  const told = [...journal.told.values()].flatMap(({ orderIds }) => [...orderIds]);
  const lost = told.filter((orderId) => !exist.has(orderId));
  return question(
    'every accepted order is in the books',
    lost.length === 0,
    lost.length === 0 ? `${told.length} of them` : `${lost.length} lost: ${named(lost)}`,
  );
}

function onceEach({ journal, books }: Evidence): Promised {
  const booked = new Map<string, number>();
  for (const { requestId } of books.orders) {
    booked.set(requestId, (booked.get(requestId) ?? 0) + 1);
  }
  const twice = new Set([...booked].flatMap(([requestId, n]) => (n > 1 ? [requestId] : [])));
  for (const [requestId, { orderIds, accepted }] of journal.told) {
    if (orderIds.size > 1 || accepted > 1) twice.add(requestId);
  }
  return question(
    'each request has one order, once',
    twice.size === 0,
    twice.size === 0 ? `${booked.size} requests` : `${twice.size} have more: ${named([...twice])}`,
  );
}

/** A caller without an answer may have an order; nobody else may have one and not know it. */
function noneUntold({ journal, books }: Evidence): Promised {
  const untold = books.orders.filter(
    ({ requestId }) => !journal.told.has(requestId) && !journal.open.has(requestId),
  );
  return question(
    'nobody has an order that nobody was told of',
    untold.length === 0,
    untold.length === 0
      ? `${journal.open.size} requests without an answer`
      : `${untold.length}: ${named(untold.map(({ orderId }) => orderId))}`,
  );
}

function statesHold({ journal, books }: Evidence): Promised {
  const states = new Map(books.orders.map(({ orderId, state }) => [orderId, state]));
  const wrong = [
    ...[...journal.cancelled].filter((orderId) => states.get(orderId) !== CANCELLED),
    ...[...journal.paid].filter((orderId) => {
      const state = states.get(orderId) ?? 0;
      return state < 2 || (state === CANCELLED && !journal.cancelled.has(orderId));
    }),
  ];
  const seen = `${journal.paid.size} paid, ${journal.cancelled.size} cancelled`;
  return question(
    'what was paid or cancelled is so in the books',
    wrong.length === 0,
    wrong.length === 0 ? seen : `${wrong.length} are not: ${named(wrong)}`,
  );
}

function soldOut({ journal, books, sellsOut }: Evidence): Promised[] {
  if (sellsOut === undefined) return [];
  const units = journal.shelf.get(sellsOut) ?? 0;
  const promised = books.promised.get(sellsOut) ?? 0;
  const detail = `${promised} of ${units} units`;
  return [question('the scarce SKU is sold to the last unit', promised === units, detail)];
}

/**
 * Looks neither at the stock rows nor at the reservations: orders against what was put on the
 * shelf.
 */
function oversoldUnits({ journal, books }: Evidence): number {
  let beyond = 0;
  for (const [skuId, units] of books.promised) {
    beyond += Math.max(0, units - (journal.shelf.get(skuId) ?? 0));
  }
  return beyond;
}

function question(name: string, ok: boolean, detail: string): Promised {
  return { name, ok, detail };
}

function named(ids: readonly string[]): string {
  const more = ids.length > NAMED_MAX ? ', ...' : '';
  return `${ids.slice(0, NAMED_MAX).join(', ')}${more}`;
}
