// The audit's pure checks: what is in order says nothing, and each thing that can be wrong is
// named.
import { describe, expect, test } from '@jest/globals';
import { checkDrift } from './drift-check.js';
import { checkMoney, checkProvider, type MoneySum, type MoneySums } from './money-check.js';
import { checkOversell } from './oversell-check.js';
import { checkPayment, type PaidRow } from './payment-check.js';
import { checkRefunds, type RefundedRow } from './refund-check.js';
import { checkStock, type StockRow } from './stock-check.js';

const stock: StockRow = {
  shard: 7,
  skuId: 'sku-1',
  epoch: 2,
  version: 5,
  available: 3,
  reserved: 2,
  sold: 5,
  total: 10,
  held: 2,
  confirmed: 5,
  restocked: 10,
  entries: 5,
  lastAfter: 3,
  broken: 0,
  damaged: 0,
  misreturned: 0,
  miscounted: 0,
};

describe('stock', () => {
  test.each<[string, Partial<StockRow>, string[]]>([
    ['in order', {}, []],
    ['never moved', { version: 0, entries: 0, lastAfter: undefined }, []],
    ['a unit vanished', { available: 2, lastAfter: 2 }, ['STOCK total 10']],
    ['negative', { available: -1, total: 6, restocked: 6, lastAfter: -1 }, ['STOCK available is']],
    ['reserved by nobody', { held: 1 }, ['STOCK 2 reserved']],
    ['sold to nobody', { confirmed: 4 }, ['STOCK 5 sold']],
    ['not from a restock', { restocked: 9 }, ['STOCK total 10']],
    ['a limit counted wrongly', { miscounted: 2 }, ['STOCK 2 buyers']],
    ['a return that moved nothing', { misreturned: 1 }, ['STOCK 1 reservations']],
    ['ledger too short', { entries: 4 }, ['LEDGER version 5']],
    ['ledger ends elsewhere', { lastAfter: 4 }, ['LEDGER the ledger ends at 4']],
    ['ledger lost its end', { lastAfter: undefined }, ['LEDGER the ledger ends at nothing']],
    ['ledger broken inside', { broken: 1 }, ['LEDGER 1 ledger entries']],
    ['ledger that cannot be read', { damaged: 1 }, ['LEDGER 1 chunks']],
  ])('%s', (_what, change, expected) => {
    const found = checkStock({ ...stock, ...change }).map((p) => `${p.kind} ${p.detail}`);
    expect(found).toHaveLength(expected.length);
    for (const [i, start] of expected.entries()) expect(found[i]).toContain(start);
  });
});

describe('drift', () => {
  test.each<[string, Parameters<typeof checkDrift>[1], number[]]>([
    ['not loaded', undefined, []],
    ['equal', { available: 3, epoch: 2 }, []],
    ['another epoch', { available: 9, epoch: 1 }, []],
    ['Redis has more', { available: 5, epoch: 2 }, [2]],
    ['Redis has less', { available: 0, epoch: 2 }, [3]],
  ])('%s', (_what, gate, units) => {
    expect(checkDrift(stock, gate).map((p) => p.units)).toEqual(units);
  });
});

test('oversold is what orders promise beyond all units', () => {
  const promised = new Map([
    ['sku-1', 10],
    ['sku-2', 12],
    ['sku-3', 1],
  ]);
  const totals = new Map([
    ['sku-1', 10],
    ['sku-2', 10],
  ]);
  const found = checkOversell(promised, totals).map((p) => `${p.subject} ${p.units}`);
  expect(found).toEqual(['sku-2 2', 'sku-3 1']);
});

