import { expect, test } from '@jest/globals';
import type { AuditReport } from '../audit/run-audit.js';
import { Journal } from './journal.js';
import type { BookedOrder, OrderBooks } from './order-books.js';
import { type Evidence, judge } from './verdict.js';

const [PENDING, PAID, CANCELLED] = [1, 2, 6];

const JOURNAL = `shelf t-s0 2
call 1000 grpc create ACCEPTED 1 t-r1 901
call 1001 grpc create DUPLICATE 1 t-r1 901
call 1002 grpc create ACCEPTED 1 t-r2 902
call 1003 grpc create ACCEPTED 1 t-r3 903
call 1004 grpc create FAILED:code=Unavailable 1 t-r4 -
call 1005 grpc create REFUSED:SOLD_OUT 1 t-r5 -
call 1006 grpc await_paid PAID 1 - 902
call 1007 grpc cancel CANCELLED 1 - 903
`;
const ORDERS: readonly BookedOrder[] = [
  { orderId: '901', requestId: 't-r1', state: PENDING },
  { orderId: '902', requestId: 't-r2', state: PAID },
  { orderId: '903', requestId: 't-r3', state: CANCELLED },
];
const PROMISED = new Map([['t-s0', 2]]);
const SOUND = { ok: true, oversold: 0, problems: [] as AuditReport['problems'] } as AuditReport;

function broken(change: {
  journal?: string;
  books?: Partial<OrderBooks>;
  audit?: Partial<AuditReport>;
  sellsOut?: string;
}): string[] {
  const journal = new Journal();
  journal.take(JOURNAL + (change.journal ?? ''));
  const evidence: Evidence = {
    journal,
    books: { orders: ORDERS, promised: PROMISED, ...change.books },
    audit: { ...SOUND, ...change.audit },
    sellsOut: change.sellsOut ?? 't-s0',
  };
  return judge(evidence).questions.flatMap(({ name, ok }) => (ok ? [] : [name]));
}

const more = (order: BookedOrder) => ({ books: { orders: [...ORDERS, order] } });

test('a run without a fault breaks nothing', () => {
  expect(broken({})).toEqual([]);
});

test('a caller without an answer may have an order', () => {
  expect(broken(more({ orderId: '904', requestId: 't-r4', state: PENDING }))).toEqual([]);
});

test.each([
  ['a lost order', { books: { orders: ORDERS.slice(1) } }, 'every accepted order is in the books'],
  [
    'an order that answers to another id',
    { books: { orders: [{ ...ORDERS[0], orderId: '999' }, ...ORDERS.slice(1)] as BookedOrder[] } },
    'every accepted order is in the books',
  ],
  [
    'two orders of one request',
    more({ orderId: '905', requestId: 't-r1', state: PENDING }),
    'each request has one order, once',
  ],
  [
    'two copies that both are called new',
    { journal: 'call 1008 grpc create ACCEPTED 1 t-r1 901\n' },
    'each request has one order, once',
  ],
  [
    'an order of somebody who was refused',
    more({ orderId: '906', requestId: 't-r5', state: PENDING }),
    'nobody has an order that nobody was told of',
  ],
  [
    'an order that is paid no more',
    {
      books: { orders: [ORDERS[0], { ...ORDERS[1], state: PENDING }, ORDERS[2]] as BookedOrder[] },
    },
    'what was paid or cancelled is so in the books',
  ],
  [
    'an order that lives although it was cancelled',
    { books: { orders: [...ORDERS.slice(0, 2), { ...ORDERS[2], state: PAID }] as BookedOrder[] } },
    'what was paid or cancelled is so in the books',
  ],
  [
    'a unit too many, whatever the stock rows say',
    { books: { promised: new Map([['t-s0', 3]]) }, sellsOut: 't-s9' },
    'no unit is sold twice',
  ],
  ['a unit too many, says the audit', { audit: { oversold: 1 } }, 'no unit is sold twice'],
  [
    'a unit that nobody got',
    { books: { promised: new Map([['t-s0', 1]]) } },
    'the scarce SKU is sold to the last unit',
  ],
  [
    'a problem that only the audit sees',
    { audit: { ok: false, problems: [{ kind: 'LEAKED', subject: 's', detail: 'd', advice: '' }] } },
    'the audit of Redis and every MySQL server finds nothing',
  ],
] as [string, Parameters<typeof broken>[0], string][])('%s is found', (_, change, question) => {
  expect(broken(change)).toContain(question);
});
