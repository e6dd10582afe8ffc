// The statement as CSV: awkward keys, long books, and a book that grows while it is read.

import { expect, test } from '@jest/globals';
import { Ledger } from './ledger.js';
import { statementCsv, statementLines } from './statement.js';

const at_ms = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
const movement = { at_ms, number: 'ch_1', kind: 'charge', reference: 'p-7' } as const;
const money = { currency: 'EUR', amount_minor: 500 };

test('a key with commas and quotes stays one field', () => {
  const csv = [...statementCsv([{ ...movement, key: 'a,"b"', ...money }])].join('');
  expect(csv.split('\r\n')[1]).toBe('2026-01-02T03:04:05.678Z,ch_1,charge,p-7,"a,""b""",EUR,500');
});

test('an empty book has a head', () => {
  expect([...statementCsv([])].join('')).toMatch(/^date,[a-z_,]+\r\n$/);
  expect([...statementLines([])]).toEqual([]);
});

test('a long book comes in pieces, whole', () => {
  const movements = Array.from({ length: 1_234 }, (_, i) => ({
    ...movement,
    key: `${i}`,
    ...money,
  }));
  const pieces = [...statementCsv(movements)];
  expect(pieces.length).toBe(3);
  const rows = pieces.join('').trimEnd().split('\r\n').slice(1);
  expect(rows.map((row) => row.split(',')[4])).toEqual(movements.map(({ key }) => key));
});

test('what moves while it is read is left out, refunds with their charges', () => {
  let numbers = 0;
  const ledger = new Ledger({
    write: () => undefined,
    newNumber: (prefix) => `${prefix}_${++numbers}`,
    nowMs: () => ++numbers,
    payUrl: () => '',
  });
  const charged = (key: string) => {
    const request = { key, reference: 'p-7', method: 'card', amount: money, callback_url: '' };
    const answer = ledger.charge(request);
    return answer.outcome === 'KEY_REUSED' ? '' : answer.charge.number;
  };
  const [late, early] = [charged('late'), charged('early')];
  ledger.settle(early);
  const reading = ledger.movements();
  const first = reading.next().value;
  ledger.settle(late);
  ledger.refund({ key: 'r', charge: late, amount: money });
  expect(first).toMatchObject({ key: 'early' });
  expect(reading.next().done).toBe(true);
  // In the order in which the money moved, not in which it was ordered.
  expect([...ledger.movements()].map(({ key }) => key)).toEqual(['early', 'late', 'r']);
});