describe('payment', () => {
  const paid: PaidRow = {
    order_id: '77',
    part: 'payment',
    forfeits: 0,
    state: 2,
    currency: 'EUR',
    payable_minor: '500',
    payment_currency: 'EUR',
    amount_minor: '500',
    captured_minor: '500',
    refunded_minor: 0,
  };
  test.each<[string, Partial<PaidRow>, string[]]>([
    ['paid', {}, []],
    ['paid, part of it refunded', { refunded_minor: 100 }, []],
    ['unpaid', { state: 1, captured_minor: 0 }, []],
    ['cancelled unpaid', { state: 6, captured_minor: 0 }, []],
    ['cancelled and refunded', { state: 6, refunded_minor: '500' }, []],
    ['cancelled before its payment', { state: 6, amount_minor: 0, captured_minor: 0 }, []],
    ['no payment', { amount_minor: null }, ['has no payment']],
    ['another amount', { amount_minor: '501', captured_minor: '500' }, ['asks for EUR 501']],
    ['another currency', { payment_currency: 'USD' }, ['asks for USD 500']],
    ['captured, order not told', { state: 1 }, ['unpaid, but 500']],
    ['paid without money', { captured_minor: 0 }, ['0 of 500 are captured']],
    ['shipped without money', { state: 3, captured_minor: 0 }, ['0 of 500 are captured']],
    ['cancelled, money kept', { state: 6 }, ['500 captured and 0 refunded']],
    ['cancelled, deposit kept by its terms', { state: 6, forfeits: 1 }, []],
    ['deposit paid', { state: 7 }, []],
    ['deposit paid without money', { state: 7, captured_minor: 0 }, ['0 of 500 are captured']],
    ['balance open', { part: 'balance', state: 7, captured_minor: 0 }, []],
    ['balance paid, order not told', { part: 'balance', state: 7 }, ['unpaid, but 500']],
    ['no balance yet', { part: 'balance', state: 1, amount_minor: null }, []],
    ['cancelled before a balance', { part: 'balance', state: 6, amount_minor: null }, []],
    ['no balance', { part: 'balance', state: 7, amount_minor: null }, ['has no balance']],
  ])('%s', (_what, change, expected) => {
    const found = checkPayment({ ...paid, ...change }).map((p) => p.detail);
    expect(found).toHaveLength(expected.length);
    for (const [i, part] of expected.entries()) expect(found[i]).toContain(part);
  });
});

describe('refunds of lines', () => {
  const row: RefundedRow = {
    order_id: '7',
    lines_minor: '100',
    refunded_minor: '100',
    payable_minor: '300',
    paid_back_minor: '100',
    captured_minor: '300',
    returned_minor: '150',
  };
  test.each<[string, Partial<RefundedRow>, string[]]>([
    ['paid back', {}, []],
    ['on their way', { paid_back_minor: '0' }, ['100 refunded for lines, but 0 paid back']],
    ['nothing is left to pay back', { paid_back_minor: '60', returned_minor: '300' }, []],
    ['paid back twice', { paid_back_minor: '200' }, ['but 200 paid back']],
    ['more than the order cost', { payable_minor: '90' }, ['100 refunded of 90']],
    ['other lines', { lines_minor: '90' }, ['100 refunded, but its lines say 90']],
  ])('%s', (_what, change, expected) => {
    const found = checkRefunds({ ...row, ...change }).map((p) => p.detail);
    expect(found).toHaveLength(expected.length);
    for (const [i, part] of expected.entries()) expect(found[i]).toContain(part);
  });
});

describe('money', () => {
  const sum: MoneySum = {
    captured: 1_000n,
    refunded: 300n,
    refundedDone: 200n,
    surplus: 0n,
    payable: 750n,
    allowance: 50n,
    forfeited: 0n,
  };
  const sums = (change: Partial<MoneySum>): MoneySums => new Map([['EUR', { ...sum, ...change }]]);

  test.each<[string, Partial<MoneySum>, number]>([
    ['conserved', {}, 0],
    ['a cent too little', { captured: 999n }, 1],
    ['a cent too much', { refunded: 299n }, 1],
    ['an order that nobody paid', { payable: 800n }, 1],
    ['a deposit that is kept', { captured: 1_020n, forfeited: 20n }, 0],
    ['a deposit that is kept twice', { captured: 1_040n, forfeited: 20n }, 1],
  ])('%s', (_what, change, problems) => {
    expect(checkMoney(sums(change))).toHaveLength(problems);
  });

  test.each<[string, Partial<MoneySum>, bigint, bigint, number]>([
    ['the provider agrees', {}, 1_000n, 200n, 0],
    ['a charge that we do not know', {}, 1_100n, 200n, 1],
    ['a second charge, to be paid back', { surplus: 100n }, 1_100n, 200n, 0],
    ['a refund that never arrived', {}, 1_000n, 100n, 1],
  ])('%s', (_what, change, captured, refunded, problems) => {
    const provider = new Map([['EUR', { captured, refunded }]]);
    expect(checkProvider(sums(change), provider)).toHaveLength(problems);
  });
});
